"""A backup takes the place of the live database, uploads and files of forms, in two phases.

It is a snapshot, a dump, or a file from home. "load" reads it whole, beside what is live, applies
the migrations that it lacks, and says what that database has more or less. Then swap.py lets the
two change names. What was live stays, as NAME-before-restore and media-before-restore, until the
next one.

It may be of another environment of the project, see moved.py. Of a backup that is to be anonymous,
content and uploads come alone: accounts and what visitors have sent are those of the live site.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import (
    backups_at_home,
    databases,
    lost_server,
    moved,
    release_python,
    rights,
    snapshots,
)
from .backup import age, clocks, note
from .databases import OURS, Database
from .naming import refusal_in
from .postgres import let_in, may_create, psql, run, version
from .record import require
from .site import Refused, Site

# What ROOT/shared keeps of staff and of visitors: its group and its mode.
DIRECTORIES: dict[str, tuple[str | None, int]] = {
    "media": ("www-data", 0o2750),
    "private": (None, 0o700),
}

# By PostgreSQL itself, as the name of a table may have anything in it.
ROWS = f"""
SELECT tablename, (xpath('//number/text()', query_to_xml(
    format('SELECT count(*) AS number FROM %I.%I', schemaname, tablename), false, true, ''
)))[1] FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN {OURS}
"""

# pg_restore sets a parameter at first that a server elsewhere may be too old for.
KNOWS_THE_TIMEOUT = 17
TO_OLDER = (
    "set -o pipefail; pg_restore --no-owner --file=-"
    " | sed '0,/^SET transaction_timeout = 0;$/{//d}'"
    ' | psql -qX -v ON_ERROR_STOP=1 --single-transaction --output=/dev/null "$0"'
)


def check(site: Site, path: Path, backup: str, projects: Sequence[str] = ()) -> None:
    """Refused with what is wrong with a backup in a directory, before anything is touched.

    It may be of one of the `projects`, names, besides the site's own.
    """
    if not (path / "SHA256SUMS").is_file():
        raise Refused(f"{backup} is not a complete backup")
    command = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    sums = subprocess.run(command, cwd=path, capture_output=True, text=True)
    if sums.returncode:
        raise Refused(f"{backup} is damaged: {sums.stdout.strip()}")
    if (project := note(path, "project")) not in (site.name, *projects):
        raise Refused(
            f"{backup} is a backup of another project, {project}; if that is this one, give an"
            " environment in FABRIC_ENVIRONMENTS that PROJECT_NAME"
        )
    live = databases.of(site)
    made_by, here = note(path, "postgresql"), version(live)
    if made_by and int(made_by) > here:
        raise Refused(newer(backup, made_by, here))
    size = (path / "database").stat().st_size
    if size == 0:
        raise Refused(f"{backup} is empty")
    if live.service:  # how much room there is elsewhere nobody tells
        return
    used = int(psql(f"SELECT pg_database_size('{live.name}')")[0])
    free = shutil.disk_usage("/var/lib/postgresql").free
    unpacked = size * (2 if note(path, "compression") == "0" else 4)
    if free < max(used, unpacked):
        raise Refused(f"the disk is too full: {free >> 20} MB are free")


def newer(backup: str, made_by: str, here: int) -> str:
    return (
        f"{backup} is a backup of PostgreSQL {made_by}, and here is {here}: restore it on a server"
        f" whose PostgreSQL is no older"
    )


def load(
    site: Site,
    backup: str,
    app: str,
    release: str = "",
    file: str = "",
    projects: Sequence[str] = (),
    anonymous: bool = False,
) -> dict[str, Any]:
    """Load a backup beside what is live, for the live release or another one.

    `file` is the SHA-256 of one that has come from home, `projects` are those of all environments.
    Return its "age", in words, "migrations", the names of those that it lacked, "differences",
    lines, and "secrets", whether it brings those of a lost server. Refused where it is of newer
    code, or the release could not have its name there.
    """
    release = release or site.live
    live = databases.of(site)
    with suppress(Refused):
        let_in(live, live.name)  # a swap that was killed has kept all out
    new = beside(site, live, "restoring")
    unpacked = backups_at_home.unpacked(site)
    shutil.rmtree(unpacked, ignore_errors=True)
    path = find(site, backup, file, unpacked)
    check(site, path, backup, projects)
    load_database(path / "database", live, new, backup)
    migrated = release_python.migrate(site, release, new, app)
    if told := migrated["refused"] or misfit(site, path, new, release, app):
        psql(f'DROP DATABASE "{new}" WITH (FORCE)', at=live)
        raise Refused(f"In {backup}, {told}")
    hold_mail(live, new)
    if anonymous:
        keep_people(site, new, release, app, unpacked)
    for name in DIRECTORIES:
        shutil.rmtree(site.shared / f"{name}-restoring", ignore_errors=True)
        if name == "media" or not anonymous:
            put_beside(site, unpacked / "shared" / name, path / f"{name}.tar.gz", name)
    made = json.loads(note(path, "made") or "null")
    if anonymous:
        shutil.rmtree(unpacked)
    return {
        "age": age(made, clocks()),
        "migrations": migrated["applied"],
        "differences": differences(live, new),
        "secrets": bool(lost_server.secrets(site, unpacked)),
    }


def misfit(site: Site, path: Path, database: str, release: str, app: str) -> str:
    """Return why what was loaded cannot be the release's, or an empty str."""
    if moved.is_other(site, path):
        moved.adapt(site, path, database, release, app)
        return ""
    told = refusal_in(site, database, release, app)
    return f"{told}: deploy with another LIVE_HOSTNAME before" if told else ""


