"""Whole backups: database, uploads, files of forms and secrets, as snapshots of restic.

A snapshot has the paths that they have below ROOT, and the dump of the database with its notes in
state/dump. ROOT/state/snapshots.json is what the checks go by: {"here": {"made": [NAME, TIME],
"proved": [NAME, TIME]}, "away": ...}, where "away" is the place of BACKUP_TO.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import backup, databases, moving_uploads
from .files import write
from .postgres import psql
from .releases import check_room
from .restic import Incomplete, Repository, Snapshot, away, here, label
from .site import Refused, Site

PARTS = """
    state/dump shared/media shared/private shared/secrets.json shared/settings.json
    certificates/private/account.key
""".split()
SPARE = 200 * 10**6  # bytes that the site is left with


def make(site: Site, label: str) -> dict[str, Any]:
    """Make a backup on the server; return its "name", and "added", the bytes that it has cost."""
    os.umask(0o077)
    repository = here(site)
    with backup.locked(site, "snapshots.lock"):
        name = backup.free_name(site, label)
        with dumped(site):
            moving_uploads.bring_here(site)  # later, so that no row in the dump lacks its file
            repository.prepare(None if repository.exists() else like(site))
            parts = [part for part in PARTS if (site.root / part).exists()]
            tags = [f"--tag=name={name}", f"--tag=release={site.live}"]
            words = ["backup", "--json", f"--host={site.name}", *tags, *parts]
            try:
                printed = repository.run(*words)
            except Incomplete:  # as where an upload was deleted while it was read
                printed = repository.run(*words)
        backup.append(site, name)
    note(site, "here", "made", name)
    return {"name": name, "added": json.loads(printed.splitlines()[-1])["data_added"]}


def like(site: Site) -> Repository | None:
    """Return the repository that a new one on this server is to be cut as, or None.

    That is what a lost server has left in BACKUP_TO: then the same uploads go there once.
    """
    place = away(site)
    try:
        return place if place and place.exists() else None
    except Refused:  # which the next night tells
        return None


@contextmanager
def dumped(site: Site) -> Iterator[None]:
    """Let state/dump have a dump, which is not compressed: so what has not changed is the same."""
    path = site.state / "dump"
    shutil.rmtree(path, ignore_errors=True)  # of one that was killed
    live = databases.of(site)
    size = psql(f"SELECT pg_database_size('{live.name}')", database=live.name, at=live)[0]
    check_room(site, int(size) + SPARE)
    path.mkdir(mode=0o700)
    try:
        backup.fill(site, path, compression=0)
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)


def send(site: Site, newest: str) -> dict[str, str]:
    """Bring what BACKUP_TO does not have there; return "to", its address, empty without one.

    `newest` is the backup that was just made.
    """
    repository, place = here(site), away(site)
    if not place:
        return {"to": ""}
    place.prepare(repository)
    place.run("copy", source=repository)
    note(site, "away", "made", newest)
    return {"to": place.address}


# Finding them


def show(site: Site, remote: bool) -> dict[str, list[dict[str, str]]]:
    """Return the backups, the oldest first: dicts with "name", "release", "place" and "has".

    Those of BACKUP_TO are only asked for with `remote`. In the order in which they were made, where
    the server knows that; those of another server, which is lost, by their names, first.
    """
    found = {each["name"]: each for each in backup.show(site)}
    for repository in places(site, remote):
        for each in repository.snapshots() if repository.exists() else ():
            told = {key: label(each, key) for key in ("name", "release")} | {"has": "all"}
            before = found.setdefault(told["name"], told).get("place")
            told = found[told["name"]]
            told["place"] = f"{before}, {repository.name}" if before else repository.name
    number = {name: index for index, name in enumerate(backup.order(site))}
    return {"backups": sorted(found.values(), key=lambda x: (number.get(x["name"], -1), x["name"]))}


def places(site: Site, remote: bool = True) -> list[Repository]:
    place = away(site) if remote else None
    return [here(site), *([place] if place else [])]


def find(site: Site, name: str) -> tuple[Repository, Snapshot]:
    """Return the repository that has a backup, and its snapshot; Refused where none has it."""
    for repository in places(site):
        if repository.exists():
            for each in reversed(repository.snapshots()):
                if label(each, "name") == name:
                    return repository, each
    raise Refused(f"there is no backup {name}")


def bring(site: Site, name: str, folder: Path) -> None:
    """Write all that a backup has into a folder; Refused where the disk has no room for it."""
    repository, snapshot = find(site, name)
    size = json.loads(repository.run("stats", "--json", snapshot["id"]))["total_size"]
    check_room(site, size + SPARE)
    repository.run("restore", snapshot["id"], "--target", folder)


# What the checks go by


def noted(site: Site) -> dict[str, dict[str, tuple[str, float]]]:
    path = site.state / "snapshots.json"
    return json.loads(path.read_text()) if path.exists() else {}


def note(site: Site, key: str, what: str, name: str) -> None:
    found = noted(site)
    found.setdefault(key, {})[what] = (name, time.time())
    write(site.state / "snapshots.json", json.dumps(found), mode=0o600)
