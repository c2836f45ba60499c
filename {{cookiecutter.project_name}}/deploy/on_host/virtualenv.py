"""The packages of a release: a virtualenv for each content of the locked requirements.

Whether it fits the Python that is there is asked before it is used, also by the table of checks.
"""

import hashlib
import os
import platform
import re
import subprocess
from pathlib import Path

from .files import link
from .releases import PACKAGES, check_room, remove, size
from .site import Refused, Site

UV, PYTHON = "/opt/uv/bin/uv", "/usr/bin/python3"
STDERR = 2
# Runs in a virtualenv, and says in one line what it lacks. It imports nothing: that takes its time.
PROBE = """
import os, sys
from importlib.util import find_spec
lost = [name for name in ("django", "gunicorn", "mezzanine", "psycopg") if not find_spec(name)]
if not os.access(os.path.join(os.path.dirname(sys.executable), "gunicorn"), os.X_OK):
    lost.append("bin/gunicorn")
if lost:
    sys.exit("its packages lack " + ", ".join(lost))
"""


def make(site: Site, release: str, requirements: str, room: int) -> dict[str, str]:
    """Give a release its virtualenv, which is made unless it is there; return "digest", its name.

    `requirements` is a path within the project; `room`, in bytes, is what else the release needs.
    """
    path = site.release(release) / "project" / requirements
    if not path.is_file():
        raise Refused(f"the commit has no {requirements}; see REQUIREMENTS_PATH in FABRIC")
    seen = f"Python {platform.python_version()}\n".encode() + path.read_bytes()
    digest = hashlib.sha256(seen).hexdigest()[:16]
    if not is_sound(site.root / "venvs" / digest):
        check_room(site, room + PACKAGES + size(site.current / "venv"))
        build(site.root / "venvs", digest, path)
    link(site.release(release) / "venv", f"../../venvs/{digest}")
    return {"digest": digest}


def is_sound(venv: Path) -> bool:
    """Return whether the Python of a virtualenv runs and finds what a site is made of."""
    python = venv / "bin/python"
    if not python.exists() or other_version(venv):
        return False
    return not subprocess.run([python, "-I", "-c", PROBE]).returncode


def build(venvs: Path, digest: str, requirements: Path) -> None:
    for pattern in (".new-*", ".old-*"):  # of one that was cut off
        for path in venvs.glob(pattern):
            remove(path)
    new = venvs / f".new-{digest}"
    install = ["--quiet", "--system-certs", "--no-deps", "--require-hashes", "--python"]
    run(venvs, UV, "venv", "--quiet", "--python", PYTHON, "--relocatable", new)
    run(venvs, UV, "pip", "install", *install, new, "--requirement", requirements)
    run(venvs, new / "bin/python", "-I", "-c", PROBE)
    old = venvs / f".old-{digest}"
    if (venvs / digest).is_dir():
        (venvs / digest).rename(old)
    new.rename(venvs / digest)
    remove(old)


def run(venvs: Path, *words: str | Path) -> None:
    """Run a command, whose words are shown as they come; Refused where it fails."""
    environment = os.environ | {"UV_CACHE_DIR": str(venvs / ".cache")}
    status = subprocess.run([*map(str, words)], env=environment, stdout=STDERR).returncode
    if status:
        raise Refused(f"{Path(words[0]).name} {words[1]}: exit status {status}")


def problem_of(site: Site, release: str) -> str:
    """Return why a release's virtualenv cannot run it here; empty where it can."""
    venv = site.release(release) / "venv"
    if problem := other_version(venv):
        return problem
    # What the site's user may write does not run as root.
    python = str(venv / "bin/python")
    command = ["runuser", "-u", site.name, "--", python, "-I", "-c", PROBE]
    run = subprocess.run(command, capture_output=True, text=True, cwd="/")
    return (run.stderr.strip().splitlines() or ["its Python fails"])[-1] if run.returncode else ""


def other_version(venv: Path) -> str:
    """Return in words that a virtualenv is for another Python than the one here, or nothing."""
    version = version_of(PYTHON)
    made_for = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", text_of(venv / "pyvenv.cfg"), re.M)
    if not version or not made_for or made_for[1] == version:
        return ""
    return f"its packages are for Python {made_for[1]}, and here is {version}"


def version_of(python: str) -> str:
    """Return the version of a Python, such as 3.13; empty where it does not run."""
    try:
        shown = subprocess.run([python, "--version"], capture_output=True, text=True)
    except OSError:
        return ""
    found = re.match(r"Python (\d+\.\d+)", shown.stdout + shown.stderr)
    return found[1] if found else ""


def text_of(path: Path) -> str:
    return Path(path).read_text("utf-8", "replace") if Path(path).is_file() else ""
