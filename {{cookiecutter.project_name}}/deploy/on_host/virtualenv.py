"""The packages of a release: a virtualenv for each content of the locked requirements."""

import hashlib
import os
import platform
import subprocess
from pathlib import Path

from .files import link
from .releases import PACKAGES, check_room, remove, size
from .site import Refused

UV, PYTHON = "/opt/uv/bin/uv", "/usr/bin/python3"
STDERR = 2


def make(site, release, requirements, room):
    """Give a release its virtualenv, which is made unless it is there; return "digest", its name.

    `requirements` is a path within the project; `room`, in bytes, is what else the release needs.
    """
    path = site.release(release) / "project" / requirements
    if not path.is_file():
        raise Refused(f"the commit has no {requirements}; see REQUIREMENTS_PATH in FABRIC")
    seen = f"Python {platform.python_version()}\n".encode() + path.read_bytes()
    digest = hashlib.sha256(seen).hexdigest()[:16]
    if not (site.root / "venvs" / digest).is_dir():
        check_room(site, room + PACKAGES + size(site.current / "venv"))
        build(site.root / "venvs", digest, path)
    link(site.release(release) / "venv", f"../../venvs/{digest}")
    return {"digest": digest}


def build(venvs, digest, requirements):
    for path in venvs.glob(".new-*"):  # of one that was cut off
        remove(path)
    new = venvs / f".new-{digest}"
    install = ["--system-certs", "--no-deps", "--require-hashes", "--requirement", requirements]
    run(venvs, UV, "venv", "--quiet", "--python", PYTHON, "--relocatable", new)
    run(venvs, UV, "pip", "install", "--quiet", "--python", new, *install)
    run(venvs, new / "bin/python", "-c", "import django, gunicorn, mezzanine, psycopg")
    new.rename(venvs / digest)


def run(venvs, *words):
    """Run a command, whose words are shown as they come; Refused where it fails."""
    environment = os.environ | {"UV_CACHE_DIR": str(venvs / ".cache")}
    status = subprocess.run([*map(str, words)], env=environment, stdout=STDERR).returncode
    if status:
        raise Refused(f"{Path(words[0]).name} {words[1]}: exit status {status}")
