"""How a release goes live, and back: on one host, or on several that serve one site.

Of several, all are looked at first, and a release of one name is built on all of them. What they
have in common is done once, on the one that leads: the dump, the migrations, the admin user. Then
they are relayed one after the other; where one fails, those before it go back.
"""

from collections.abc import Sequence
from contextlib import suppress

from invoke import Exit

from . import (
    certificates,
    common,
    content,
    database,
    going_back,
    packages,
    plans,
    relay,
    releases,
    server,
    server_names,
    uploads,
)
from .at_once import on_all
from .due import Now, behind, is_as_found, look, tell_connections
from .host import Host
from .hosts import Hosts
from .lease import Leases
from .terminal import tell


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
    packages.install(hosts)
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
    for host in hosts:
        host.environment = ""  # for the server to let us ask whether it may become another's
    hosts.refuse_other_than_all("A deploy")
    hosts.refuse_new_secrets()
    if maintenance:
        hosts.refuse_without_all("--maintenance")
    with Leases(hosts, "deploy") as leases:
        lead = hosts.lead
        now, revision = look(hosts, yes)
        due = behind(hosts, now)
        as_found = is_as_found(hosts, due, now)
        as_live = revision == now[lead.name]["revision"] and as_found
        if as_live and not force and not due:
            leases.note(result="nothing to do")
            common.carry_newest(hosts)
            common.agree(hosts)
            if len(hosts) > 1:  # a deploy or a restore may have left them in it
                hosts.past(server.end_maintenance_of_deploy)
            print(f"{revision[:8]} is live already.")
            return
        name = now[lead.name]["live"] if as_live and not force else ""
        due = due if name else list(hosts)
        prepare(hosts, due, now, maintenance, yes)
        leases.note(revision=revision, **{"from": now[lead.name]["live"]})
        name, requirements = build(lead, due, revision, name)
        leases.note(to=name, requirements=requirements)
        put_live(hosts, due, leases, name, now, maintenance, yes)
        common.note(hosts)  # before a host dies that alone could say it
        hosts.past(server.end_maintenance_of_deploy)
        told = hosts.by_lead(releases.finish)
        hosts.past(releases.prune, due)
        common.agree(hosts)
        if not now[lead.name]["live"]:  # else it was told before
            tell_connections(hosts)
    print(f"Live: https://{lead.config.live_hostname}/", *told, sep="\n")


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
    common.meet(hosts)
    common.carry(hosts)
    if now[lead.name]["live"]:
        tell_connections(hosts)
    plans.prepare_database(lead, now[lead.name], maintenance)
    for host in due:
        if host is not lead:
            plans.prepare_database(host, now[host.name], False)
        uploads.check(host)


def build(lead: Host, due: Sequence[Host], revision: str, name: str) -> tuple[str, str]:
    """Build a release on all hosts at once, under one name; return that and its virtualenv's.

    With a name, it is that of a release which other hosts have. Where one fails, what was built on
    the others is removed. The leading host knows the revision; others may have to fetch it.
    """
    wanted = [host for host in due if not (name and is_usable(host, name))]
    if not wanted:
        return name, ""
    first = releases.begin(wanted[0], revision, name)
    begun = [wanted[0]]

    def build_on(host: Host) -> str:
        if host is not lead and host.config.repo_url:  # each has a copy of its own
            host.call("fetch", as_site=True, url=host.config.repo_url)
        found = first
        if host is not wanted[0]:
            found = releases.begin(host, revision, first.name)
            begun.append(host)
        return releases.build(host, found)

    try:
        made = on_all(wanted, f"Release {first.name}", build_on)
    except BaseException:
        for host in begun:
            releases.discard(host, first.name)
        raise
    return first.name, made[wanted[0].name]


def is_usable(host: Host, name: str) -> bool:
    """Return whether a host has a release; one that its Python cannot run any more is removed."""
    found = releases.show(host)
    if name not in found["proven"]:
        return False
    if name == found["live"] or not host.call("live", release=name)["problem"]:
        return True
    releases.discard(host, name)
    return False


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
    if len(lead.config.hosts) == 1:  # its release has no job that would tell it so later
        common.agree(hosts)
    if lead not in due:  # it has that live
        take_over(due, name, now)
        return
    live = now[lead.name]["live"]
    pending = plans.check_migrations(lead, name, live, maintenance, yes)
    leases.note(migrations=pending)
    uploads.move(lead, live, name)
    if live and maintenance:
        deploy_in_maintenance(hosts, name, now)
    else:
        if live:
            database.dump(lead, "deploy")
        plans.migrate(lead, name, pending)
        take_over(due, name, now)


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


def deploy_in_maintenance(hosts: Hosts, name: str, now: dict[str, Now]) -> None:
    """Migrate while nobody can write; where the deploy fails the database becomes as it was."""
    dump = dump_closed(hosts)
    try:
        releases.migrate(hosts.lead, name)
        take_over(list(hosts), name, now)
    except Exit as failure:
        lines = [str(failure.message), *put_back(hosts, dump)]
        raise Exit("\n".join(lines), 1) from None


def dump_closed(hosts: Hosts) -> str:
    """Close the site, then dump its database, so that the dump has all that visitors have written.

    Return the name of the dump; where there is none, the site is open again.
    """
    going_back.close(hosts, by="deploy")
    try:
        return database.dump(hosts.lead, "deploy")
    except BaseException:
        going_back.open_again(hosts)
        raise


def put_back(hosts: Hosts, dump: str) -> list[str]:
    """Put the dump of before a deploy in place; return lines of what came of it."""
    try:
        database.load(hosts.lead, dump)
    except Exit as failure:
        line = "The site stays in maintenance, and its database as far as the migrations came"
        way = hosts.lead.config.typed("type fab deploy --yes, which goes on from there")
        return [str(failure.message), f"{line}: {way}"]
    lines = ["The database is as it was before"]
    try:
        going_back.put_back(hosts, dump, by="deploy")
    except database.NotSwapped:
        raise
    except Exit as more:
        lines.append(str(more.message))
    return lines
