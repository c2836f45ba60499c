"""The database and the uploads: made, backed up, restored."""

from pathlib import Path
from typing import Any

from invoke import Exit

from . import transport
from .config import PRODUCTION
from .host import Host
from .steps import step


def create(host: Host) -> None:
    """Make the secrets, the role and the database; what is there already is kept."""
    config = host.config
    with step(host, "Secrets"):
        host.call("keys", db_pass=config.db_pass)
    with step(host, "Database"):
        host.call("role", locale=config.locale)


def backup(host: Host, label: str, only_database: bool = False) -> str:
    """Dump the database and the uploads; return the name of the backup."""
    with step(host, "Backup"):
        return host.call("backup", label=label, only_database=only_database)["name"]


def backups(host: Host) -> list[dict[str, str]]:
    """Return the backups, the oldest first: a list of dicts with "name" and "release"."""
    return host.call("backups")["backups"]


def get(host: Host, name: str) -> Path:
    """Bring a backup home, into a folder of backups/ for its environment; return its Path."""
    target = home(host) / f"{name}.tar"
    with step(host, f"Bringing {name} home"):
        transport.download(host, 'exec tar -C "$root/backups" -c "$backup"', target, backup=name)
    return target


def home(host: Host) -> Path:
    """Return the folder of backups/ for the environment of a host."""
    config = host.config
    production = config.environment == PRODUCTION
    folder = Path("backups", config.project_name if production else config.environment)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def check(host: Host, name: str) -> None:
    """Exit unless there is a backup of that name."""
    known = [backup["name"] for backup in backups(host)]
    if name not in known:
        listed = ", ".join(known[-5:]) or "none"
        raise Exit(f"There is no backup {name}; the newest are: {listed}", 2)


def load(host: Host, name: str, release: str = "") -> dict[str, Any]:
    """Load a backup beside the live database, for the live release or another one; return a dict.

    "age" says how old the backup is, "differences" is a list of lines, one a table.
    """
    with step(host, f"Reading {name}"):
        return host.call("load", backup=name, app=host.config.project_app, release=release)


def swap(host: Host, name: str) -> None:
    """Put what `load` has loaded in the place of what is live, which is kept under another name."""
    with step(host, f"Putting {name} in place"):
        host.call("swap")


def clear_cache(host: Host) -> None:
    """Forget what memcached holds of pages and sessions of another state of the database."""
    clear = "from django.core.cache import cache; cache.clear()"
    host.as_site(
        'cd "$root/current/project" && ../venv/bin/python manage.py shell -v0 -c "$code"',
        code=clear,
    )
