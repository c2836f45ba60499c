"""How a release goes live, and back: on one host, or on several that serve one site.

Of several, all are looked at first, and a release of one name is built on all of them. What they
have in common is done once, on the one that leads: the dump, the migrations, the admin user. Then
they are relayed one after the other; where one fails, those before it go back.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from invoke import Exit

from . import (
    certificates,
    checks,
    common,
    content,
    database,
    going_back,
    packages,
    plans,
    relay,
    releases,
    repository,
    server,
    server_names,
    uploads,
)
from .host import Host
from .hosts import Hosts
from .lease import Leases
from .steps import step
from .terminal import tell

Now = dict[str, Any]  # what `examine` of checks.py returns


def create(hosts: Hosts) -> None:
    """Make the site's user, directories, secrets, database and certificate on all hosts."""
    hosts.refuse_other_than_all("fab create")
    hosts.refuse_new_secrets()
    for host in (hosts.lead, *hosts.others):
        server.create_user(host, "create")
        if host is not hosts.lead:
            common.carry(hosts, [host])
        database.create(host)
        certificates.create(host)


def everything(hosts: Hosts) -> None:
    """Bring new servers to a live site; tell of each command that this is made of."""

    def title(name: str) -> None:
        tell(f"{name} on {hosts.names}{hosts[0].config.suffix}")

    hosts.refuse_other_than_all("fab all")
    hosts.refuse_new_secrets()
    title("install")
    for host in hosts:
        packages.install(host)
    title("create")
    create(hosts)
    is_new = not releases.live(hosts.lead)
    title("deploy")
    deploy(hosts)
    if is_new:
        with Leases(hosts, "push"):
            content.offer(hosts.lead)


# Deploying


def deploy(hosts: Hosts, force: bool = False, maintenance: bool = False, yes: bool = False) -> None:
    """Put the newest revision live, unless it is live already."""
    hosts.refuse_other_than_all("A deploy")
    hosts.refuse_new_secrets()
    if maintenance:
        hosts.refuse_without_all("--maintenance")
    for host in hosts:
        host.environment = ""  # for the server to let us ask whether it may become another's
    with Leases(hosts, "deploy") as leases:
        lead = hosts.lead
        now, revision = look(hosts, yes)
        due = behind(hosts, now)
        as_found = not any(is_due(now[host.name]) for host in hosts if host not in due)
        as_live = revision == now[lead.name]["revision"] and as_found
        if as_live and not force and not due:
            leases.note(result="nothing to do")
            common.carry_newest(hosts)
            common.agree(hosts)
            print(f"{revision[:8]} is live already.")
            return
        name = now[lead.name]["live"] if as_live and not force else ""
        due = due if name else list(hosts)
        prepare(hosts, due, now, maintenance, yes)
        leases.note(revision=revision, **{"from": now[lead.name]["live"]})
        name, requirements = build(due, revision, name)
        leases.note(to=name, requirements=requirements)
        put_live(hosts, due, leases, name, now, maintenance, yes)
        told = releases.finish(lead)
        for host in due:
            releases.prune(host)
        common.agree(hosts)
    print(f"Live: https://{lead.config.live_hostname}/", *told, sep="\n")


def look(hosts: Hosts, yes: bool) -> tuple[dict[str, Now], str]:
    """Return what there is on each host, by its name, and the revision that is to go live.

    Exit where somebody does not agree to what that changes.
    """
    lead = hosts.lead
    now = {host.name: checks.examine(host) for host in hosts}
    for host in (lead, *hosts.others):
        if host is lead or now[host.name]["fabric"] != now[lead.name]["fabric"]:
            plans.agree_to_environment(host, now[host.name], yes)
            plans.agree_to_database(host, now[host.name], yes)
    for host in hosts:
        now[host.name] = checks.before_deploy(host, now[host.name])
    revision = repository.newest_revision(lead)
    plans.tell_differences(lead, now[lead.name])
    return now, revision


def is_due(now: Now) -> bool:
    """Return whether something on a host is not as a deploy would leave it."""
    return bool(now["changes"] or now["wrong"] or now["rename"])


def behind(hosts: Hosts, now: dict[str, Now]) -> list[Host]:
    """Return the hosts that have another release live than the leading one, or none."""
    live = now[hosts.lead.name]["live"]
    return [host for host in hosts if now[host.name]["live"] != live]


