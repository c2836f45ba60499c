"""A backup of another environment of the project: on its way here it becomes what this one can use.

Beside the live database its sites get names of here, so that none answers to a name of there. All
else happens as with a backup of the site's own: see restore.py.
"""

import json
from pathlib import Path

from . import backups_at_home, content, databases, deployed
from .backup import fill, note
from .postgres import psql
from .release_python import ask
from .releases import check_room
from .site import Refused, Site

SPARE = 500 * 10**6  # bytes that the site is left with


def is_other(site: Site, path: Path) -> bool:
    """Return whether the backup in a directory is of another project or environment than here."""
    here, there = deployed.kept(site, site.live).get("ENVIRONMENT", ""), note(path, "environment")
    return note(path, "project") != site.name or bool(here and there and here != there)


def adapt(site: Site, path: Path, database: str, release: str, app: str) -> None:
    """Let a loaded database be one of this environment."""
    request = {
        "database": database,
        "environment": note(path, "environment"),
        "hostname": deployed.kept(site, release).get("LIVE_HOSTNAME", ""),
    }
    project = site.release(release) / "project"
    ask(site, "moved", project, app, json.dumps(request))


class People:
    """Accounts and what visitors have sent, of the live database, on their way to a loaded one."""

    def __init__(self, site: Site, database: str, release: str, app: str) -> None:
        self.site, self.database, self.release, self.app = site, database, release, app
        self.package = content.directory(site) / "restoring.zip"
        self.live = backups_at_home.unpacked(site) / "live"

    def take_content(self) -> None:
        """Write the content of the loaded database into a file, and dump the live one."""
        live = databases.of(self.site)
        size = psql(f"SELECT pg_database_size('{live.name}')", database=live.name, at=live)[0]
        check_room(self.site, int(size) + SPARE)
        self.manage("exportcontent", str(self.package))
        self.live.mkdir(mode=0o700, parents=True)
        fill(self.site, self.live, compression=0)

    def put_content(self) -> None:
        """Let the content take the place of what is in the copy of the live one."""
        try:
            self.manage("importcontent", str(self.package), "--pulled")
        finally:
            self.package.unlink()
        # It is no copy: accounts and visitors' data are whole.
        live = databases.of(self.site)
        psql("DELETE FROM transfer_origin", database=self.database, at=live)

    def manage(self, *words: str) -> None:
        directory = self.site.release(self.release) / "project"
        request = json.dumps({"database": self.database, "command": words})
        refused = ask(self.site, "in_database", directory, self.app, request)["refused"]
        if refused:
            raise Refused(refused)
