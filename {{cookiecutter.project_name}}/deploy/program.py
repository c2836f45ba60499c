"""The program that runs on a server, as the one file that is sent there."""

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path

ON_HOST = Path(__file__).parent / "on_host"
MAIN = """
import sys

if sys.version_info < (3, 11):
    sys.exit("Python %d.%d is too old: the project needs Debian 12 or 13" % sys.version_info[:2])

from on_host.__main__ import main

main()
"""
DIRECTORY = "/var/lib/mezzanine"  # on_host/record.py has its records there too


@cache
def archive() -> bytes:
    """Return on_host/ as a zip that Python runs, in bytes; of the same files, always the same."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(zipfile.ZipInfo("__main__.py"), MAIN)
        kinds = ("*.py", "*.sh", "*.conf")
        for path in sorted(path for kind in kinds for path in ON_HOST.rglob(kind)):
            name = path.relative_to(ON_HOST.parent).as_posix()
            zipped.writestr(zipfile.ZipInfo(name), path.read_bytes())
    return buffer.getvalue()


@cache
def remote_path() -> str:
    """Return where it is on a server; the name tells the content."""
    return f"{DIRECTORY}/on_host-{hashlib.sha256(archive()).hexdigest()[:16]}.pyz"
