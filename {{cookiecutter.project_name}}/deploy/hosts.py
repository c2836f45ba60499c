"""The hosts that a command is for: several serve one site, and agree in its database.

One that does not answer is left out, and told; the command is done on the others, and ends with the
status AWAY. So a site goes on with the hosts that it has: one that comes back learns from the
database that it is behind, and serves nobody before the next deploy, see on_host/lead.py.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar

from invoke import Exit

from .config import split_host
from .connecting import Away
from .host import LOST, Host
from .terminal import tell

Made = TypeVar("Made")

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
            told = f"{command} needs all hosts, and {names} is away"
            raise Exit(f"{told}: type it when that is back, or not in HOSTS any more", 3)

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
            gone = ", ".join(names)
            raise Exit(
                f"{gone} serves the site, and is not in HOSTS here: type git pull where somebody"
                f" has added it; else fab -H {','.join(names)} remove, or this again three minutes"
                " after it is off",
                2,
            )

    # A host that dies while a command is under way

    def lose(self, host: Host, failure: Exit) -> None:
        """Leave out a host whose connection is lost, as if it had not answered; or raise that."""
        if failure.code != LOST or len(self) == 1:
            raise failure
        tell(f"{failure.message}: left out")
        self.hosts.remove(host)
        self.away.append(host)
        self.__dict__.pop("lead", None)  # another one leads from now on

    def past(self, do: Callable[[Host], object], hosts: Sequence[Host] | None = None) -> None:
        """Do something on each host, or on some; leave out those whose connection is lost."""
        for host in [host for host in self if hosts is None or host in hosts]:
            try:
                do(host)
            except Exit as failure:
                self.lose(host, failure)

    def by_lead(self, do: Callable[[Host], Made]) -> Made:
        """Return what the leading host does; where its connection is lost, another one."""
        while True:
            lead = self.lead
            try:
                return do(lead)
            except Exit as failure:
                self.lose(lead, failure)


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


def answering(hosts: Sequence[Host], without: str = "") -> Hosts:
    """Return the hosts that answer; tell of each that does not, and Exit where none does.

    `without`, their names as after -H, are some that are not asked, as if they did not answer.
    """
    if len(hosts) == 1 and not without:
        return Hosts(hosts)
    left_out = [find(hosts, name) for name in filter(None, map(str.strip, without.split(",")))]
    there, away = list[Host](), list[Host]()
    for host in hosts:
        host.beside = True
        if host in left_out:
            tell(f"{host.name}: left out")
        (there if host not in left_out and is_there(host) else away).append(host)
    if not there and left_out:
        raise Exit("--without leaves no host that answers", 2)
    if not there:
        raise Exit("None of the hosts answers", 3)
    return Hosts(there, away)


def find(hosts: Sequence[Host], name: str) -> Host:
    """Return the host that was typed after --without; Exit where it is none of them."""
    found = [host for host in hosts if name in (host.name, host.connection.original_host)]
    if not found:
        names = ", ".join(host.name for host in hosts)
        raise Exit(f"--without: {name} is none of {names}", 2)
    return found[0]


def is_there(host: Host) -> bool:
    """Return whether a host answers; tell that it is left out where it does not."""
    try:
        host.connect()
    except Away as away:
        tell(f"{away.message}: left out")
        return False
    return True
