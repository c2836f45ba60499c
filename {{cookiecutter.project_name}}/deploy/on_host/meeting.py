"""A new host of several hears of the others before anything runs on it: see lead.py.

So it does by itself nothing that is done once for all, such as ordering certificates.
"""

import json
from collections.abc import Sequence
from typing import Any

from . import lead, peers
from .files import write
from .site import Site


def meet(site: Site, me: str, hosts: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Let a host on which nothing is live know the hosts, pairs of a name and an address.

    Refused where this host finds no address of one.
    """
    for name, address in hosts:
        if address and name != me:
            peers.address(address)
    if not site.live and not lead.read(site):
        write(lead.path(site), json.dumps({"me": me, "hosts": [list(pair) for pair in hosts]}))
    return {}
