"""The hosts that a command is for: several serve one site, and agree in its database.

One that does not answer is left out, and told; the command is done on the others, and ends with the
status AWAY. So a site goes on with the hosts that it has: one that comes back learns from the
database that it is behind, and serves nobody before the next deploy, see on_host/lead.py.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from invoke import Exit

from .config import split_host
from .connecting import Away
from .host import Host
from .terminal import tell

AWAY = 4  # the exit status of a command that was done, but not on all hosts


class Hosts(Sequence[Host]):
    """The hosts that answer, in the order of HOSTS; `away` are the others."""

    def __init__(self, hosts: Sequence[Host], away: Sequence[Host] = ()) -> None:
        self.hosts, self.away = list(hosts), list(away)

    def __getitem__(self, index: Any) -> Any:
        return self.hosts[index]

    def __len__(self) -> int:
        return len(self.hosts)

    def __iter__(self) -> Iterator[Host]:
        return iter(self.hosts)

    @property
    def names(self) -> str:
        return ", ".join(host.name for host in self)

    @cached_property
    def stands(self) -> dict[str, dict[str, Any]]:
        """How each host stands, by name: see `tell` of on_host/standing.py."""
        return {host.name: host.call("stand") for host in self}

    @cached_property
    def lead(self) -> Host:
        """The host that does what is common: the first that has live what was put live last.

        Where nothing is live, the first that has the site's newest secrets. One that cannot ask
        the database comes last.
        """
        if len(self) == 1:
            return self.hosts[0]

        def fitness(host: Host) -> tuple[bool, bool, bool, int, bool]:
            stand = self.stands[host.name]
            is_live = bool(stand["live"])
            is_abreast = is_live and not stand["behind"]
            return stand["asks"], is_abreast, is_live, stand["common"], stand["made"]

        return max(self, key=fitness)  # the first of those that are equal

    @property
    def abreast(self) -> list[Host]:
        """The leading host, and those that have live what was put live last."""
        return [self.lead, *(host for host in self.others if not self.stands[host.name]["behind"])]

    @property
    def others(self) -> list[Host]:
        return [host for host in self if host is not self.lead]

    def refuse_without_all(self, command: str) -> None:
        """Exit where a host is away, and what a command does may not pass it by."""
        if self.away:
            names = ", ".join(host.name for host in self.away)
            raise Exit(f"{command} needs all hosts, and {names} is away", 3)

    def refuse_new_secrets(self) -> None:
        """Exit where no host that answers has the site's secrets, and one that is away may."""
        if self.away and not any(stand["made"] for stand in self.stands.values()):
            away = ", ".join(host.name for host in self.away)
            told = f"{self.names} would make secrets anew, and {away}, which is away, may have some"
            raise Exit(f"{told}: type that when it answers, or take it from HOSTS", 3)

    def refuse_other_than_all(self, command: str) -> None:
        """Exit where the hosts, after -H, are not those of HOSTS, of which there are several.

        Nor may a host be alive that HOSTS has no longer.
        """
        entries = self[0].config.hosts
        named = {entry_of(entries, host) for host in (*self, *self.away)}
        if len(entries) > 1 and named != set(entries):
            raise Exit(f"{command} is for all HOSTS: type it without -H; one that has it stays", 2)
        if self[0].config.database:
            self._refuse_left_out([name_of(entry) for entry in entries])

    def _refuse_left_out(self, wanted: Sequence[str]) -> None:
        """Exit where a host is alive that is none of those: it would show the page of errors."""
        alive = {name for stand in self.stands.values() for name in stand["alive"]}
        names = sorted(alive - {*wanted, *(stand["me"] for stand in self.stands.values())})
        if names:
            raise Exit(
                f"{', '.join(names)} serves the site, and is not in HOSTS any more: type fab -H"
                f" {','.join(names)} remove, or three minutes after it is off the same again",
                2,
            )

    def leave_out(self, names: str) -> None:
        """Do as if hosts did not answer: their names, as after -H; Exit where one is none."""
        for name in filter(None, map(str.strip, names.split(","))):
            found = [host for host in self if name in (host.name, host.connection.original_host)]
            if not found:
                raise Exit(f"--without: {name} is none of {self.names}", 2)
            self.hosts.remove(found[0])
            self.away.append(found[0])
            tell(f"{found[0].name}: left out")
        if not self.hosts:
            raise Exit("--without leaves no host", 2)


def name_of(entry: str) -> str:
    """Return the name that a host of HOSTS has for the others: without a user."""
    return entry.rpartition("@")[2]


def entry_of(entries: Sequence[str], host: Host) -> str:
    """Return the entry of HOSTS that a host is named by; empty where none is."""
    connection = host.connection
    for entry in entries:
        _user, name, port = split_host(entry)
        if name == connection.original_host and port in (None, connection.port):
            return entry
    return ""


def answering(hosts: Sequence[Host]) -> Hosts:
    """Return the hosts that answer; tell of each that does not, and Exit where none does."""
    if len(hosts) == 1:
        return Hosts(hosts)
    there, away = [], []
    for host in hosts:
        host.beside = True
        if is_there(host):
            there.append(host)
        else:
            away.append(host)
    if not there:
        raise Exit("None of the hosts answers", 3)
    return Hosts(there, away)


def is_there(host: Host) -> bool:
    """Return whether a host answers; tell that it is left out where it does not."""
    try:
        host.connect()
    except Away as away:
        tell(f"{away.message}: left out")
        return False
    return True
