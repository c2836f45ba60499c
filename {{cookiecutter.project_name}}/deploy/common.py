"""What several hosts have in common, carried from one to the others: see on_host/common.py."""

from collections.abc import Sequence
from typing import Any

from invoke import Exit

from .host import Host
from .hosts import Hosts, entry_of
from .steps import step

Things = dict[str, str]  # in base64, by name


KEPT = ("secrets", "backup keys")  # what has a version: see on_host/standing.py


def given(host: Host) -> tuple[Things, int]:
    """Return what a host has, and its version; by a session, whose words fab -v does not show."""
    session = host.session("give_common")
    things: Things = session.answer["things"]
    session.channel.recv_exit_status()
    return things, session.answer["version"]


def carry(hosts: Hosts, only: Sequence[Host] | None = None) -> None:
    """Let the others have what the leading host has; `only` some of them.

    What another one has newer, that one gives, to the leading host as well.
    """
    lead = hosts.lead
    others = hosts.others if only is None else [host for host in only if host is not lead]
    if not others:
        return
    things, version = given(lead)
    newest = max(hosts.others, key=lambda host: hosts.stands[host.name]["common"])
    if hosts.stands[newest.name]["common"] > version:
        newer, version = given(newest)
        newer = {name: newer[name] for name in KEPT if name in newer}
        take(lead, newer, version)
        things |= newer
    for host in others:
        take(host, things, version)


def take(host: Host, things: Things, version: int) -> None:
    with step(host, "What the hosts have in common"):
        host.call("take_common", things=things, given=version)


def carry_newest(hosts: Hosts) -> None:
    """Let all have the newest of what they have in common, where one has an older version."""
    if len({stand["common"] for stand in hosts.stands.values()}) > 1:
        carry(hosts)


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
