"""What the code of a release is asked, with its own Python: the scripts of in_release/."""

import json
import pkgutil
import subprocess
from pathlib import Path
from typing import Any

from .site import Refused, Site


def migrations(site: Site, directory: Path | str, app: str) -> dict[str, Any]:
    """Return "pending" and "breaking" of the project there: see in_release/migrations.py."""
    return ask(site, "migrations", directory, app)


def migrate(site: Site, release: str, database: str, app: str) -> dict[str, Any]:
    """Return "refused" and "applied" of a database for a release: see in_release/migrate.py."""
    directory = site.release(release) / "project"
    return ask(site, "migrate", directory, app, json.dumps({"database": database}))


def finish(site: Site, app: str, password: str, hostname: str) -> dict[str, Any]:
    """Return "admin" and "mail" of the live release: see in_release/finish.py."""
    directory = site.current / "project"
    return ask(site, "finish", directory, app, f"{password}\n{hostname}\n")


def mail(site: Site, app: str) -> dict[str, Any]:
    """Return what is so of the mail of the live release: see in_release/mail.py."""
    return ask(site, "mail", site.current / "project", app)


def several(site: Site, app: str, *scripts: str) -> dict[str, Any]:
    """Return what each script says of the live release, by name: {"error": why} where it fails."""
    sources = json.dumps({script: source_of(script) for script in scripts})
    try:
        said = ask(site, "several", site.current / "project", app, sources)
    except Refused as refused:
        return dict.fromkeys(scripts, {"error": str(refused)})
    for script, answer in said.items():
        if "error" in answer:
            answer["error"] = refusal(script, answer["error"])
    return said


def source_of(script: str) -> str:
    return (pkgutil.get_data(__package__, f"in_release/{script}.py") or b"").decode()


def ask(
    site: Site, script: str, directory: Path | str, app: str, answers: str = ""
) -> dict[str, Any]:
    """Run a script of in_release/ as the site's user; return what it prints, read as JSON.

    Refused, in one line, where its Python or its settings fail.
    """
    run = subprocess.run(
        ["runuser", "-u", site.name, "--", "env", f"DJANGO_SETTINGS_MODULE={app}.settings"]
        + ["../venv/bin/python", "-c", source_of(script)],
        input=answers,
        capture_output=True,
        text=True,
        cwd=directory,
    )
    if run.returncode:
        words = run.stderr.strip().splitlines() or [f"exit status {run.returncode}"]
        raise Refused(refusal(script, words[-1]))
    return json.loads(run.stdout.splitlines()[-1])


def refusal(script: str, words: str) -> str:
    return f"the release cannot be asked ({script}): {words}"
