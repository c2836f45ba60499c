"""What turns a function of a host into a command of the fabfile, and runs commands on hosts."""

import functools
import inspect
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fabric
from fabric import Connection, Task
from fabric.main import program
from fabric.tasks import ConnectionCall
from invoke import Call, Collection, Context, Exit, ParseError
from paramiko import ConfigParseError, SSHConfig

from . import core_options, openssh
from .config import PRODUCTION, Config, split_host
from .environments import check_files, check_given
from .host import CommandFailed, Host
from .terminal import ask, tell

VERBOSE = inspect.Parameter("verbose", inspect.Parameter.KEYWORD_ONLY, default=False)
INTERRUPTED = (
    "interrupted. What ran on the server may go on there to its end; fab status tells what is live,"
    " and the same command goes on from there"
)


class Commands:
    """The commands of the fabfile, for the hosts of one of the Configs, a dict by environment."""

    def __init__(self, configs: dict[str, Config]) -> None:
        self.configs = configs
        self.config = configs[PRODUCTION]  # until the first word that was typed names another
        self.projects = sorted({config.project_name for config in configs.values()})
        self.namespace = Collection()
        # By user, name and port: commands of one run share their connections.
        self.hosts: dict[tuple[str, str, int], Host] = {}
        self.verbose = False
        self.exit_status = 0  # of a run in which all commands came to their end
        self.bare: set[str] = set()  # the commands that may go without their argument
        core_options.check(program.args)
        for name, config in configs.items():
            self.namespace.add_task(environment_task(name, config))
        program.config.tasks.auto_dash_names = False  # an environment is typed as it is written
        given = program.args["ssh-config"]  # fab -S
        self.ssh_config = given.value
        if openssh.is_there():  # see HostCall: Fabric itself is to read nothing
            program.config.load_ssh_configs = False
            given.set_value(None, cast=False)
        else:
            check_ssh_config(given.value)
        program.executor_class = functools.partial(Executor, self)
        program.parse_tasks = functools.partial(self.parse, program.parse_tasks)
        logging.getLogger("paramiko").addHandler(logging.NullHandler())  # we tell in our own words
        streams: list[Any] = [sys.stdout, sys.stderr]
        for stream in streams:
            # A terminal need not know all letters, and sees both streams in the order of the lines.
            stream.reconfigure(errors="replace", line_buffering=True)

    def command(self, function: Callable[..., object]) -> Task:
        """Make a command of function(host, ...), which then runs on each host in turn.

        Each gets an option more, --verbose. `command.body` takes the connection of a Host, to call
        it within another command.
        """
        name = function.__name__.rstrip("_").replace("_", "-")

        def run(connection: Connection, *args: Any, verbose: bool = False, **kwargs: Any) -> None:
            host = self.host_of(connection)
            tell(f"{name} on {host.name}{self.config.suffix}")
            numbers = {key: number(key, kwargs[key]) for key in kwargs.keys() & defaults.keys()}
            function(host, *args, **kwargs | numbers)

        signature = inspect.signature(function)
        parameters = [*signature.parameters.values(), VERBOSE]
        # Of what is no number Invoke would show a traceback.
        defaults = {p.name: str(p.default) for p in parameters if type(p.default) is int}
        parameters = [p.replace(default=defaults.get(p.name, p.default)) for p in parameters]
        body: Any = functools.wraps(function)(run)
        body.__signature__ = signature.replace(parameters=parameters)
        help = {"verbose": "Show all that the server prints."}
        if name in self.configs:
            reason = "a command of fab has that name; take another"
            raise Exit(f'FABRIC_ENVIRONMENTS["{name}"]: {reason}', 2)
        words = [p.name for p in parameters[1:] if p.default in (p.empty, None)]
        if any(parameter.default is None for parameter in parameters):
            self.bare.add(name)
        made = fabric.task(body, name=name, help=help, positional=words)
        self.namespace.add_task(made)
        return made

    def parse(self, parse_tasks: Callable[[], None]) -> None:
        """Let Invoke parse the commands; it has no arguments that may be left out, and so asks."""
        try:
            parse_tasks()
        except ParseError as error:
            if not error.context or error.context.name not in self.bare:
                raise
            program.core.unparsed.append("")  # only the last command lacks one
            parse_tasks()

    def choose(self, calls: list[Call]) -> list[Call]:
        """Let the environment be the one that the first word names; return the other calls."""
        names = [call.called_as for call in calls]
        words = [name for name in names if name in self.configs]
        if words:
            self.config, calls = self.configs[self.one_of(words, names)], calls[1:]
        check_files(self.configs, self.config)
        return calls

    def one_of(self, words: Sequence[str], names: Sequence[str | None]) -> str:
        """Return the one environment of the words; Exit where it is not the first of the names."""
        word, command = words[-1], next((name for name in names if name not in words), "status")
        if len(names) == 1:
            raise Exit(f"{word} is an environment: add a command, as in fab {word} status", 2)
        if words != names[:1]:
            told = "an environment comes first, and there is one at most"
            raise Exit(f"{word}: {told}: type fab {word} {command}", 2)
        return word

    def host_of(self, connection: Connection) -> Host:
        """Return the Host of a connection, the same for all commands of a run."""
        key = connection.user, connection.host, connection.port
        if key not in self.hosts:
            self.hosts[key] = Host(connection, self.config)
            self.hosts[key].verbose = self.verbose
        return self.hosts[key]


