"""What turns a function into a command of the fabfile.

Of several HOSTS, which serve one site, there are three kinds of command: `@command` runs on each in
turn; `@commands.once` is for what they have in common, and runs on one that answers; and
`@commands.together` is given all of them, as Hosts.
"""

import functools
import inspect
import logging
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fabric
from fabric import Connection, Task
from fabric.main import program
from invoke import Call, Collection, Exit, ParseError
from paramiko import ConfigParseError, SSHConfig

from . import core_options, openssh
from .config import PRODUCTION, Config
from .environments import check_files
from .executor import Executor
from .host import Host
from .hosts import AWAY, Hosts, answering, is_there
from .terminal import ask, tell

VERBOSE = inspect.Parameter("verbose", inspect.Parameter.KEYWORD_ONLY, default=False)
Function = Callable[..., object]


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
        self.connections: list[Any] = []  # of the call that runs
        self.several = False  # whether a command is for several hosts
        self.shared: set[str] = set()  # the commands that hosts have in common
        self.reached, self.away = False, False  # whether a host answered, or was left out
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

    def command(self, function: Function) -> Task:
        """Make a command of function(host, ...), which then runs on each host in turn."""

        def run(connection: Connection, *args: Any, **kwargs: Any) -> None:
            host = self.host_of(connection)
            self.title(function, host.name)
            if self.several and not self.answers(host):
                return
            function(host, *args, **kwargs)

        return self.made(function, run)

    def once(self, function: Function) -> Task:
        """Make a command of function(host, ...), which runs on one of the hosts that answer."""

        def run(connection: Connection, *args: Any, **kwargs: Any) -> None:
            hosts = self.there()
            self.title(function, hosts.lead.name)
            hosts.lead.beside = False
            function(hosts.lead, *args, **kwargs)

        self.shared.add(name_of(function))
        return self.made(function, run)

    def together(self, function: Function) -> Task:
        """Make a command of function(hosts, ...), which is given all that answer, as Hosts.

        With an option `without` these are none of those that it names: they are not even asked.
        """

        def run(connection: Connection, *args: Any, **kwargs: Any) -> None:
            hosts = self.there(kwargs.get("without", ""))
            self.title(function, hosts.names)
            function(hosts, *args, **kwargs)
            self.away = self.away or bool(hosts.away)  # it may leave out more

        self.shared.add(name_of(function))
        return self.made(function, run)

    def there(self, without: str = "") -> Hosts:
        """Return the hosts of the call that runs, those that answer, and were not left out."""
        hosts = answering([self.host_of(connection) for connection in self.connections], without)
        self.reached, self.away = True, self.away or bool(hosts.away)
        return hosts

    def answers(self, host: Host) -> bool:
        """Return whether one of several hosts answers, which is left out otherwise."""
        found = is_there(host)
        self.reached, self.away = self.reached or found, self.away or not found
        return found

    def status(self) -> int:
        """Return the exit status of a run in which all commands came to their end."""
        if self.away:
            return AWAY if self.reached else 3
        return self.exit_status

    def title(self, function: Function, where: str) -> None:
        tell(f"{name_of(function)} on {where}{self.config.suffix}")

    def made(self, function: Function, runs: Callable[..., None]) -> Task:
        """Make a command that does what `runs`, which is given a connection.

        Each gets an option more, --verbose.
        """
        name = name_of(function)

        def run(connection: Connection, *args: Any, verbose: bool = False, **kwargs: Any) -> None:
            numbers = {key: number(key, kwargs[key]) for key in kwargs.keys() & defaults.keys()}
            runs(connection, *args, **kwargs | numbers)

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


def name_of(function: Function) -> str:
    """Return how a command is typed; `all_` and such do not take Python's own names."""
    return function.__name__.rstrip("_").replace("_", "-")


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


def confirm(question: str, answer: str, given: str = "") -> None:
    """Exit unless the answer is given, or typed when asked."""
    line = f"{question}: not confirmed; type {answer} when asked, or --yes {answer}"
    refusal = Exit(line, 2)
    if (given or ask(f"{question}? Type {answer} to go on:", refusal)) != answer:
        raise refusal
