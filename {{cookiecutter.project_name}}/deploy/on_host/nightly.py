"""What happens to the backups each night, and once a week: see snapshots.py."""

import shutil
import time
from collections.abc import Callable
from functools import partial

from . import backup, databases, restore, snapshots
from .postgres import may_create, psql
from .restic import Repository, away, here, label
from .site import Refused, Site, do_all

WEEK = 6.5 * 86400  # seconds from a proof to the next


def run(site: Site) -> dict[str, str]:
    """Make a backup, bring it to BACKUP_TO, remove old ones, and prove the newest each week.

    Where one of these fails the others are done all the same; Refused with all that has failed.
    """
    release_locks(here(site))
    name = snapshots.make(site, "nightly")["name"]
    places = {"here": here(site), "away": away(site)}
    todo: list[Callable[[], object]] = [partial(snapshots.send, site, name)]
    for key, place in places.items():
        if place:
            todo.append(partial(forget, site, place, name))
            if is_due(site, key) and may_prove(site):
                todo.append(partial(prove, site, key, place))
    do_all(todo)
    return {"name": name}


def release_locks(place: Repository) -> None:
    """Remove the locks of processes that were killed; those of others stay."""
    if place.exists():
        place.run("unlock")


def forget(site: Site, place: Repository, name: str) -> None:
    release_locks(place)
    with backup.locked(site, "snapshots.lock"):
        place.forget(name)


def is_due(site: Site, key: str) -> bool:
    proved = snapshots.noted(site).get(key, {}).get("proved", ("", 0))[1]
    return not 0 <= time.time() - proved < WEEK


def may_prove(site: Site) -> bool:
    """Return whether a backup may be loaded beside the live database; of one elsewhere it may not.

    The check of the last proof says so.
    """
    live = databases.of(site)
    return not live.service or may_create(live)


def prove(site: Site, key: str, place: Repository) -> None:
    """Restore the newest backup of a place beside what is live, and read a part of the uploads.

    The database is restored whole. Of all that the place has, another 52nd is read each week.
    """
    snapshot = place.snapshots()[-1]
    live, folder = databases.of(site), site.root / "backups/.proving"
    scratch = restore.beside(site, live, "proving")
    shutil.rmtree(folder, ignore_errors=True)  # of one that was killed
    folder.mkdir(mode=0o700)
    name = label(snapshot, "name")
    try:
        place.run("restore", snapshot["id"], "--target", folder, "--include", "/state/dump")
        dump = folder / "state/dump"
        restore.check(site, dump, name)
        restore.load_database(dump / "database", live, scratch, name)
        if not restore.rows_of(live, scratch).get("django_site"):
            raise Refused(f"{place.name}: {name} has no site in it")
    finally:
        psql(f'DROP DATABASE IF EXISTS "{scratch}" WITH (FORCE)', at=live)
        shutil.rmtree(folder, ignore_errors=True)
    week = int(time.time() / (7 * 86400)) % 52 + 1
    place.run("check", f"--read-data-subset={week}/52")
    snapshots.note(site, key, "proved", name)
