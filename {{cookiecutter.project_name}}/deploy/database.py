"""The database and the uploads: made, backed up, restored."""

import shutil
from pathlib import Path
from typing import Any

from invoke import Exit

from . import backup_keys, files, transport
from .host import CommandFailed, Host
from .hosts import Hosts
from .on_host.uploads import Upload, digest
from .steps import step


def create(host: Host) -> None:
    """Make the secrets, the role and the database; what is there already is kept."""
    make(host)
    backup_keys.make(host)


def make(host: Host) -> None:
    config = host.config
    with step(host, "Secrets"):
        host.call("keys", db_pass=config.db_pass)
    with step(host, "Database"):
        given: dict[str, Any] = {"locale": config.locale, "owner": config.environment}
        given |= {"database": config.database, "ca": files.database_ca(host)}
        host.call("role", **given)


# Backing up


def dump(host: Host, label: str) -> str:
    """Dump the database alone; return the name of the backup."""
    with step(host, "Backup of the database"):
        return host.call("dump", label=label)["name"]


def backup(host: Host, label: str) -> str:
    """Back up the database, the uploads and the secrets; return the name of the backup."""
    with step(host, "Backup"):
        return host.call("backup", label=label)["name"]


def send(host: Host, name: str) -> None:
    """Bring a backup, and what is missing there, to BACKUP_TO, where the live release has one."""
    if host.config.backup_to:
        with step(host, "Bringing it to BACKUP_TO"):
            sent = host.call("send_backups", newest=name)["to"]
        if not sent:
            print(host.config.typed("    BACKUP_TO is not live yet: type fab deploy"))


def get(host: Host, name: str) -> Path:
    """Bring a backup home as one file, into a folder of backups/; return its Path."""
    target = backup_keys.folder(host) / f"{name}.tar.gz"
    part = target.with_suffix(".part")
    with step(host, f"Bringing {name} home"):
        session = host.session("send_backup", backup=name)
        part.touch(mode=0o600)
        with part.open("wb") as file:
            shutil.copyfileobj(session.output, file)
        if status := session.channel.recv_exit_status():
            part.unlink()
            raise CommandFailed(status, session.channel.makefile_stderr("rb").read().decode())
        part.rename(target)
    return target


def backups(host: Host, remote: bool = False) -> list[dict[str, str]]:
    """Return the backups, the oldest first: a list of dicts, see `show` of on_host/snapshots.py."""
    return host.call("backups", remote=remote)["backups"]


def show(hosts: Hosts) -> None:
    """Print the backups of all hosts, and those of BACKUP_TO, a line each."""
    for host in hosts:
        with step(host, "Looking for backups"):
            found = backups(host, remote=host is hosts.lead)
        for each in found:
            place = f"{host.name}: {each['place']}" if host.beside else each["place"]
            print(f"{each['name']}  {each['has']}  {place}")


# Restoring


def choose(hosts: Hosts, name: str | None) -> dict[str, str]:
    """Return the backup of that name, or the newest that has all; Exit where there is none.

    BACKUP_TO is asked where no host has one such, since that place may be away. A dict with "name"
    and, for a file of this machine, "file", its SHA-256 when it has been sent. The host that has
    it leads then: each has those of the time when it led.
    """
    host = hosts.lead
    if name and Path(name).is_file():
        return bring_there(host, Path(name))
    places = ["the server", "BACKUP_TO"] if host.config.backup_to else ["the server"]
    asked = [(each, "the server") for each in hosts.abreast] + [(host, p) for p in places[1:]]
    good: list[tuple[str, str, Host]] = []
    listed: list[str] = []
    for each, place in asked:
        if place != "the server" and good:
            break
        with step(each, f"Looking for backups: {place}"):
            found = backups(each, remote=place != "the server")
        listed += [backup["name"] for backup in found]
        names = [backup["name"] for backup in found if is_meant(backup, name)]
        if names:
            good.append((names[-1], place, each))
    if good:
        newest, place, hosts.lead = max(good, key=lambda each: each[0])  # it begins with its time
        print(f"    {newest} comes from {place if len(hosts) == 1 else hosts.lead.name}")
        return {"name": newest}
    shown = ", ".join(sorted(set(listed))[-5:]) or "none"
    there = f"There is no backup {name or 'yet'}: not on {' and not in '.join(places)}"
    raise Exit(f"{there}; the newest are: {shown}", 2)


def is_meant(found: dict[str, str], name: str | None) -> bool:
    """Return whether a backup has the name or, without one, is of a whole site.

    What a restore has put aside is not what another one means to bring back.
    """
    if name:
        return found["name"] == name
    return found["has"] == "all" and not found["name"].endswith("-restore")


def bring_there(host: Host, path: Path) -> dict[str, str]:
    """Send a backup of this machine to the server; where the line is cut it goes on next time."""
    upload = Upload("backups", path.name, path.stat().st_size, digest(path))
    there = host.call("coming_backup")["staged"]
    transport.send(host, f"Sending {path.name}", [(path, upload)], there, "receive_backup", False)
    return {"name": path.name.removesuffix(".gz").removesuffix(".tar"), "file": upload.sha256}


def load(host: Host, name: str, release: str = "", **options: Any) -> dict[str, Any]:
    """Load a backup beside the live database, for the live release or another one; return a dict.

    The options, and what is returned, are those of `load` of on_host/restore.py.
    """
    options |= {"app": host.config.project_app, "release": release}
    with step(host, f"Reading {name}"):
        return host.call("load", backup=name, **options)


class NotSwapped(Exit):
    """The data is as it was."""


def swap(host: Host, name: str) -> None:
    """Put what `load` has loaded in the place of what is live, which is kept under another name.

    NotSwapped with the reason where that cannot be.
    """
    with step(host, f"Putting {name} in place"):
        done = host.call("swap")
        if refusal := done.get("refused"):
            raise NotSwapped(f"{host.name}: {refusal}\nThe data is as it was", 1)
    if came := done["secrets"]:
        print(f"    Of the server that is lost: {', '.join(came)}")


def clear_cache(host: Host) -> None:
    """Forget what is kept of pages and sessions of another state of the database.

    Other hosts of the site have no sessions there, and look at each page again.
    """
    clear = "from django.core.cache import cache; cache.clear(); "
    clear += "from page_cache import generation; generation.begin()"
    host.as_site(
        'cd "$root/current/project" && ../venv/bin/python manage.py shell -v0 -c "$code"',
        code=clear,
    )
