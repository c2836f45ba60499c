"""What `load` of restore.py has loaded and what is live change names: database, uploads, files.

The site is in maintenance meanwhile. Where the uploads are in a bucket, ROOT/shared first gets all
that is there, to go back to. The bucket comes last: what a kill has left of that, `settle` of
bucket.py brings to its end.
"""

import shutil
from pathlib import Path
from typing import Any

from . import backups_at_home, bucket, databases, deployed, lost_server, moving_uploads
from .databases import Database
from .postgres import has_database, let_in, psql, set_mark
from .restore import DIRECTORIES, beside
from .site import Refused, Site

GIVE_UP = "SET lock_timeout = '10s'"


def run(site: Site) -> dict[str, Any]:
    """Let what was loaded and what is live change names; secrets of a lost server come back.

    Return "kept", the database that was live, and "secrets", the names of those that came. Or
    "refused", why it could not be: then all is as it was.
    """
    with moving_uploads.held(site):  # a nightly backup would bring the bucket into what has come
        return change(site)


def change(site: Site) -> dict[str, Any]:
    live = databases.of(site)
    folders = [name for name in DIRECTORIES if (site.shared / f"{name}-restoring").exists()]
    try:
        new, old = beside(site, live, "restoring"), beside(site, live, "before-restore")
        prepare(site, live, new, old, bool(folders))
        take_place(live, new, old)
    except Refused as refused:
        return {"refused": str(refused)}
    if folders and bucket.live(site):
        bucket.behind(site).touch()
    for name in folders:
        change_names(site.shared, name, "-restoring", "-before-restore")
    if folders and (refusal := fill_bucket(site)):
        take_place(live, old, new)
        for name in folders:
            change_names(site.shared, name, "-before-restore", "-restoring")
        again = fill_bucket(site) and "; fab backup brings the uploads of before into it"
        return {"refused": f"{refusal}{again}"}
    unpacked = backups_at_home.unpacked(site)
    came = lost_server.take_over(site, unpacked)
    shutil.rmtree(unpacked, ignore_errors=True)
    return {"kept": old, "secrets": came}


def prepare(site: Site, live: Database, new: str, old: str, has_uploads: bool) -> None:
    """Let all be there that the change needs; Refused where it cannot be."""
    if not has_database(new, live):
        raise Refused("no backup is loaded")
    if live.service:  # see elsewhere.py; dumps have no mark
        set_mark(live, new, site.name, deployed.kept(site, site.live)["ENVIRONMENT"])
    if has_uploads:
        bucket.fetch(site, bucket.live(site))
    psql(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)', at=live)


def take_place(live: Database, new: str, old: str) -> None:
    """Let the database `new` be called as the live one is, and that one `old`, or neither.

    Sessions of the live one are ended. One that its role may not end is a reason to be Refused.
    """
    name = live.name
    sessions = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    try:
        psql(
            f'{GIVE_UP}; ALTER DATABASE "{name}" ALLOW_CONNECTIONS false',
            f"{sessions} AND pg_has_role(usesysid, 'MEMBER')",
            f'{GIVE_UP}; BEGIN; ALTER DATABASE "{name}" RENAME TO "{old}";'
            f' ALTER DATABASE "{new}" RENAME TO "{name}"; COMMIT',
            at=live,
        )
    except Refused as refused:
        told = " ".join(str(refused).split())
        hint = f"; let its superuser type there {sessions}" if "other users" in told else ""
        raise Refused(f"{live} stays as it is: {told}{hint}") from None
    finally:
        for database in (name, old):
            if has_database(database, live):
                let_in(live, database)


def change_names(shared: Path, name: str, come: str, go: str) -> None:
    """Let the folder NAME-COME be called NAME, and that one NAME-GO, where it is there."""
    live, new, old = (shared / f"{name}{suffix}" for suffix in ("", come, go))
    shutil.rmtree(old, ignore_errors=True)
    if live.exists():
        live.rename(old)
    if new.exists():
        new.rename(live)


def fill_bucket(site: Site) -> str:
    """Let the bucket, if there is one, have what ROOT/shared has; return why it has not."""
    try:
        bucket.replace(site)
    except Refused as refused:
        return str(refused)
    return ""
