"""One server over SSH: run things there as root or as the site's user, and say what went wrong.

Nothing runs as root that does not say so: `as_root`, `as_site`, and `call` for a command of
on_host/.
"""

import json
import re
import shlex
import sys
import threading
from dataclasses import dataclass
from typing import Any

from fabric import Connection
from invoke import Exit
from paramiko import Channel, SSHException

from . import connecting, program, sudo
from .config import Config
from .connecting import Refused
from .scripts import script
from .shell import BEGIN, ENVIRONMENT, PATH, Session, copy, send, skip_greeting, text, through_login
from .terminal import ask, writer
from .work import Work

CALL = script("call")
IF_THERE = f'[ -e "{program.DIRECTORY}/$name.json" ] || exit 0\n'  # the record of a site
ROOT = re.compile(r"\$\{?root\b")
LOST = 255  # our exit status where a connection is lost
NOT_SENT = 96  # the exit status of CALL where the program is not there yet, or not any more


class CommandFailed(Exception):
    """A command on a host ended with another status than 0: .status, and .output, a str."""

    def __init__(self, status: int, output: str) -> None:
        super().__init__(f"exit status {status}")
        self.status, self.output = status, output


@dataclass
class Result:
    """What a command printed, as str, and its exit status."""

    stdout: str
    output: str  # stdout and stderr, as they came
    status: int
    begun: bool = True  # whether the log-in shell has run it


