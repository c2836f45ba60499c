"""Dumps of the database alone, as they are made before a deploy or a rollback, in ROOT/backups.

Whole backups are made by snapshots.py. The order of the dumps is kept in ROOT/state/backups, a name
a line, the oldest first, with those of the snapshots. The names have a time in them for people; the
clock of a server may be wrong, or be set, so nothing else is made of it. What is in ROOT/backups
and not in that list was brought there by somebody, and is never removed. Before there were
snapshots, whole backups lay there, with archives of the uploads; they are restored as ever.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from . import databases, deployed, postgres
from .databases import OURS, Database
from .files import write
from .site import Refused, Site

PATIENCE = 3600  # seconds for another backup to end
KEPT = 10  # dumps
REMEMBERED = 1000  # names

Clocks = dict[str, Any]  # of clocks()


def make(site: Site, label: str) -> dict[str, str]:
    """Dump the database; return "name".

    The name is that of the directory in ROOT/backups, which bears it only when it is complete.
    """
    os.umask(0o077)
    with locked(site, "backup.lock"):
        for left in backups(site).glob(".*.part"):  # of one that was killed
            shutil.rmtree(left)
        name = free_name(site, label)
        part = backups(site) / f".{name}.part"
        part.mkdir()
        try:
            fill(site, part)
            append(site, name)
            part.rename(backups(site) / name)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        old = recorded(site)[:-KEPT]
        for each in old:
            shutil.rmtree(backups(site) / each)
        record(site, [each for each in order(site) if each not in old])
    return {"name": name}


def show(site: Site) -> list[dict[str, str]]:
    """Return the dumps, the oldest first: dicts with "name", "release", "place", "has"."""
    names = recorded(site)
    names += sorted(complete(site) - set(names))
    return [
        {
            "name": name,
            "release": note(backups(site) / name, "release"),
            "place": "The server",
            "has": "all" if (backups(site) / name / "media.tar.gz").exists() else "the database",
        }
        for name in names
    ]


@contextmanager
def locked(site: Site, name: str) -> Iterator[None]:
    """Hold a lock of ROOT/state; Refused where another holds it for too long."""
    with (site.state / name).open("a") as lock:
        for _ in range(PATIENCE):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(1)
        else:
            raise Refused("another backup has been at work here for an hour")
        yield


def free_name(site: Site, label: str) -> str:
    """Return the time and the label; where the clock was set back, of a time that is not taken."""
    moment = datetime.now(UTC)
    while (name := f"{moment:%Y%m%dT%H%M%SZ}-{label}") in os.listdir(backups(site)):
        moment += timedelta(seconds=1)
    return name


def fill(site: Site, part: Path, compression: int = 6) -> None:
    """Write a dump into a directory, with what restoring it has to know."""
    live = databases.of(site)
    with (part / "database").open("wb") as dump:
        words = ["pg_dump", "--format=custom", f"--compress={compression}", "--no-owner"]
        words += [
            *(f"--exclude-table={table}" for table in OURS),
            "--lock-wait-timeout=60s",
            live.name,
        ]
        try:
            postgres.run(*words, stdout=dump, at=live)
        except Refused as refused:
            raise Refused(f"{refused}{owning(str(refused), live)}") from None
    # Reading all of it finds a truncated dump, which listing it does not.
    with (part / "database").open("rb") as dump:
        postgres.run("pg_restore", "--file=/dev/null", stdin=dump, at=live)
    notes = {"project": site.name, "release": site.live, "postgresql": postgres.version(live)}
    notes |= {"made": json.dumps(clocks()), "compression": compression}
    notes["environment"] = deployed.kept(site, site.live).get("ENVIRONMENT", "")
    for key, value in notes.items():
        (part / key).write_text(f"{value}\n")
    sums = run("sha256sum", *sorted(path.name for path in part.iterdir()), cwd=part)
    (part / "SHA256SUMS").write_text(sums)
    os.sync()


def owning(words: str, live: Database) -> str:
    """Return what to type where a dump fails as something there is of another role, or nothing."""
    if found := re.search(r"permission denied for (table|sequence) (\S+)", words):
        sql = f'ALTER {found[1].upper()} {found[2]} OWNER TO "{live.user}"'
        return f"\nIt is not of the site's role: let the superuser of PostgreSQL type {sql}"
    return ""


def backups(site: Site) -> Path:
    return site.root / "backups"


def complete(site: Site) -> set[str]:
    """Return the names of the backups that are there."""
    found = backups(site).iterdir() if backups(site).is_dir() else ()
    return {path.name for path in found if path.is_dir() and not path.name.startswith(".")}


def order(site: Site) -> list[str]:
    """Return the names of all that we have made, the oldest first, snapshots and dumps."""
    path = site.state / "backups"
    if not path.exists():  # those of before there was a record, in the order of their names
        return sorted(complete(site))
    return path.read_text().splitlines()


def recorded(site: Site) -> list[str]:
    """Return the names of the dumps that we have made, the oldest first."""
    there = complete(site)
    return [name for name in order(site) if name in there]


def append(site: Site, name: str) -> None:
    record(site, [*order(site), name])


def record(site: Site, names: Sequence[str]) -> None:
    write(site.state / "backups", "".join(f"{name}\n" for name in names[-REMEMBERED:]))


def note(path: Path, key: str) -> str:
    """Return what the backup in a directory says of itself, empty where it is of before it did."""
    path = path / key
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
