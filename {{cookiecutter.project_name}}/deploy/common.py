"""What several hosts have in common, carried from one to the others: see on_host/common.py."""

from collections.abc import Sequence
from typing import Any

from invoke import Exit

from .host import Host
from .hosts import Hosts, entry_of, name_of
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
    """Let the others have what the leading host has, or what is newer; `only` some of them."""
    others = [host for host in hosts.others if only is None or host in only]
    if not others:
        return
    things, version = newest(hosts)
    for host in others:
        take(host, things, version)


def newest(hosts: Hosts) -> tuple[Things, int]:
    """Return what the leading host has, and its version; first it gets what another has newer."""
    lead = hosts.lead
    things, version = given(lead)
    if not hosts.others:
        return things, version
    other = max(hosts.others, key=lambda host: hosts.stands[host.name]["common"])
    if hosts.stands[other.name]["common"] > version:
        newer, version = given(other)
        newer = {name: newer[name] for name in KEPT if name in newer}
        take(lead, newer, version)
        things |= newer
    return things, version


def take(host: Host, things: Things, version: int) -> None:
    with step(host, "What the hosts have in common"):
        host.call("take_common", things=things, given=version)


def carry_newest(hosts: Hosts) -> None:
    """Let all have the newest of what they have in common, where one has something else."""
    if len(hosts) == 1:
        return
    if len({(stand["common"], stand["settings"]) for stand in hosts.stands.values()}) > 1:
        carry(hosts)


# Who serves the site


def mine(host: Host) -> str:
    """Return the name that a host has among those of HOSTS."""
    return name_of(entry_of(host.config.hosts, host))


def pairs(hosts: Hosts) -> list[tuple[str, str]]:
    """Return the name of each of HOSTS, and the address that the others reach it at, if known."""
    addresses: dict[str, str] = {}
    hosts.past(lambda host: addresses.update({mine(host): address_of(host)}))
    names = map(name_of, hosts[0].config.hosts)
    return [(name, addresses.get(name, "")) for name in names]


def meet(hosts: Hosts) -> None:
    """Let new hosts know that there are others, before anything runs there.

    Exit where hosts would not reach each other, before anything is built.
    """
    if len(hosts[0].config.hosts) > 1:
        with step(hosts.lead, "Where the hosts reach each other"):
            found = pairs(hosts)
            for host in hosts:
                host.call("meet_hosts", me=mine(host), hosts=found)


def note(hosts: Hosts) -> None:
    """Let the hosts know that what the leading one has is what all are to have."""
    if are_several(hosts):
        hosts.by_lead(lambda lead: lead.call("note_live"))


def are_several(hosts: Hosts) -> bool:
    """Return whether several hosts serve the site, or did so until now."""
    return len(hosts[0].config.hosts) > 1 or knows_others(hosts)


def knows_others(hosts: Hosts) -> bool:
    """Return whether a host knows of others; only what has a common database can have some."""
    if not hosts[0].config.database:
        return False
    return any(stand["hosts"] for stand in hosts.stands.values())


def agree(hosts: Hosts) -> None:
    """Let all hosts know who serves the site, and what is live.

    Where there is one, and it knows of no others, there is nothing to do.
    """
    if are_several(hosts):
        hosts.by_lead(lambda _lead: make_known(hosts))


def make_known(hosts: Hosts) -> None:
    with step(hosts.lead, "Who serves the site"):
        found = pairs(hosts)
        hosts.by_lead(lambda lead: lead.call("note_live"))
        hosts.by_lead(lambda lead: join(lead, found, first=True))
        hosts.past(lambda host: join(host, found, first=False), hosts.others)
        if hosts.others:  # whom the first knows by now; it is known to it as well
            hosts.by_lead(lambda lead: lead.call("follow_hosts"))


def join(host: Host, found: Sequence[tuple[str, str]], first: bool) -> None:
    host.call("join_hosts", me=mine(host), hosts=found, first=first)


def address_of(host: Host) -> str:
    """Return the address that the other hosts reach a host at: in NETWORK, else that of fab."""
    network = host.config.network
    if not network:
        return str(host.connection.host)
    found: dict[str, Any] = host.call("address", network=network)
    if not found["address"]:
        raise Exit(f"{host.name}: it has no address in NETWORK {network}", 2)
    return str(found["address"])
