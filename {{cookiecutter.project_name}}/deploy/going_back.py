"""An older release, or older data, goes live again: on one host, or on all that serve the site."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from invoke import Exit

from . import common, database, plans, relay, releases, server, uploads
from .host import CommandFailed, Host
from .hosts import Hosts
from .lease import Leases
from .terminal import tell


def rollback(hosts: Hosts, release: str, restore_db: bool, yes: bool, without: str = "") -> None:
    """Let an older complete release take over again; with restore_db, its data too."""
    hosts.leave_out(without)
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


LOST = 255  # the exit status where a connection is lost

# Of several hosts, one that is lost or sick keeps the others from nothing


class Failures:
    """What went wrong on hosts, while the others went on: lines, to be told at the end."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.code = 1
        self.lost: list[Host] = []

    def past(self, host: Host, do: Callable[[Host], object]) -> bool:
        """Do something on a host, unless it is lost; return whether that went well."""
        if host in self.lost:
            return False
        try:
            do(host)
        except (Exit, CommandFailed) as failure:
            words = str(failure.message if isinstance(failure, Exit) else failure.output)
            self.lines.append(words if words.startswith(host.name) else f"{host.name}: {words}")
            self.code = getattr(failure, "code", 1)
            if self.code == LOST:
                self.lost.append(host)
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
        for host in done:
            with suppress(Exit, CommandFailed):
                server.end_maintenance_of_deploy(host)
        raise


def put_back(hosts: Hosts, dump: str, due: Sequence[Host] = (), by: str = "restore") -> None:
    """Put the backup that is loaded in place, and start the live release on it.

    `due` are the hosts that have what was put live last, if others than the `abreast` ones. One on
    which something fails is told at the end: it answers 503 then, and the others go on.
    """
    failures = Failures()
    if by == "restore":
        close(hosts, by)
    try:
        database.swap(hosts.lead, dump)
    except database.NotSwapped:
        if by == "restore":  # the migrations of a deploy that has failed are there still
            for host in hosts:
                failures.past(host, server.end_maintenance_of_deploy)
        raise
    for host in hosts.others:  # secrets of a server that is lost may have come back
        failures.past(host, lambda each: common.carry(hosts, [each]))
    due = due or hosts.abreast
    for host in hosts:
        is_well = failures.past(host, database.clear_cache)
        if host in due:
            is_well = failures.past(host, start_again) and is_well
        if is_well:
            failures.past(host, server.end_maintenance_of_deploy)
    failures.tell()


def start_again(host: Host) -> None:
    relay.switch(host, plans.live_or_exit(host))


def restart(hosts: Hosts) -> None:
    """Restart the processes of each host; one that leaves visitors to the others is left alone."""
    failures = Failures()
    with Leases(hosts, "restart"):
        for host in hosts:
            if hosts.stands[host.name]["aside"]:
                line = "it leaves visitors to the others: not restarted; type fab deploy"
                tell(host.config.typed(f"    {host.name}: {line}"))
                continue
            failures.past(host, lambda each: relay.switch(each, plans.live_or_exit(each), False))
        failures.tell()
