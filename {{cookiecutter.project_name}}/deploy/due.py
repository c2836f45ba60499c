"""What there is on each host, and for which of them there is something to deploy."""

from collections.abc import Sequence
from typing import Any

from invoke import Exit

from . import checks, plans, repository, uploads
from .host import Host
from .hosts import Hosts
from .on_host import connections

Now = dict[str, Any]  # what `examine` of checks.py returns


def look(hosts: Hosts, yes: bool) -> tuple[dict[str, Now], str]:
    """Return what there is on each host, by its name, and the revision that is to go live.

    Exit where somebody does not agree to what that changes.
    """
    lead = hosts.lead
    now = {host.name: checks.examine(host) for host in hosts}
    refuse_to_move(hosts, now)
    for host in (lead, *hosts.others):
        if host is lead or now[host.name]["fabric"] != now[lead.name]["fabric"]:
            plans.agree_to_environment(host, now[host.name], yes)
            plans.agree_to_database(host, now[host.name], yes)
    for host in hosts:
        now[host.name] = before_deploy(hosts, host, now[host.name])
    revision = repository.newest_revision(lead)
    plans.tell_differences(lead, now[lead.name])
    return now, revision


def tell_connections(hosts: Hosts) -> None:
    """Tell where several hosts may need more connections to the database than it allows."""
    if len(hosts) == 1:
        return
    found = [host.call("connections") for host in hosts]
    needs, allowed = sum(each["needs"] for each in found), max(each["allowed"] for each in found)
    if allowed and (line := connections.refusal(needs, len(hosts), allowed)):
        print(f"    {line}: type {connections.cure(needs)}")


def refuse_to_move(hosts: Hosts, now: dict[str, Now]) -> None:
    """Exit where what the hosts have in common would become another, and not all of them see it.

    One that comes back later would go on with what was in common before.
    """
    keys = {key for found in now.values() if found["live"] for key, *_values in found["fabric"]}
    if "UPLOADS" in keys:
        uploads.refuse_several(hosts.lead)
    if "DATABASE" in keys:
        hosts.refuse_without_all("A deploy with another DATABASE")


def before_deploy(hosts: Hosts, host: Host, now: Now) -> Now:
    """Do what that of checks.py does; where a host of several hinders it, say what to type."""
    try:
        return checks.before_deploy(host, now)
    except Exit as failure:
        if len(hosts) == 1:
            raise
        line = "To go on without it, while it leaves visitors to the others: fab deploy --without"
        raise Exit(f"{failure.message}. {line} {host.name}", failure.code) from None


def is_as_found(hosts: Hosts, due: Sequence[Host], now: dict[str, Now]) -> bool:
    """Return whether the live release does for all hosts, those that are `due` for it as well."""
    live = now[hosts.lead.name]["live"]
    for host in hosts:
        found = now[host.name]
        is_wrong = misfits(found) and found["live"] == live if host in due else is_due(found)
        if is_wrong:
            return False
    return True


def is_due(now: Now) -> bool:
    """Return whether something on a host is not as a deploy would leave it."""
    return bool(now["changes"] or now["wrong"] or now["rename"])


def misfits(now: Now) -> bool:
    """Return whether the packages of what is live on a host do not fit its Python."""
    return any(row["name"] == "packages" for row in now["wrong"])


def behind(hosts: Hosts, now: dict[str, Now]) -> list[Host]:
    """Return the hosts that have another release live than the leading one, or other settings."""
    if len(hosts) == 1:
        return []
    settings = {host.name: hosts.stands[host.name]["settings"] for host in hosts}
    found = {host.name: (now[host.name]["live"], settings[host.name]) for host in hosts}
    return [host for host in hosts if found[host.name] != found[hosts.lead.name]]
