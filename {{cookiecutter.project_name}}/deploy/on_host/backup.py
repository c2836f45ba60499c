"""Backups: made, listed in the order of their making, and removed when there are newer ones.

That order is kept in ROOT/state/backups, a name a line, the oldest first. The names have a time in
them for people; the clock of a server may be wrong, or be set, so nothing else is made of it. What
is in ROOT/backups and not in that list was brought there by somebody, and is never removed.
"""

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from . import postgres
from .files import write
from .site import Refused, Site

PATIENCE = 3600  # seconds for another backup to end
NIGHTLY, OTHERS = 7, 10  # how many are kept
UPLOADS = ("media", "private")

Clocks = dict[str, Any]  # of clocks()


def make(site: Site, label: str, only_database: bool = False) -> dict[str, str]:
    """Dump the database and, unless only_database, the uploads and files of forms; return "name".

    The name is that of the directory in ROOT/backups, which bears it only when it is complete.
    """
    os.umask(0o077)
    lock = take(site)
    for left in backups(site).glob(".*.part"):  # of one that was killed
        shutil.rmtree(left)
    name = free_name(site, label)
    part = backups(site) / f".{name}.part"
    part.mkdir()
    try:
        fill(site, part, only_database)
        names = [*recorded(site), name]
        record(site, names)
        part.rename(backups(site) / name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    for old in superseded(names):
        shutil.rmtree(backups(site) / old)
    record(site, recorded(site))
    lock.close()
    return {"name": name}


def show(site: Site) -> dict[str, list[dict[str, str]]]:
    """Return the backups, the oldest first: a list of dicts with "name" and "release"."""
    names = recorded(site)
    names += sorted(complete(site) - set(names))
    return {"backups": [{"name": name, "release": note(site, name, "release")} for name in names]}


def take(site: Site) -> TextIO:
    """Return the lock of backups; Refused where another holds it for too long."""
    lock = (site.state / "backup.lock").open("a")
    for _ in range(PATIENCE):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            time.sleep(1)
    raise Refused("another backup has been at work here for an hour")


def free_name(site: Site, label: str) -> str:
    """Return the time and the label; where the clock was set back, of a time that is not taken."""
    moment = datetime.now(UTC)
    while (name := f"{moment:%Y%m%dT%H%M%SZ}-{label}") in os.listdir(backups(site)):
        moment += timedelta(seconds=1)
    return name


def fill(site: Site, part: Path, only_database: bool) -> None:
    """Write a whole backup into a directory."""
    with (part / "database").open("wb") as dump:
        words = ["pg_dump", "--format=custom", "--no-owner", "--lock-wait-timeout=60s", site.name]
        postgres.run(*words, stdout=dump)
    # Reading all of it finds a truncated dump, which listing it does not.
    run("pg_restore", "--file=/dev/null", part / "database")
    if not only_database:
        # Without "private", where the site was last deployed before there was one.
        for directory in (name for name in UPLOADS if (site.shared / name).is_dir()):
            run("tar", "-C", site.shared, "-czf", part / f"{directory}.tar.gz", directory)
    notes = {"project": site.name, "release": site.live, "postgresql": postgres.version()}
    notes["made"] = json.dumps(clocks())
    for key, value in notes.items():
        (part / key).write_text(f"{value}\n")
    sums = run("sha256sum", *sorted(path.name for path in part.iterdir()), cwd=part)
    (part / "SHA256SUMS").write_text(sums)
    os.sync()


def backups(site: Site) -> Path:
    return site.root / "backups"


def complete(site: Site) -> set[str]:
    """Return the names of the backups that are there."""
    found = backups(site).iterdir() if backups(site).is_dir() else ()
    return {path.name for path in found if path.is_dir() and not path.name.startswith(".")}


def recorded(site: Site) -> list[str]:
    """Return the names of those that we have made, the oldest first."""
    path, there = site.state / "backups", complete(site)
    if not path.exists():  # those of before there was a record, in the order of their names
        return sorted(there)
    return [name for name in path.read_text().splitlines() if name in there]


def record(site: Site, names: Iterable[str]) -> None:
    write(site.state / "backups", "".join(f"{name}\n" for name in names))


def superseded(names: Sequence[str]) -> list[str]:
    """Return which of the backups, the oldest first, are no longer kept.

    The newest of each label is, among them the one of a deploy that goes on.
    """
    label = {name: name.partition("-")[2] for name in names}
    newest = {label[name]: name for name in names}.values()
    nightly = [name for name in names if label[name] == "nightly"]
    others = [name for name in names if label[name] != "nightly"]
    return [name for name in [*nightly[:-NIGHTLY], *others[:-OTHERS]] if name not in newest]


def note(site: Site, name: str, key: str) -> str:
    """Return what a backup says of itself, empty where it is of before it did."""
    path = backups(site) / name / key
    return path.read_text().strip() if path.is_file() else ""


def clocks() -> Clocks:
    """Return the time of the server, and that since its start, which nobody can set; in seconds."""
    start = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return {"time": time.time(), "start": start, "since": time.clock_gettime(time.CLOCK_BOOTTIME)}


def age(made: Clocks | None, now: Clocks) -> str:
    """Return how long ago a backup was made, in words; both are of clocks(), the first may be None.

    Where the server has not been started since, setting its clock makes no difference.
    """
    if not made:
        return "of unknown age"
    same = made["start"] == now["start"]
    minutes = round((now["since"] - made["since"] if same else now["time"] - made["time"]) / 60)
    if minutes < 0:
        return "of unknown age, as the clock of the server was set back"
    return f"{minutes} minutes old"


def run(*words: object, **options: Any) -> str:
    """Run a command and return what it prints; Refused with why not."""
    command = [str(word) for word in words]
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode:
        raise Refused(f"{words[0]}: {result.stderr.strip()}")
    return result.stdout
