"""How a host of several stands, for fab, which chooses the one that leads and whom it leaves out.

ROOT/state/common.json says how new what the hosts have in common is, as far as nothing else does:
{"version": 3, "digest": ...} of the files of KEPT. Each change of them here is a version more, and
fab carries the newest to all. The settings of fab secret are a part of what is put live: see
lead.py.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import aside, common, lead
from .files import write
from .site import Refused, Site

KEPT = ("shared/secrets.json", "state/backup-keys.json")
NEW = "does not exist"  # PostgreSQL's words of a database or table that is yet to be made


def version(site: Site) -> int:
    """Return the version of what this host has in common with others; 0 where it has none yet."""
    found, noted = digest(site), read(site)
    if not found or found == noted["digest"]:
        return int(noted["version"])
    keep(site, noted["version"] + 1)
    return int(noted["version"]) + 1


def keep(site: Site, number: int) -> None:
    """Note that what is here is of that version."""
    text = json.dumps({"version": number, "digest": digest(site)})
    write(path(site), text, mode=0o600)


def path(site: Site) -> Path:
    return site.state / "common.json"


def read(site: Site) -> dict[str, Any]:
    empty = {"version": 0, "digest": ""}
    return json.loads(path(site).read_text()) if path(site).exists() else empty


def digest(site: Site) -> str:
    """Return the digest of the files of KEPT that are there; empty where none is."""
    found = [site.root / name for name in KEPT]
    parts = [hashlib.sha256(each.read_bytes()).hexdigest() for each in found if each.exists()]
    return " ".join(parts)


# Commands


def tell(site: Site) -> dict[str, Any]:
    """Return what `tell` of lead.py does, and what the host knows of the database and the others.

    That is "asks", whether it can ask the database, where it should; "aside", whether it leaves
    visitors to the others; "me", its name among the hosts; "alive", the names of those that have
    shown life; "settings", the digest of what it has of fab secret; "common", see `version`.
    """
    asks, alive = True, []
    if site.live and lead.read(site):
        try:
            alive = [row.name for row in lead.look(site)[0] if row.alive]
        except Refused as refused:
            asks = NEW in str(refused)
    told = {"asks": asks, "alive": alive, "aside": aside.is_aside(site)}
    told |= {"me": lead.read(site).get("me", ""), "settings": lead.mine(site).settings}
    return lead.tell(site) | told | {"common": version(site)}


def give(site: Site) -> dict[str, Any]:
    """Return what `give` of common.py does, and "version", how new that is."""
    return common.give(site) | {"version": version(site)}


def take(site: Site, things: Mapping[str, str], given: int = 0) -> dict[str, list[str]]:
    """Let this host have what another one gives, of that version; Refused where its own is newer.

    Without a version they are none that have one.
    """
    if given and given < (ours := version(site)):
        raise Refused(f"what the hosts have in common is newer here: version {ours}, not {given}")
    done = common.take(site, things)
    if given:
        keep(site, given)
    return done
