"""An older release, or older data, goes live again: on one host, or on all that serve the site."""

from invoke import Exit

from . import common, database, plans, relay, releases, server, uploads
from .host import Host
from .hosts import Hosts
from .lease import Leases


def rollback(hosts: Hosts, release: str, restore_db: bool, yes: bool) -> None:
    """Let an older complete release take over again; with restore_db, its data too."""
    hosts.refuse_other_than_all("A rollback")
    if restore_db:
        hosts.refuse_without_all("--restore-db")
    with Leases(hosts, "rollback") as leases:
        lead = hosts.lead
        found = releases.show(lead)
        live, name = found["live"], release or found["before"]
        if not live:
            raise Exit(f"{lead.name}: nothing is live yet; type fab all", 1)
        if name not in found["proven"]:
            there = ", ".join(found["proven"])
            raise Exit(f"There is no such release to go back to; there are: {there}", 2)
        due = hosts.abreast  # what is behind stays so
        before = {lead.name: live} | {host.name: may_go_back(host, name) for host in due[1:]}
        plans.refuse_misfit(lead, lead.call("live", release=name))
        plans.agree_to_losses(lead, name, yes)
        leases.note(**{"from": live, "to": name})
        dump = plans.find_dump(lead, name) if restore_db else None
        if dump:
            plans.ask_about_loss(lead, dump, name, yes)
            leases.note(backup=dump)
        plans.tell_unknown_migrations(lead, name)
        uploads.move(lead, live, name)
        relay.switch_all(due, name, before)
        if dump:
            put_back(hosts, dump)
        common.agree(hosts)
    print(f"Live: {name}")


def may_go_back(host: Host, name: str) -> str:
    """Return what is live on a host; Exit where it cannot go back to that release."""
    found = releases.show(host)
    if name not in found["proven"]:
        raise Exit(f"{host.name}: it has no {name}, as it came later; nothing was changed", 2)
    plans.refuse_misfit(host, host.call("live", release=name))
    return str(found["live"])


def put_back(hosts: Hosts, dump: str, by: str = "restore") -> None:
    """Put the backup that is loaded in place, and start the live release on it."""
    lead = hosts.lead
    for host in hosts:
        server.set_maintenance(host, True, by)
    try:
        database.swap(lead, dump)
    except database.NotSwapped:
        if by == "restore":  # the migrations of a deploy that has failed are there still
            for host in hosts:
                server.end_maintenance_of_deploy(host)
        raise
    common.carry(hosts)  # secrets of a server that is lost have come back
    for host in hosts:
        database.clear_cache(host)
        relay.switch(host, plans.live_or_exit(host))
    for host in hosts:
        server.end_maintenance_of_deploy(host)
