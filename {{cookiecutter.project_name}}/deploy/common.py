"""What several hosts have in common, carried from one to the others: see on_host/common.py."""

from collections.abc import Sequence
from typing import Any

from invoke import Exit

from .host import Host
from .hosts import Hosts, entry_of
from .steps import step

Things = dict[str, str]  # in base64, by name


def given(host: Host) -> Things:
    """Return what a host has; by a session, as fab -v does not show what that says."""
    session = host.session("give_common")
    things: Things = session.answer["things"]
    session.channel.recv_exit_status()
    return things


def carry(hosts: Hosts, only: Sequence[Host] | None = None) -> None:
    """Let the others have what the leading host has; `only` some of them."""
    others = hosts.others if only is None else [host for host in only if host is not hosts.lead]
    if others:
        things = given(hosts.lead)
        for host in others:
            with step(host, "What the hosts have in common"):
                host.call("take_common", things=things)


# Who serves the site


def name_of(entry: str) -> str:
    """Return the name that a host of HOSTS has for the others: without a user."""
    return entry.rpartition("@")[2]


def agree(hosts: Hosts) -> None:
    """Let all hosts know who serves the site, and what is live; where there was one, do nothing."""
    config = hosts[0].config
    if not (config.database and config.uploads):
        return
    wanted = list(map(name_of, config.hosts))
    if len(wanted) < 2 and not any(stand["hosts"] for stand in hosts.stands.values()):
        return
    mine = {host.name: name_of(entry_of(config.hosts, host)) for host in hosts}
    with step(hosts.lead, "Who serves the site"):
        addresses = {mine[host.name]: address_of(host) for host in hosts}
        pairs = [(name, addresses.get(name, "")) for name in wanted]
        hosts.lead.call("note_live")
        for host in (hosts.lead, *hosts.others):
            first = host is hosts.lead
            host.call("join_hosts", me=mine[host.name], hosts=pairs, first=first)
        if hosts.others:  # whom the first knows by now; it is known to it as well
            hosts.lead.call("follow_hosts")


def address_of(host: Host) -> str:
    """Return the address that the other hosts reach a host at: in NETWORK, else that of fab."""
    network = host.config.network
    if not network:
        return str(host.connection.host)
    found: dict[str, Any] = host.call("address", network=network)
    if not found["address"]:
        raise Exit(f"{host.name}: it has no address in NETWORK {network}", 2)
    return str(found["address"])
