"""An older release, or older data, goes live again: on one host, or on all that serve the site."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from invoke import Exit

from . import common, database, plans, relay, releases, server, uploads
from .host import LOST, CommandFailed, Host
from .hosts import Hosts
from .lease import Leases
from .terminal import tell


def rollback(hosts: Hosts, release: str, restore_db: bool, yes: bool) -> None:
    """Let an older complete release take over again; with restore_db, its data too."""
    hosts.refuse_other_than_all("A rollback")
    if restore_db:
        hosts.refuse_without_all("--restore-db")
    with Leases(hosts, "rollback") as leases:
        name = release or release_before(hosts)
        dump = plans.find_dump(hosts, name) if restore_db else None
        lead = hosts.lead
        before = {lead.name: refuse_unknown(lead, name)}
        before |= {host.name: live for host in hosts.others if (live := live_here(host, name))}
        due = [host for host in (lead, *hosts.others) if host.name in before]
        plans.agree_to_losses(lead, name, yes)
        leases.note(**{"from": before[lead.name], "to": name})
        if dump:
            plans.ask_about_loss(lead, dump, name, yes)
            leases.note(backup=dump)
        plans.tell_unknown_migrations(lead, name)
        uploads.move(lead, before[lead.name], name)
        common.carry_newest(hosts)
        relay.switch_all(due, name, before)
        if dump:
            put_back(hosts, dump, due)
        else:
            common.agree(hosts)
    print(f"Live: {name}")
    if len(due) < len(hosts) + len(hosts.away):
        line = f"The other hosts stand aside: fab rollback --release {name} brings those that have"
        print(lead.config.typed(f"    {line} it, fab deploy the newest revision to all"))


def release_before(hosts: Hosts) -> str:
    """Return the release to go back to; Exit where that is not the same for all hosts."""
    lives = {host.name: hosts.stands[host.name]["live"] for host in hosts}
    found = releases.show(hosts.lead)
    if not found["live"]:
        raise Exit(f"{hosts.lead.name}: nothing is live yet; type fab all", 1)
    if len(set(filter(None, lives.values()))) > 1:
        told = ", ".join(f"{name} has {live or 'none'}" for name, live in lives.items())
        raise Exit(f"{told}: type fab rollback --release and the one that all are to have", 2)
    return str(found["before"])


def refuse_unknown(host: Host, name: str) -> str:
    """Return what is live on a host; Exit where it cannot go back to that release."""
    found = releases.show(host)
    if not found["live"]:
        raise Exit(f"{host.name}: nothing is live yet; type fab all", 1)
    if name not in found["proven"]:
        there = ", ".join(found["proven"])
        raise Exit(f"There is no such release to go back to; there are: {there}", 2)
    plans.refuse_misfit(host, host.call("live", release=name))
    return str(found["live"])


def live_here(host: Host, name: str) -> str:
    """Return what is live on one of several hosts; tell, and return "", where it is to stay so."""
    found = releases.show(host)
    problem = host.call("live", release=name)["problem"] if name in found["proven"] else ""
    if name in found["proven"] and not problem:
        return str(found["live"])
    tell(f"    {host.name}: {problem or f'it came later, and has no {name}'}: left out")
    return ""


# Of several hosts, one that is lost or sick keeps the others from nothing


class Failures:
    """What went wrong on hosts, while the others went on: lines, to be told at the end.

    A host whose connection is lost is left out, and told at once: see `lose` of Hosts.
    """

    def __init__(self, hosts: Hosts) -> None:
        self.hosts, self.lines = hosts, list[str]()
        self.code = 1

    def past(self, host: Host, do: Callable[[Host], object]) -> bool:
        """Do something on a host, unless it is lost; return whether that went well."""
        if host not in self.hosts:
            return False
        try:
            do(host)
        except CommandFailed as failure:
            self.lines.append(f"{host.name}: {failure.output}")
            return False
        except Exit as failure:
            if failure.code == LOST and len(self.hosts) > 1:
                self.hosts.lose(host, failure)
                return False
            words = str(failure.message)
            self.lines.append(words if words.startswith(host.name) else f"{host.name}: {words}")
            self.code = failure.code
            return False
        return True

    def tell(self) -> None:
        """Exit with the lines, if there are any."""
        if self.lines:
            raise Exit("\n".join(self.lines), self.code)


def close(hosts: Hosts, by: str) -> None:
    """Answer 503 on all hosts; where one does not, on none."""
    done: list[Host] = []
    try:
        for host in hosts:
            done.append(host)
            server.set_maintenance(host, True, by)
    except BaseException:
        open_again(done)
        raise


def open_again(hosts: Sequence[Host]) -> None:
    """End a maintenance that a deploy or restore began, on those of the hosts that answer."""
    for host in hosts:
        with suppress(Exit, CommandFailed):
            server.end_maintenance_of_deploy(host)


def put_back(hosts: Hosts, dump: str, due: Sequence[Host] = (), by: str = "restore") -> None:
    """Put the backup that is loaded in place, and start the live release on it.

    `due` are the hosts that have what was put live last, if others than the `abreast` ones. One on
    which something fails is told at the end, and the others go on. It answers 503 until it finds by
    itself that it may serve, or leave visitors to the others: see `reopen` of on_host/aside.py.
    """
    failures = Failures(hosts)
    if by == "restore":
        close(hosts, by)
    swap(hosts, dump, by)
    things, version = hosts.by_lead(lambda _lead: common.newest(hosts))
    for host in hosts.others:  # secrets of a server that is lost may have come back
        failures.past(host, lambda each: common.take(each, things, version))
    due = due or hosts.abreast
    for host in list(hosts):
        is_well = failures.past(host, database.clear_cache)
        if host in due:
            is_well = failures.past(host, start_again) and is_well
        elif not hosts.stands[host.name]["aside"]:  # it opens when it leaves visitors to the others
            continue
        if is_well:
            failures.past(host, server.end_maintenance_of_deploy)
    common.agree(hosts)
    failures.tell()


def swap(hosts: Hosts, dump: str, by: str) -> None:
    """Put the backup that is loaded in place; Exit where that cannot be, or nobody knows whether.

    Where a restore finds all as it was the site is open again; of a deploy there are migrations.
    """
    lead = hosts.lead
    try:
        database.swap(lead, dump)
    except database.NotSwapped:
        if by == "restore":
            hosts.past(server.end_maintenance_of_deploy)
        raise
    except Exit as failure:
        if failure.code != LOST:
            raise
        line = f"{failure.message} while {dump} was put in place, and the site answers 503"
        ways = "type fab restore again, or fab maintenance off to open it with the data as it is"
        is_there = f"; without {lead.name}, take that from HOSTS before" if hosts.others else ""
        raise Exit(f"{line}: {ways}{is_there}", LOST) from None


def start_again(host: Host) -> None:
    relay.switch(host, plans.live_or_exit(host))


def restart(hosts: Hosts) -> None:
    """Restart the processes of each host; one that leaves visitors to the others is left alone."""
    failures = Failures(hosts)
    with Leases(hosts, "restart"):
        for host in list(hosts):
            if hosts.stands[host.name]["aside"]:
                line = "it leaves visitors to the others: not restarted; type fab deploy"
                tell(host.config.typed(f"    {host.name}: {line}"))
                continue
            failures.past(host, lambda each: relay.switch(each, plans.live_or_exit(each), False))
        failures.tell()
