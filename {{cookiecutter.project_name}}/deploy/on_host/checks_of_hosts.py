"""Checks of a site that several hosts serve: each asks them about itself, and about the others."""

import time

from . import agreement, aside, databases, lead
from .checks import Server, Wrong, check
from .database_url import Database
from .postgres import psql

SECONDS = 5  # by which the clock of a host may differ from that of the database


@check("Has this host what the others have?", every=1)
def hosts(server: Server) -> str | None:
    known = lead.read(server.site)
    if not known or not server.site.live:
        return None
    rows, wanted = agreement.look(server.site)
    if known["me"] not in [row.name for row in rows]:
        raise Wrong("this host is none of the site's any more", "fab deploy, or fab remove -H it")
    stand = lead.mine(server.site)
    if wanted and stand != wanted:
        what = "other secrets" if stand.release == wanted.release else wanted.release
        also = "; it serves nobody meanwhile" if aside.is_aside(server.site) else ""
        raise Wrong(f"the others have {what}{also}", "fab deploy")
    leads = "this one leads" if lead.leads(server.site).exists() else "another one leads"
    return f"{len(rows)}, {leads}"


@check("Are the other hosts there?", every=1, once=True)
def other_hosts(server: Server) -> str | None:
    known = lead.read(server.site)
    if not known or not server.site.live:
        return None
    rows, _wanted = agreement.look(server.site)
    away = [row.name for row in rows if not row.alive and row.name != known["me"]]
    if away:
        raise Wrong(f"no sign of life for three minutes of {', '.join(away)}")
    return ", ".join(row.name for row in rows if row.name != known["me"])


@check("Can another host stand in for this one?", every=5)
def reserve(server: Server) -> str | None:
    if not lead.read(server.site) or not server.site.live:
        return None
    try:
        status = aside.ask_others(server.live_port, server.live_hostname)
    except OSError as error:
        raise Wrong(f"NGINX does not ask them: {error}", "fab deploy --force") from None
    if status != 200:
        raise Wrong(f"none of the others answers at port 443 as it should: {status}", "fab logs")
    return "yes"


@check("Does the clock agree with the database's?", every=10)
def clocks(server: Server) -> str | None:
    if not lead.read(server.site) or not server.site.live:
        return None
    apart = seconds_apart(databases.of(server.site))
    if abs(apart) > SECONDS:
        words = f"{abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} the database's"
        raise Wrong(words, 'fab sudo "timedatectl set-ntp true"')
    return "yes"


def seconds_apart(database: Database) -> float:
    """Return by how many seconds the clock of this host is ahead; a slow answer counts as none."""
    begun = time.time()
    (now,) = psql(
        "SELECT extract(epoch FROM clock_timestamp())", database=database.name, at=database
    )
    ended = time.time()
    return max(begun - float(now), 0) + min(ended - float(now), 0)
