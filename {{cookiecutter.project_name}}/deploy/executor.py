"""What runs commands on hosts: Fabric's executor, and a call of a command on one or several."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import fabric
from fabric.tasks import ConnectionCall
from invoke import Call, Context, Exit

from . import openssh
from .config import split_host
from .environments import check_given
from .host import CommandFailed
from .terminal import tell

Commands = Any  # of commands.py, which imports this

INTERRUPTED = (
    "interrupted. What ran on the server may go on there to its end; fab status tells what is live,"
    " and the same command goes on from there"
)


class HostCall(ConnectionCall):
    """A command that is to run on one host; with `others`, calls, it is for all their hosts."""

    begun = False
    ssh_config = None  # the file of fab -S
    commands: Commands
    others: list["HostCall"]

    @property
    def host(self) -> str:
        port = self.init_kwargs["port"]
        return self.init_kwargs["host"] + (f":{port}" if port not in (None, 22) else "")

    def make_context(self, config: fabric.Config) -> Context:
        calls = [self, *self.others]
        self.commands.connections = [call.make_connection(config.clone()) for call in calls]
        return self.commands.connections[0]

    def make_connection(self, config: fabric.Config) -> Any:
        self.begun = True
        if openssh.is_there():
            client = openssh.Client(self.ssh_config or config.ssh_config_path)
            client.give(**{key: self.init_kwargs[key] for key in ("host", "user", "port")})
            client.give_keys(config.connect_kwargs.get("key_filename", []))
            config = openssh.settings_for(config, client)
        try:
            return super().make_context(config)
        except (ValueError, KeyError) as error:  # of an option that Fabric reads as a number
            raise Exit(f"{self.host}: ~/.ssh/config has a wrong value: {error}", 2) from None


class Executor(fabric.Executor):
    """Fabric's, which runs each command on all hosts before the next, and stops at a failure."""

    def __init__(self, commands: Commands, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.commands = commands
        self.calls: list[HostCall] = []

    def execute(self, *tasks: Any) -> dict[Any, Any]:
        if self.config.run.dry:
            raise Exit("fab --dry would connect and upload all the same; fab plan tells", 2)
        if self.core.remainder:
            raise Exit("fab -- runs what no host key is checked for: type fab sudo or fab run", 2)
        try:
            done = super().execute(*tasks)
        except CommandFailed as error:
            tell(self.commands.config.typed(error.output), end="")
            raise Exit(self.failure(error), error.status) from None
        except Exit as error:
            raise Exit(self.failure(error.message), error.code) from None
        except KeyboardInterrupt:
            tell()
            raise Exit(self.failure(INTERRUPTED), 130) from None
        except BrokenPipeError:  # as of fab logs | head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Exit(code=141) from None
        except OSError as error:
            raise Exit(self.failure(error), 1) from None
        if status := self.commands.status():
            raise Exit(code=status)
        return done

    def normalize(self, tasks: Any) -> list[Call]:
        calls = self.commands.choose(super().normalize(tasks))
        if path := self.commands.config.ssh_key_path:
            self.collection.configure({"connect_kwargs": {"key_filename": path}})
        self.commands.verbose = any(call.kwargs.get("verbose") for call in calls)
        return calls

    def normalize_hosts(self, hosts: Sequence[str]) -> list[dict[str, Any]]:
        """Return what the connection to each host is made with, a list of dicts."""
        commands, given = self.commands, self.core[0].args.hosts.value
        if given is not None and not given.strip(" ,"):
            raise Exit("-H names no host", 2)
        wanted = [host.strip() for host in hosts or commands.config.hosts]
        try:
            found = [split_host(host) for host in wanted if host]
        except ValueError as error:
            raise Exit(f"-H: {error}", 2) from None
        check_given(commands.configs, commands.config, [host for _, host, _ in found])
        return [self.connection_options(*each) for each in found]

    def connection_options(self, user: str | None, host: str, port: int | None) -> dict[str, Any]:
        config = self.commands.config
        if self.core[0].args.hosts.value:  # it may name one of FABRIC alone
            known = (found for found in map(split_host, config.hosts) if found[1] == host)
            known_user, _, known_port = next(known, (None, None, None))
            user, port = user or known_user, port or known_port
        options = {"look_for_keys": not config.ssh_key_path, **self.config.connect_kwargs}
        options.pop("key_filename", None)  # Fabric adds it
        return {
            "host": host,
            "user": user or config.ssh_user or None,
            "port": port,
            "connect_timeout": options.pop("timeout", None),
            "connect_kwargs": options,
        }

    def parameterize(self, call: Any, connection_init_kwargs: dict[str, Any]) -> HostCall:
        made = call.clone(into=HostCall, with_={"init_kwargs": connection_init_kwargs})
        made.ssh_config, made.commands = self.commands.ssh_config, self.commands
        made.others = []
        return made

    def expand_calls(self, calls: Any, apply_hosts: bool = True) -> list[Call]:
        expanded = super().expand_calls(calls, apply_hosts)
        if apply_hosts:
            expanded = self.calls = list(joined(expanded, self.commands.shared))
            self.commands.several = any(len(each) > 1 for each in hosts_of(self.calls))
        return expanded

    def failure(self, reason: object) -> str:
        """Return the reason and, where there are several hosts, which are done and which not."""
        begun = [call for call in self.calls if call.begun]
        words: str = self.commands.config.typed(str(reason))
        if not begun or len({call.host for call in self.calls}) == 1:
            return words
        groups = {"Done": begun[:-1], "Stopped": begun[-1:]}
        groups["Not begun"] = [call for call in self.calls if not call.begun]
        told = [
            f"{group}: {', '.join(map(told_of, each)) or 'none'}." for group, each in groups.items()
        ]
        return f"{words}\n{' '.join(told)}"


def joined(calls: Iterable[HostCall], shared: set[str]) -> Iterator[HostCall]:
    """Yield the calls, in which one of a shared command, by name, is for its hosts together."""
    last: HostCall | None = None
    for call in calls:
        is_next = last is not None and last.task is call.task and call.host not in hosts_in(last)
        if call.task.name in shared and last is not None and is_next:
            last.others.append(call)
            continue
        last = call
        yield call


def told_of(call: HostCall) -> str:
    return f"{call.task.name} on {', '.join(hosts_in(call))}"


def hosts_in(call: HostCall) -> list[str]:
    return [call.host, *(other.host for other in call.others)]


def hosts_of(calls: Iterable[HostCall]) -> Iterator[set[str]]:
    """Yield the hosts of each command, one call after the other."""
    found: dict[int, set[str]] = {}
    for call in calls:
        found.setdefault(id(call.task), set()).update(hosts_in(call))
    yield from found.values()