def prepare(
    hosts: Hosts, due: Sequence[Host], now: dict[str, Now], maintenance: bool, yes: bool
) -> None:
    """Let all be there that a release needs; Exit, before anything is built, where it cannot be."""
    lead = hosts.lead
    for host in due:
        plans.refuse_edited(now[host.name]["changes"], yes)
    plans.agree_to_rename(lead, now[lead.name], yes)
    for host in due:
        packages.check(host)
        server.create_user(host)
    common.carry(hosts)
    plans.prepare_database(lead, now[lead.name], maintenance)
    for host in due:
        if host is not lead:
            plans.prepare_database(host, now[host.name], False)
        uploads.check(host)


def build(due: Sequence[Host], revision: str, name: str) -> tuple[str, str]:
    """Build a release on each host, under one name; return that and its virtualenv's.

    With a name, it is that of a release which other hosts have. Where one fails, what was built on
    the others is removed.
    """
    made, is_there = "", bool(name)
    for number, host in enumerate(due):
        if is_there and name in releases.show(host)["proven"]:
            continue
        if number and host.config.repo_url:  # each has a copy of its own
            host.call("fetch", as_site=True, url=host.config.repo_url)
        try:
            name, made = releases.build(host, revision, name)
        except BaseException:
            for other in due[:number]:
                releases.discard(other, name)
            raise
    return name, made


def put_live(
    hosts: Hosts,
    due: Sequence[Host],
    leases: Leases,
    name: str,
    now: dict[str, Now],
    maintenance: bool,
    yes: bool,
) -> None:
    """Let a release that is built take over from the live one; `now` is what `look` returned."""
    lead = hosts.lead
    if lead not in due:  # it has that live
        take_over(due, name, now)
        return
    live = now[lead.name]["live"]
    pending = plans.check_migrations(lead, name, live, maintenance, yes)
    leases.note(migrations=pending)
    uploads.move(lead, live, name)
    dump = database.dump(lead, "deploy") if live else None
    if dump and maintenance:
        deploy_in_maintenance(hosts, name, dump, now)
    else:
        plans.migrate(lead, name, pending)
        take_over(due, name, now)
    for host in hosts:
        server.end_maintenance_of_deploy(host)


def take_over(due: Sequence[Host], name: str, now: dict[str, Now]) -> None:
    """Let a release take over; where that renames the site, NGINX answers to both names before."""
    renamed = {host.name: now[host.name]["rename"].get("from") for host in due}
    for host in due:
        if renamed[host.name]:
            server_names.update(host, host.config.live_hostname)
    try:
        relay.switch_all(due, name, {host.name: now[host.name]["live"] for host in due})
    except Exit:
        for host in due:
            if before := renamed[host.name]:
                with suppress(Exit):  # what has failed is told, and fab sites does the same
                    server_names.update(host, before)
        raise


def deploy_in_maintenance(hosts: Hosts, name: str, dump: str, now: dict[str, Now]) -> None:
    """Migrate while nobody can write; where the deploy fails the database becomes as it was."""
    for host in hosts:
        server.set_maintenance(host, True, by="deploy")
    try:
        releases.migrate(hosts.lead, name)
        take_over(list(hosts), name, now)
    except Exit as failure:
        database.load(hosts.lead, dump)
        going_back.put_back(hosts, dump, by="deploy")
        raise Exit(f"{failure.message}\nThe database is as it was before", 1) from None


# The end


def remove(hosts: Hosts) -> None:
    """Remove the project from the hosts; where none is left, after a last backup."""
    name = hosts[0].config.project_name
    for host in hosts:
        with Leases([host], "remove"):
            found = server.adopt(host)
            left = left_by(host)
            is_last = found["data"] and not left
            kept = server.remove(host, database.backup(host, "remove") if is_last else "")
        if found["elsewhere"] and not left:
            print(f"Not removed: {found['elsewhere']}; no fab made it")
        if kept:
            print(f"The last backup stays there: {kept}")
        if left:
            tell(f"    {name} goes on on {', '.join(left)}")
    if hosts[0].config.uploads:
        print(f"The uploads stay in their bucket: {hosts[0].config.uploads}")


def left_by(host: Host) -> list[str]:
    """Let the other hosts know that one goes; return their names."""
    if not host.config.database:
        return []
    with step(host, "Telling the others"):
        return list(host.call("leave_hosts")["left"])
