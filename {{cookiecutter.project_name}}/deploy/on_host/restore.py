"""A backup takes the place of the live database, uploads and files of forms, in two phases.

"load" reads the backup whole, beside what is live, and says what that database has more or less.
"swap" then lets the two change names. What was live stays, as NAME-before-restore and
media-before-restore, until the next one.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from . import rights
from .backup import age, clocks, note
from .naming import refusal_in
from .postgres import has_database, psql, run, version
from .record import require
from .site import Refused, Site

# What ROOT/shared keeps of staff and of visitors: its group and its mode.
DIRECTORIES: dict[str, tuple[str | None, int]] = {
    "media": ("www-data", 0o2750),
    "private": (None, 0o700),
}


def check(site: Site, backup: str) -> Path:
    """Return the directory of a backup; Refused with what is wrong, before anything is touched."""
    path = site.root / "backups" / backup
    if not (path / "SHA256SUMS").is_file():
        raise Refused(f"{backup} is not a complete backup")
    command = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    sums = subprocess.run(command, cwd=path, capture_output=True, text=True)
    if sums.returncode:
        raise Refused(f"{backup} is damaged: {sums.stdout.strip()}")
    if note(site, backup, "project") != site.name:
        raise Refused(f"{backup} is a backup of another project")
    made_by, here = note(site, backup, "postgresql"), version()
    if made_by and int(made_by) > here:
        raise Refused(newer(backup, made_by, here))
    size = (path / "database").stat().st_size
    if size == 0:
        raise Refused(f"{backup} is empty")
    live = int(psql(f"SELECT pg_database_size('{site.name}')")[0])
    free = shutil.disk_usage("/var/lib/postgresql").free
    if free < max(live, 4 * size):
        raise Refused(f"the disk is too full: {free >> 20} MB are free")
    return path


def newer(backup: str, made_by: str, here: int) -> str:
    return (
        f"{backup} is a backup of PostgreSQL {made_by}, and here is {here}: restore it on a server"
        f" whose PostgreSQL is no older"
    )


def load(site: Site, backup: str, app: str, release: str = "") -> dict[str, Any]:
    """Load a backup beside what is live; return its "age", in words, and "differences", lines.

    It is for the live release, or another one. Refused where that could not have its name there.
    """
    path, new = check(site, backup), f"{site.name}-restoring"  # a project's name has no hyphen
    require(site, "database", new)
    psql(f'DROP DATABASE IF EXISTS "{new}" WITH (FORCE)')
    psql(f'CREATE DATABASE "{new}" OWNER "{site.name}" TEMPLATE template0')
    with (path / "database").open("rb") as dump:
        restore = ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner"]
        try:
            run(*restore, f"--role={site.name}", f"--dbname={new}", stdin=dump)
        except Refused as refused:
            if "unsupported version" in str(refused):  # of before backups said which
                raise Refused(newer(backup, "newer", version())) from None
            raise
    hold_mail(new)
    psql("ANALYZE", database=new)
    if told := refusal_in(site, new, release or site.live, app):
        psql(f'DROP DATABASE "{new}" WITH (FORCE)')
        raise Refused(f"In {backup}, {told}: deploy with another LIVE_HOSTNAME before")
    for name in DIRECTORIES:
        unpack(site, path / f"{name}.tar.gz", name)
    made = json.loads(note(site, backup, "made") or "null")
    return {"age": age(made, clocks()), "differences": differences(new, site.name)}


def hold_mail(database: str) -> None:
    """Let no mail that waited when the backup was made be sent again: staff see it, and decide."""
    if psql("SELECT to_regclass('mail_queuedmail')", database=database) == ["mail_queuedmail"]:
        psql(
            "UPDATE mail_queuedmail SET state = 'doubtful', words = 'It waited when the backup was"
            " made that is live now' WHERE state IN ('waiting', 'sending')",
            database=database,
        )


def unpack(site: Site, archive: Path, name: str) -> None:
    """Unpack an archive, if it is in the backup, beside the directory that it is to replace."""
    new = site.shared / f"{name}-restoring"
    shutil.rmtree(new, ignore_errors=True)
    if archive.exists():
        group, mode = DIRECTORIES[name]
        new.mkdir(mode=0o700)  # root's, so that nobody puts a symbolic link in the way of tar
        subprocess.run(["tar", "-C", new, "--strip-components=1", "-xzf", archive], check=True)
        if group:
            rights.open_to(group, new)
        shutil.chown(new, site.name, group or site.name)
        new.chmod(mode)


def differences(before: str, now: str) -> list[str]:
    """Return a line for each table of which the second database has other rows than the first."""
    old, new = rows_of(before), rows_of(now)
    tables = [table for table in sorted({**old, **new}) if old.get(table) != new.get(table)]
    shown = "{}: {} rows in the backup, {} live"
    return [shown.format(table, old.get(table, "no"), new.get(table, "no")) for table in tables]


def rows_of(database: str) -> dict[str, int]:
    """Return the number of rows of each table."""
    tables = psql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=database)
    counts = " UNION ALL ".join(f"SELECT '{t}', count(*) FROM \"{t}\"" for t in tables)
    rows = psql(counts, database=database) if tables else []
    return {table: int(count) for table, count in (row.rsplit("|", 1) for row in rows)}


def swap(site: Site) -> dict[str, str]:
    """Let what was loaded and what is live change names."""
    name, new, old = site.name, f"{site.name}-restoring", f"{site.name}-before-restore"
    if not has_database(new):
        raise Refused("no backup is loaded")
    require(site, "database", old)
    psql(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
    try:
        psql(
            f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false',
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
            f'ALTER DATABASE "{name}" RENAME TO "{old}"',
            f'ALTER DATABASE "{new}" RENAME TO "{name}"',
        )
    finally:
        for database in filter(has_database, (name, old)):
            psql(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')
    for directory in DIRECTORIES:
        swap_directory(site.shared, directory)
    return {"kept": old}


def swap_directory(shared: Path, name: str) -> None:
    new, live, old = (
        shared / f"{name}{suffix}" for suffix in ("-restoring", "", "-before-restore")
    )
    if new.exists():
        shutil.rmtree(old, ignore_errors=True)
        if live.exists():
            live.rename(old)
        new.rename(live)