def environment_task(name: str, config: Config) -> Task:
    """Return what fab --list shows of an environment; Commands.choose takes it out of a run."""

    def body(connection: Connection) -> None:
        """Nothing is to be done: see above."""

    example = "as without this word" if name == PRODUCTION else f"as in fab {name} deploy"
    body.__doc__ = f"Let what follows be for {config.live_hostname}, {example}."
    return fabric.task(body, name=name)


def number(option: str, value: Any) -> int:
    """Return the int of 1 or more that was typed after an option; Exit where it is none."""
    if not re.fullmatch("0*[1-9][0-9]{0,8}", str(value)):
        raise Exit(f"--{option}: {value} is not a number of 1 or more", 2)
    return int(value)


def check_ssh_config(given: str | None) -> None:
    """Exit where Fabric, which reads it later, would show a traceback; given is a path or None."""
    name = given or "~/.ssh/config"
    path = Path(name).expanduser()
    try:
        if given or path.is_file():
            SSHConfig.from_path(path)
    except (ConfigParseError, OSError, UnicodeDecodeError) as error:
        raise Exit(f"{name}: {error}", 2) from None


class HostCall(ConnectionCall):
    """A command that is to run on one host."""

    begun = False
    ssh_config = None  # the file of fab -S

    @property
    def host(self) -> str:
        port = self.init_kwargs["port"]
        return self.init_kwargs["host"] + (f":{port}" if port not in (None, 22) else "")

    def make_context(self, config: fabric.Config) -> Context:
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
        if self.commands.exit_status:
            raise Exit(code=self.commands.exit_status)
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
        made.ssh_config = self.commands.ssh_config
        return made

    def expand_calls(self, calls: Any, apply_hosts: bool = True) -> list[Call]:
        expanded = super().expand_calls(calls, apply_hosts)
        if apply_hosts:
            self.calls = expanded
        return expanded

    def failure(self, reason: object) -> str:
        """Return the reason and, where there are several hosts, which are done and which not."""
        begun = [call for call in self.calls if call.begun]
        reason = self.commands.config.typed(str(reason))
        if not begun or len({call.host for call in self.calls}) == 1:
            return reason
        groups = {"Done": begun[:-1], "Stopped": begun[-1:]}
        groups["Not begun"] = [call for call in self.calls if not call.begun]
        told = [
            f"{group}: {', '.join(f'{call.task.name} on {call.host}' for call in calls) or 'none'}."
            for group, calls in groups.items()
        ]
        return f"{reason}\n{' '.join(told)}"


def confirm(question: str, answer: str, given: str = "") -> None:
    """Exit unless the answer is given, or typed when asked."""
    line = f"{question}: not confirmed; type {answer} when asked, or --yes {answer}"
    refusal = Exit(line, 2)
    if (given or ask(f"{question}? Type {answer} to go on:", refusal)) != answer:
        raise refusal
