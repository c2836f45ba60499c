"""How many connections the hosts of a site may open, and how many its PostgreSQL allows.

The number of processes and threads is that of gunicorn.conf.py.template.
"""

import os
from typing import Any

from . import databases, lead
from .checks import Server, Wrong, check
from .postgres import psql
from .site import Site

WORKERS, THREADS = 9, 8  # processes at most; each thread has a connection, each process one more
STANDBY = 2  # processes of a standby, during a deploy
RESERVED = "superuser_reserved_connections"
ALLOWED = f"""
SELECT current_setting('max_connections')::int - current_setting('{RESERVED}')::int
"""


def needed() -> int:
    """Return how many connections this host may open, also during a deploy."""
    workers = min((os.cpu_count() or 1) + 1, WORKERS)
    return (workers + STANDBY) * (THREADS + 1)


def count(site: Site) -> dict[str, Any]:
    """Return "needs", of this host, and "allowed", by the database of the live release, 0 if none.

    That is for all who ask it: other sites and programs share in it.
    """
    allowed = 0
    if site.live:
        live = databases.of(site)
        allowed = int(psql(ALLOWED, database=live.name, at=live)[0])
    return {"needs": needed(), "allowed": allowed}


def refusal(needs: int, hosts: int, allowed: int) -> str:
    """Return in a line that the hosts may need more than is allowed; empty where that is not so."""
    if needs <= allowed:
        return ""
    return f"{hosts} hosts may open {needs} connections, and PostgreSQL allows {allowed}"


CURE = "max_connections = {} in the configuration of PostgreSQL, and restart that"


def cure(needs: int) -> str:
    """Return what to write there, rounded up to a hundred."""
    return CURE.format(-(-(needs + 10) // 100) * 100)


@check("Does PostgreSQL let all hosts connect?", every=60, once=True)
def all_connections(server: Server) -> str | None:
    number = len(lead.names(server.site))
    if number < 2 or not server.site.live:
        return None
    found = count(server.site)
    needs = found["needs"] * number  # as if all were like this one
    if line := refusal(needs, number, found["allowed"]):
        raise Wrong(line, cure(needs))
    return f"{needs} of {found['allowed']} at most"
