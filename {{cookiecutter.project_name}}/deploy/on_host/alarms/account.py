"""Who is told, and how: the mail account and the URLs of the live settings.

They are kept in ROOT/state/account.json when a relay has gone well, for root alone: so alarms
arrive where the database is down, or the live release does not even start. What is in it is told by
in_release/account.py.
"""

import json
from typing import Any

from ..files import write
from ..release_python import ask
from ..site import Refused, Site

Account = dict[str, Any]
URL, PING = "ALARM_URL", "ALARM_PING_URL"  # what they are called: the first is also a box


def load(site: Site) -> Account:
    """Return what is kept; empty before the first relay."""
    path = site.state / "account.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def keep(site: Site, app: str) -> Account:
    """Ask the live release, and keep what it answers; where it does not, what was known stays."""
    try:
        account = ask(site, "account", site.current / "project", app)
    except Refused:
        return load(site)
    if account != load(site):
        write(site.state / "account.json", json.dumps(account), mode=0o600)
    return account


def recipients(account: Account) -> list[str]:
    """Return the names of the boxes: see outbox.py."""
    people = account.get("admins", []) if account.get("configured") else []
    return [*dict.fromkeys(people), *([URL] if account.get("url") else [])]
