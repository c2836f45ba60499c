"""Other projects on the server: what is wrong with the server itself, one of them tells alone."""

import json
from contextlib import suppress
from pathlib import Path

from ..record import RECORDS
from ..site import Site
from .account import Account, load, recipients
from .memory import heard_of

LATE = 600  # seconds since the last round of another project, which then tells nobody


def told_by_another(site: Site, account: Account, now: float) -> bool:
    """Return whether a project of an earlier name tells all those whom this one would tell."""
    for other in projects_before(site):
        with suppress(OSError, ValueError, KeyError):
            theirs = load(other)
            hears = people(account) and people(account) <= people(theirs)
            if other.live and hears and now - heard_of(other) < LATE:
                return True
    return False


def projects_before(site: Site) -> list[Site]:
    found = []
    for path in sorted(RECORDS.glob("*.json")):
        if path.stem < site.name:
            with suppress(OSError, ValueError, KeyError):
                found.append(Site(path.stem, Path(json.loads(path.read_text())["root"])))
    return found


def people(account: Account) -> set[str]:
    """Return the addresses and the URL that are told."""
    return {account.get("url", "") if name == "ALARM_URL" else name for name in recipients(account)}