class Host:
    """A server. `connection` is Fabric's; it is opened on the first use, host key checked."""

    def __init__(self, connection: Connection, config: Config) -> None:
        self.connection = connection
        self.config = config
        port = "" if connection.port == 22 else f":{connection.port}"
        self.name = f"{connection.original_host}{port}"
        self.environment = config.environment  # whose site it has to be; empty: anybody's
        self.verbose = False
        self.beside = False  # whether it is one of several that a command is for
        self.lease: Any = None  # a Lease, while one is held
        self.work: Work | None = None  # what a thread does, while it does: see at_once.py
        self._is_checked = False  # whether the host has compared the environment
        self._sudo: tuple[str, bytes] | None = None
        self._root = ""  # until the host has said where the project is
        typed = connection.config.sudo.password or connection.connect_kwargs.get("password")
        self.known_password = typed or config.ssh_pass  # it may be typed later; empty before

    @property
    def app_user(self) -> str:
        """The user of the host that the site runs as."""
        return self.config.project_name

    @property
    def root(self) -> str:
        """The directory of the project on the host, a str: see `where` of on_host/record.py."""
        if not self._root:
            self.call("where")
        return self._root

    # Connecting

    def connect(self) -> None:
        """Open the connection, unless it is open; Exit with one line where that is not possible."""
        connecting.connect(self.connection, self.name, self.config.ssh_pass)

    def sudo_prefix(self) -> tuple[str, bytes]:
        """Return the words that make a command run as root, and what sudo wants to read first."""
        if self._sudo is None:
            self.connect()
            user = self.connection.user
            self._sudo = sudo.prefix(self.name, user, self.as_login, self._ask_password)
        return self._sudo

    def _ask_password(self) -> bytes:
        if not self.known_password:
            question = f"Password of {self.connection.user} on {self.name}, for sudo:"
            unknown = f"{self.name}: sudo wants a password; set SSH_PASS in FABRIC"
            self.known_password = ask(question, Refused(unknown, 3), hidden=True)
        return self.known_password.encode() + b"\n"

    # Running

    def as_root(self, script: str, **options: Any) -> Result:
        """Run a shell script as root and return its Result: see `_run`."""
        self._check_environment()
        return self._run("root", script, **options)

    def as_site(self, script: str, **options: Any) -> Result:
        """Run a shell script as the site's user and return its Result: see `_run`."""
        self._check_environment()
        return self._run(self.app_user, script, **options)

    def _run(
        self,
        user: str,
        script: str,
        stdin: str | bytes = b"",
        check: bool = True,
        shown: bool = False,
        **variables: str,
    ) -> Result:
        """Run a shell script as that user and return its Result.

        The script finds in $name the name of the project, in $root its directory, and the
        variables given. stdin, bytes or str, is what it reads. With shown, what it prints is not in
        the Result: it goes to our own standard output and error, as it comes. CommandFailed where
        the status is not 0, unless check is False.
        """
        result = self._execute(*self._command(user, script, stdin, variables), self.verbose, shown)
        self._check_begun(result.begun, result.output, result.status)
        if check and result.status:
            raise CommandFailed(result.status, result.output)
        return result

    def as_login(self, script: str, stdin: bytes = b"") -> Result:
        """Run a line of shell as the user that has logged in, and return its Result."""
        result = self._execute(through_login(BEGIN + script), stdin)
        self._check_begun(result.begun, result.output, result.status)
        return result

    def _check_begun(self, begun: bool, output: str, status: int) -> None:
        """Refused where the log-in shell has not run what it was told to."""
        if begun:
            return
        said = output.strip().splitlines()[-1:] or ["and says nothing; see what its ~/.bashrc does"]
        if f"user {self.app_user} does not exist" in said[0]:
            raise Refused(f"{self.name}: there is no user {self.app_user} yet; type fab all", 1)
        raise Refused(
            f"{self.name}: the log-in shell of {self.connection.user} runs no command (exit status"
            f" {status}): {said[0]}",
            3,
        )

    def call(self, command: str, as_site: bool = False, **parameters: Any) -> dict[str, Any]:
        """Run a command of on_host/ as root, or as the site's user; return its answer, a dict.

        CommandFailed with the reason where it is refused.
        """
        user, request = self._request(command, parameters, as_site)
        return self._answer(self._ask(user, CALL, request)[-1])

    def _check_environment(self) -> None:
        """CommandFailed where the site is another environment's; each `call` looks by itself."""
        if not self._is_checked:
            lines = self._ask("root", IF_THERE + CALL, self._request("where", {})[1])
            self._answer(lines[-1] if lines else "{}")

    def _ask(self, user: str, script: str, request: str) -> list[str]:
        """Send a request to the program, and that before where it is not there; return lines."""
        path = program.remote_path()
        result = self._run(user, script, request, check=False, program=path)
        if result.status == NOT_SENT:
            self._send_program()
            result = self._run(user, script, request, check=False, program=path)
        if result.status:
            raise CommandFailed(result.status, result.output)
        return result.stdout.splitlines()

    def session(self, command: str, as_site: bool = False, **parameters: Any) -> Session:
        """Start a command of on_host/ that reads on, or prints more than its answer.

        Exit where it is refused.
        """
        path = {"program": program.remote_path()}
        user, request = self._request(command, parameters, as_site)
        line, first = self._command(user, CALL, request, path)
        for mend in (self._send_program, lambda: None):
            channel = self._open(line)
            channel.sendall(first)
            answers = channel.makefile("rb")
            greeting = skip_greeting(answers)
            if answer := answers.readline():
                return Session(channel, answers, self._answer(answer))
            status = channel.recv_exit_status()
            if status != NOT_SENT:
                break
            mend()
        said = list(greeting or [])
        copy(channel.makefile_stderr("rb"), [said.append], said)
        self._check_begun(greeting is None, text(said), status)
        reason = text(said).strip().splitlines()
        if not reason:
            raise Exit(f"{self.name}: connection lost", LOST)
        raise Exit(f"{self.name}: {reason[-1]}", 1)

    def _request(
        self, command: str, parameters: dict[str, Any], as_site: bool = False
    ) -> tuple[str, str]:
        """Return the user that asks, and the line of the request."""
        names = {"command": command, "name": self.config.project_name, "root": self._root}
        names |= {"home": self.config.virtualenv_home, "environment": self.environment}
        if as_site:  # who may not read the record, nor what the site was deployed with
            names |= {"root": self.root, "environment": ""}
        user = self.app_user if as_site else "root"
        return user, json.dumps(names | parameters) + "\n"

    def _answer(self, line: str | bytes) -> dict[str, Any]:
        answer = json.loads(line)
        self._root = answer.pop("root", self._root)
        self._is_checked = True
        return answer

    def _send_program(self) -> None:
        self._run(
            "root",
            script("send_program"),
            program.archive(),
            program=program.remote_path(),
            directory=program.DIRECTORY,
        )

    def _command(
        self, user: str, script: str, stdin: str | bytes, variables: dict[str, str]
    ) -> tuple[str, bytes]:
        """Return the command that runs a script, and all that it reads, in bytes.

        The script is read as well: so any log-in shell hands it on, and the host's list of
        processes does not show it.
        """
        prefix, first = self.sudo_prefix()
        values = {"name": self.config.project_name} | variables
        if ROOT.search(script):  # or a new server, on which nothing is yet, would be asked for it
            values["root"] = self.root
        assignments = [f"{key}={shlex.quote(value)}; " for key, value in values.items()]
        lease = f"export LEASE={self.lease.id}; " if self.lease else ""
        whole = (BEGIN + ENVIRONMENT + lease + "".join(assignments) + script).encode()
        words = ["/bin/sh", "-c", f'PATH={PATH}; eval "$(head -c {len(whole)})"']
        if user != "root":
            words = ["/sbin/runuser", "-u", user, "--", *words]
        stdin = stdin.encode() if isinstance(stdin, str) else stdin
        return through_login(f"exec {prefix}{shlex.join(words)}"), first + whole + stdin

    def _execute(
        self, command: str, stdin: bytes, verbose: bool = False, shown: bool = False
    ) -> Result:
        channel = self._start(command, stdin)
        output: list[bytes] = []
        stdout: list[bytes] = []
        if shown:
            sinks, error_sinks = [writer(sys.stdout)], [writer(sys.stderr)]
        else:
            error_sinks = [output.append, *([writer(sys.stderr)] if verbose else [])]
            sinks = [stdout.append, *error_sinks]
        errors = channel.makefile_stderr("rb")
        reading = threading.Thread(target=copy, args=(errors, error_sinks, output), daemon=True)
        reading.start()
        begun = copy(channel.makefile("rb"), sinks, output)
        reading.join()
        status = channel.recv_exit_status()
        channel.close()
        if status == -1:
            if self.work:
                self.work.check()
            self.connection.transport.join(1)  # it ends just after its channels
            if not self.connection.transport.is_active():
                raise Exit(f"{self.name}: connection lost", LOST)
            status = 137
            output.append(b"killed on the server: it may be out of memory\n")
        return Result(text(stdout), text(output), status, begun)

    def _open(self, command: str) -> Channel:
        try:
            channel = self.connection.transport.open_session()
            if self.work:
                self.work.note(channel)
            channel.exec_command(command)
            return channel
        except (SSHException, EOFError, OSError):
            raise Exit(f"{self.name}: connection lost", LOST) from None

    def start(self, script: str, **variables: str) -> Channel:
        """Start a shell script as root, which prints what is no text; return its Channel."""
        self._check_environment()
        return self._start(*self._command("root", script, b"", variables))

    def _start(self, command: str, stdin: bytes) -> Channel:
        channel = self._open(command)
        threading.Thread(target=send, args=(channel, stdin), daemon=True).start()
        return channel
