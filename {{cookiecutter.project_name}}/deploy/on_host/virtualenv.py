"""The virtualenv of a release, and whether it fits the Python that is there."""

import re
import subprocess
from pathlib import Path

PYTHON = "/usr/bin/python3"
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


def problem_of(site, release):
    """Return why a release's virtualenv cannot run it here; empty where it can."""
    venv = site.release(release) / "venv"
    version = version_of(PYTHON)
    made_for = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", text_of(venv / "pyvenv.cfg"), re.M)
    if version and made_for and made_for[1] != version:
        return f"its packages are for Python {made_for[1]}, and here is {version}"
    # What the site's user may write does not run as root.
    command = ["runuser", "-u", site.name, "--", venv / "bin/python", "-I", "-c", PROBE]
    run = subprocess.run(command, capture_output=True, text=True, cwd="/")
    return (run.stderr.strip().splitlines() or ["its Python fails"])[-1] if run.returncode else ""


def version_of(python):
    """Return the version of a Python, such as 3.13; empty where it does not run."""
    try:
        shown = subprocess.run([python, "--version"], capture_output=True, text=True)
    except OSError:
        return ""
    found = re.match(r"Python (\d+\.\d+)", shown.stdout + shown.stderr)
    return found[1] if found else ""


def text_of(path):
    return Path(path).read_text("utf-8", "replace") if Path(path).is_file() else ""
