"""What the site is called: LIVE_HOSTNAME of the release that is live is the domain of its Site too.

Where a release brings another name, the site is renamed, as late as possible in the relay, and the
old name becomes an alias. ROOT/state/renaming.json is there meanwhile, {"from": ..., "to": ...}:
what a killed relay has left is brought to an end by the next one.
"""

import json
import re
import time
from collections.abc import Sequence
from typing import Any

from . import databases, deployed, record
from .files import write
from .postgres import psql
from .processes import Failed
from .release_python import ask
from .site import Refused, Site

HEARD = 1.5  # seconds, in which all processes hear of a change: multisite/hosts.py
SERVER_NAME = re.compile(record.SERVER_NAMES)


def is_called(site: Site, wanted: str, release: str = "") -> bool:
    """Return whether that is known to be the site's name, without asking Django.

    By the database of a release, or of the live one.
    """
    if deployed.kept(site, site.live).get("LIVE_HOSTNAME") != wanted:
        return False
    rows = f"SELECT 1 FROM django_site WHERE domain = '{wanted}'"
    database = databases.of(site, release)
    return bool(psql(rows, database=database.name, at=database))


def look(site: Site, app: str, wanted: str) -> dict[str, str]:
    """Return "from", the name of the live site, and "refused", why it cannot be called as wanted.

    Empty where it is called so, or nothing is live.
    """
    if not site.live:
        return {}
    try:
        if is_called(site, wanted):
            return {}
        found = ask(site, "naming", site.current / "project", app, json.dumps({"wanted": wanted}))
    except Refused:  # such as of a Python that does not run any more: then as it was deployed
        found = {"domain": deployed.kept(site, site.live).get("LIVE_HOSTNAME") or in_nginx(site)}
    if found["domain"] in (wanted, ""):
        return {}
    return {"from": found["domain"], "refused": found.get("refused", "")}


def refusal_in(site: Site, database: str, release: str, app: str) -> str:
    """Return why a release could not have its name in another database; empty where it can."""
    wanted = deployed.kept(site, release).get("LIVE_HOSTNAME", "")
    if not wanted:
        return ""
    request, directory = {"wanted": wanted, "database": database}, site.release(release) / "project"
    try:
        refused = ask(site, "naming", directory, app, json.dumps(request))["refused"]
        return f"LIVE_HOSTNAME {wanted} {refused}" if refused else ""
    except Refused as refused:
        rows = f"SELECT 1 FROM django_site WHERE domain = '{wanted}'"
        found = psql(rows, database=database, at=databases.of(site))
        return "" if found else str(refused)


def in_nginx(site: Site) -> str:
    """Return the first name that NGINX knows the site by; empty where there is none."""
    found = SERVER_NAME.search(record.text_of(record.NGINX / f"{site.name}.conf"))
    return found[1].split()[0] if found and found[1].split() else ""


class Naming:
    """What the site is called while a release takes over: `domain`, once that is looked up.

    With `may_rename` it becomes what the release was deployed with, where that is known.
    """

    def __init__(self, site: Site, release: str, app: str, may_rename: bool):
        self.site, self.release, self.app, self.may_rename = site, release, app, may_rename
        self.mark = site.state / "renaming.json"
        self.domain = self.wanted = deployed.kept(site, release).get("LIVE_HOSTNAME", "")
        self.aliases: list[str] = []

    def look(self) -> None:
        """See what the site is called, and what it is to be called."""
        try:
            if self.wanted and is_called(self.site, self.wanted, release=self.release):
                return
        except Refused as refused:
            raise Failed(str(refused)) from None
        found = self.ask(wanted=self.wanted)
        self.domain, self.aliases = found["domain"], found["aliases"]
        if not self.may_rename or not self.wanted:
            self.wanted = self.domain
        elif found["refused"]:
            raise Failed(f"LIVE_HOSTNAME {self.wanted} {found['refused']}")

    @property
    def is_due(self) -> bool:
        return self.domain != self.wanted

    def rename(self) -> None:
        """Let the site be called as wanted, and the old name be an alias.

        The new one leads to the old first: no process answers to it with 404 at any moment.
        """
        old, new = self.domain, self.wanted
        if not self.site.live:  # nobody knows the old name
            return self.call(new)
        write(self.mark, json.dumps({"from": old, "to": new}))
        self.call(old, add=[new])
        time.sleep(HEARD)
        return self.call(new, add=[old], drop=[new])

    def back(self) -> None:
        """Undo that; what was an alias before is one again."""
        old, new = self.domain, self.wanted
        self.call(old, add=[new], drop=[old])
        time.sleep(HEARD)
        if new not in self.aliases:
            self.call(old, drop=[new])
        self.mark.unlink(missing_ok=True)

    def settle(self) -> None:
        """Bring to an end what a relay has left that was killed: the live release has its name."""
        if not self.mark.exists():
            return
        names = json.loads(self.mark.read_text())
        domain = deployed.kept(self.site, self.site.live).get("LIVE_HOSTNAME", names["from"])
        self.call(domain, add=[name for name in names.values() if name != domain], drop=[domain])
        self.mark.unlink()

    def call(self, domain: str, add: Sequence[str] = (), drop: Sequence[str] = ()) -> None:
        """Let the site have a domain, and some aliases more or less; Failed where it may not."""
        add = [host for host in add if ":" not in host]  # nobody asks for 127.0.0.1:8000
        found = self.ask(wanted=domain, domain=domain, add=add, drop=drop)
        if found["refused"]:
            raise Failed(f"LIVE_HOSTNAME {domain} {found['refused']}")

    def ask(self, **request: Any) -> dict[str, Any]:
        directory = self.site.release(self.release) / "project"
        try:
            return ask(self.site, "naming", directory, self.app, json.dumps(request))
        except Refused as refused:
            raise Failed(str(refused)) from None
