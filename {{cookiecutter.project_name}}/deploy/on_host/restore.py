"""On the server: put a backup in the place of the live database and uploads.

The backup is read whole, and into a new database, before the live one is touched; then the two
change names. What was live stays, as NAME_before_restore and media_before_restore.
"""

import json
import shutil
import subprocess
from pathlib import Path

PARAMETERS = globals()["PARAMETERS"]
NAME = PARAMETERS["project_name"]
ROOT = Path(PARAMETERS["root"])
NEW, OLD = f"{NAME}_restoring", f"{NAME}_before_restore"


def run(*command, user=None, stdin=None):
    words = [*(["runuser", "-u", user, "--"] if user else []), *map(str, command)]
    result = subprocess.run(words, stdin=stdin, capture_output=True, text=True, cwd="/")
    if result.returncode:
        raise SystemExit(f"{command[0]}: {result.stderr.strip()}")
    return result.stdout


def psql(*statements):
    for sql in statements:
        run("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql, "postgres", user="postgres")


def check(backup):
    """SystemExit with what is wrong, before anything is touched."""
    if not (backup / "SHA256SUMS").is_file():
        raise SystemExit(f"{backup.name} is not a complete backup")
    if (backup / "project").read_text().strip() != NAME:
        raise SystemExit(f"{backup.name} is a backup of another project")
    sums = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"],
        cwd=backup,
        capture_output=True,
        text=True,
    )
    if sums.returncode:
        raise SystemExit(f"{backup.name} is damaged: {sums.stdout.strip()}")


def main():
    backup = ROOT / "backups" / PARAMETERS["backup"]
    check(backup)
    psql(f"DROP DATABASE IF EXISTS {NEW}", f"CREATE DATABASE {NEW} OWNER {NAME} TEMPLATE template0")
    with (backup / "database").open("rb") as dump:
        restore = ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner"]
        run(*restore, f"--role={NAME}", f"--dbname={NEW}", user="postgres", stdin=dump)
    run("psql", "-qX", "-c", "ANALYZE", NEW, user="postgres")
    media = ROOT / "shared/media_restoring"
    shutil.rmtree(media, ignore_errors=True)
    media.mkdir()
    run("tar", "-C", media, "--strip-components=1", "-xzf", backup / "media.tar.gz")
    swap(media)
    print(json.dumps({"kept": OLD}))


def swap(media):
    """Let the new and the live one change names; the site is without a database for an instant."""
    psql(
        f"DROP DATABASE IF EXISTS {OLD}",
        f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{NAME}'",
        f"ALTER DATABASE {NAME} RENAME TO {OLD}",
        f"ALTER DATABASE {NEW} RENAME TO {NAME}",
        f"ALTER DATABASE {OLD} ALLOW_CONNECTIONS true",
    )
    old = ROOT / "shared/media_before_restore"
    shutil.rmtree(old, ignore_errors=True)
    (ROOT / "shared/media").rename(old)
    media.rename(ROOT / "shared/media")


main()
