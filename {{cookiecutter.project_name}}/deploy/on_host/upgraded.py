"""What runs with libraries that an upgrade has replaced since, as needrestart sees it.

unattended-upgrades brings them each day, and needrestart restarts services, but none that answers
visitors. The site's own processes are renewed by the relay, which visitors do not notice.
"""

import pwd
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import aside, lease, relay
from .site import Refused, Site

PROC = Path("/proc")
# A file of Debian's that a process executes, and that has another content by now.
REPLACED = re.compile(r"^\S+ r-xp .* /(?:usr|lib|bin|sbin)\S* \(deleted\)$", re.M)


def outdated() -> Iterator[tuple[str, int]]:
    """Yield the name and the number of the user of each process that runs with replaced files."""
    for process in PROC.glob("[0-9]*"):
        try:
            if REPLACED.search((process / "maps").read_text("utf-8", "replace")):
                yield (process / "comm").read_text().strip(), process.stat().st_uid
        except OSError:  # it has ended meanwhile
            continue


def renew(site: Site, port: int, hostname: str, app: str) -> dict[str, Any]:
    """Let the live release take over from itself where its processes are outdated: for cron."""
    is_served = site.live and not aside.is_aside(site)
    if not is_served or lease.holder(site.state) is not None or not is_outdated(site):
        return {}
    journal = relay.start(site, site.live, port, hostname, app, rename=False)
    if journal.get("result") != "done":
        raise Refused(journal.get("error", "the relay was killed"))
    return {}


def is_outdated(site: Site) -> bool:
    """Return whether a process of the site is; its cache lets go of all when it is restarted."""
    user = pwd.getpwnam(site.name).pw_uid
    return any(uid == user and name != "memcached" for name, uid in outdated())