def keep_people(site: Site, database: str, release: str, app: str, unpacked: Path) -> None:
    """Let a loaded database have its content, and accounts and visitors' data of the live one."""
    unpacked.mkdir(mode=0o700, exist_ok=True)  # not there of a dump
    people = moved.People(site, database, release, app)
    people.take_content()
    load_database(people.live / "database", databases.of(site), database, "the live database")
    people.put_content()


def find(site: Site, backup: str, file: str, unpacked: Path) -> Path:
    """Return the directory that has the dump of a backup; unpack it before, where it has to be."""
    path = site.root / "backups" / backup
    if not file and path.is_dir():
        return path
    unpacked.mkdir(mode=0o700)
    if file:
        return backups_at_home.unpack(site, file)
    snapshots.bring(site, backup, unpacked)
    return unpacked / "state/dump"


def may_load(site: Site) -> dict[str, Any]:
    """Refused where no backup could be loaded beside what is live."""
    beside(site, databases.of(site), "restoring")
    return {}


def beside(site: Site, live: Database, use: str) -> str:
    """Return the name of a database beside the live one, which may be made."""
    name = f"{live.name}-{use}"  # a project's name has no hyphen
    if not live.service:
        require(site, "database", name)
    elif not may_create(live):
        raise Refused(
            f"a backup is loaded beside {live}, which {live.user} may not do: type there ALTER ROLE"
            f' "{live.user}" CREATEDB; ALTER DATABASE "{live.name}" OWNER TO "{live.user}"; GRANT'
            f' CONNECT ON DATABASE postgres TO "{live.user}"'
        )
    return name


def load_database(dump: Path, live: Database, database: str, backup: str) -> None:
    """Make a database of a dump, where the live one is; one of that name before is dropped."""
    psql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)', at=live)
    psql(f'CREATE DATABASE "{database}" OWNER "{live.user}" TEMPLATE template0', at=live)
    fill(dump, live, database, backup)


def fill(dump: Path, live: Database, database: str, backup: str) -> None:
    """Load a dump into an empty database, all of it or nothing."""
    restore = ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner"]
    words = [*restore, f"--dbname={database}"]
    if live.service and version(live) < KNOWS_THE_TIMEOUT:
        words = ["bash", "-c", TO_OLDER, database]
    with dump.open("rb") as file:
        try:
            run(*words, stdin=file, at=live)
        except Refused as refused:
            if "unsupported version" in str(refused):  # of before backups said which
                raise Refused(newer(backup, "newer", version(live))) from None
            raise
    psql("ANALYZE", database=database, at=live)


def hold_mail(live: Database, database: str) -> None:
    """Let no mail that waited when the backup was made be sent again: staff see it, and decide."""
    there = psql("SELECT to_regclass('mail_queuedmail')", database=database, at=live)
    if there == ["mail_queuedmail"]:
        psql(
            "UPDATE mail_queuedmail SET state = 'doubtful', words = 'It waited when the backup was"
            " made that is live now' WHERE state IN ('waiting', 'sending')",
            database=database,
            at=live,
        )


def put_beside(site: Site, folder: Path, archive: Path, name: str) -> None:
    """Bring uploads that are in the backup, as a folder or an archive, beside what they replace."""
    new = site.shared / f"{name}-restoring"
    group, mode = DIRECTORIES[name]
    if folder.is_dir():
        folder.rename(new)
        # A user of the same name may have another number on another server.
        owner = f"{site.name}:{group or site.name}"
        subprocess.run(["chown", "-R", "--no-dereference", owner, new], check=True)
    elif archive.exists():
        new.mkdir(mode=0o700)  # root's, so that nobody puts a symbolic link in the way of tar
        subprocess.run(["tar", "-C", new, "--strip-components=1", "-xzf", archive], check=True)
    else:
        return
    if group:
        rights.open_to(group, new)
    shutil.chown(new, site.name, group or site.name)
    new.chmod(mode)


def differences(live: Database, before: str) -> list[str]:
    """Return a line for each table of which the live database has other rows than the other one."""
    old, new = rows_of(live, before), rows_of(live, live.name)
    tables = [table for table in sorted({**old, **new}) if old.get(table) != new.get(table)]
    shown = "{}: {} rows in the backup, {} live"
    return [shown.format(table, old.get(table, "no"), new.get(table, "no")) for table in tables]


def rows_of(live: Database, database: str) -> dict[str, int]:
    """Return the number of rows of each table of a database that is where the live one is."""
    rows = (row.rsplit("|", 1) for row in psql(ROWS, database=database, at=live))
    return {table: int(count) for table, count in rows}
