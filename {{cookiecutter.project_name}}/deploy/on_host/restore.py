"""On the server: put a backup in the place of the live database and uploads, in two phases.

"load" reads the backup whole, into a new database beside the live one, and says what that lacks.
"swap" then lets the two change names. What was live stays, as NAME-before-restore and
media-before-restore, until the next one.
"""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

PARAMETERS = globals()["PARAMETERS"]
NAME = PARAMETERS["project_name"]
ROOT = Path(PARAMETERS["root"])
BACKUP = ROOT / "backups" / PARAMETERS["backup"]
NEW, OLD = f"{NAME}-restoring", f"{NAME}-before-restore"  # a project's name has no hyphen
NEW_MEDIA, OLD_MEDIA = ROOT / "shared/media-restoring", ROOT / "shared/media-before-restore"


def run(*command, user="postgres", stdin=None):
    words = ["runuser", "-u", user, "--", *map(str, command)]
    result = subprocess.run(words, stdin=stdin, capture_output=True, text=True, cwd="/")
    if result.returncode:
        raise SystemExit(f"{command[0]}: {result.stderr.strip()}")
    return result.stdout


def psql(*statements, database="postgres"):
    """Run SQL as the superuser, each statement by itself; return the rows of the last, as lines."""
    for sql in statements:
        rows = run("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql, database).splitlines()
    return rows


def check():
    """SystemExit with what is wrong, before anything is touched."""
    if not (BACKUP / "SHA256SUMS").is_file():
        raise SystemExit(f"{BACKUP.name} is not a complete backup")
    command = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    sums = subprocess.run(command, cwd=BACKUP, capture_output=True, text=True)
    if sums.returncode:
        raise SystemExit(f"{BACKUP.name} is damaged: {sums.stdout.strip()}")
    if (BACKUP / "project").read_text().strip() != NAME:
        raise SystemExit(f"{BACKUP.name} is a backup of another project")
    size = (BACKUP / "database").stat().st_size
    if size == 0:
        raise SystemExit(f"{BACKUP.name} is empty")
    live = int(psql(f"SELECT pg_database_size('{NAME}')")[0])
    free = shutil.disk_usage("/var/lib/postgresql").free
    if free < max(live, 4 * size):
        raise SystemExit(f"the disk is too full: {free >> 20} MB are free")


def load():
    """Load the backup beside the live database; print what that has and the backup has not."""
    check()
    psql(f'DROP DATABASE IF EXISTS "{NEW}" WITH (FORCE)')
    psql(f'CREATE DATABASE "{NEW}" OWNER {NAME} TEMPLATE template0')
    with (BACKUP / "database").open("rb") as dump:
        restore = ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner"]
        run(*restore, f"--role={NAME}", f"--dbname={NEW}", stdin=dump)
    psql("ANALYZE", database=NEW)
    shutil.rmtree(NEW_MEDIA, ignore_errors=True)
    if (BACKUP / "media.tar.gz").exists():
        NEW_MEDIA.mkdir(mode=0o750)
        shutil.chown(NEW_MEDIA, NAME, "www-data")
        archive = BACKUP / "media.tar.gz"
        subprocess.run(
            ["tar", "-C", NEW_MEDIA, "--strip-components=1", "-xzf", archive], check=True
        )
    made = datetime.strptime(BACKUP.name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    minutes = round((datetime.now(UTC) - made).total_seconds() / 60)
    print(json.dumps({"minutes": minutes, "differences": differences()}))


def differences():
    """Return a line for each table in which the live database has other rows than the backup."""
    before, now = rows_of(NEW), rows_of(NAME)
    tables = [table for table in sorted({**before, **now}) if before.get(table) != now.get(table)]
    shown = "{}: {} rows in the backup, {} live"
    return [shown.format(table, before.get(table, "no"), now.get(table, "no")) for table in tables]


def rows_of(database):
    """Return the number of rows of each table, a dict."""
    tables = psql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=database)
    counts = " UNION ALL ".join(f"SELECT '{t}', count(*) FROM \"{t}\"" for t in tables)
    rows = psql(counts, database=database) if tables else []
    return {table: int(count) for table, count in (row.rsplit("|", 1) for row in rows)}


def swap():
    """Let the new and the live one change names."""
    if not psql(f"SELECT 1 FROM pg_database WHERE datname = '{NEW}'"):
        raise SystemExit("no backup is loaded")
    psql(f'DROP DATABASE IF EXISTS "{OLD}" WITH (FORCE)')
    try:
        psql(
            f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{NAME}'",
            f'ALTER DATABASE {NAME} RENAME TO "{OLD}"',
            f'ALTER DATABASE "{NEW}" RENAME TO {NAME}',
        )
    finally:
        for name in (NAME, OLD):  # whichever of them there is
            if psql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
                psql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    if NEW_MEDIA.exists():
        shutil.rmtree(OLD_MEDIA, ignore_errors=True)
        (ROOT / "shared/media").rename(OLD_MEDIA)
        NEW_MEDIA.rename(ROOT / "shared/media")
    print(json.dumps({"kept": OLD}))


{"load": load, "swap": swap}[PARAMETERS["phase"]]()
