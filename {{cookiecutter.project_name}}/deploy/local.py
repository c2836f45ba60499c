"""The project on this machine: its Python, its manage.py, its database and uploads."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from invoke import Exit

from .config import PROJECT_ROOT

PLACES = (".nox/serve", ".nox/manage", ".venv", "venv")
IMPORTS = "import django, mezzanine"


@cache
def python() -> str:
    """Return the Python that has the packages of the project; Exit where there is none."""
    activated = os.environ.get("VIRTUAL_ENV", "")
    folders = [Path(activated)] if activated else []
    folders += [PROJECT_ROOT / place for place in PLACES]
    candidates = [str(folder / "bin/python") for folder in folders] + [sys.executable]
    for candidate in candidates:
        if os.path.exists(candidate):
            run = [candidate, "-c", IMPORTS]
            if not subprocess.run(run, capture_output=True, cwd=PROJECT_ROOT).returncode:
                return candidate
    raise Exit("No Python here has the packages of the project; type nox -s serve once", 1)


def manage(*words: str) -> dict[str, Any]:
    """Run a command of manage.py here; return what it prints, read as JSON. Exit with why not."""
    run = subprocess.run(
        [python(), "manage.py", *words],
        capture_output=True,
        text=True,
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
    )
    if run.returncode:
        said = run.stderr.strip().splitlines() or [f"exit status {run.returncode}"]
        raise Exit(f"On this machine: {said[-1].removeprefix('CommandError: ')}", 1)
    return json.loads(run.stdout.splitlines()[-1])
