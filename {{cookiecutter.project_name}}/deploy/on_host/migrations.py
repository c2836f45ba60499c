"""What the migrations of a release would do, asked with the release's own Python."""

import json
import pkgutil
import subprocess

from .site import Refused

SCRIPT = "in_release/migrations.py"


def look(site, directory, app):
    """Return "pending" and "breaking" of the project in a directory: see in_release/migrations.py.

    Refused, in one line, where its Python or its settings fail.
    """
    run = subprocess.run(
        ["runuser", "-u", site.name, "--", "env", f"DJANGO_SETTINGS_MODULE={app}.settings"]
        + ["../venv/bin/python", "-"],
        input=pkgutil.get_data(__package__, SCRIPT).decode(),
        capture_output=True,
        text=True,
        cwd=directory,
    )
    if run.returncode:
        words = run.stderr.strip().splitlines() or [f"exit status {run.returncode}"]
        raise Refused(f"the migrations cannot be read: {words[-1]}")
    return json.loads(run.stdout.splitlines()[-1])
