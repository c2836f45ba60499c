"""supervisor, asked over its own socket: each supervisorctl would cost a start of Python.

It is never let wait for a program: meanwhile it would ask without a pause, and take a whole CPU.
http://supervisord.org/api.html
"""

import http.client
import socket
import time
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote
from xmlrpc.client import Fault, ProtocolError, ServerProxy, Transport

CONFIGURATION = "/etc/supervisor/supervisord.conf"


class ToSocket(Transport):
    """The way to the socket; the name of the host, which HTTP wants, means nothing."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        self._extra_headers = self.get_host_info(host)[1]  # with the password, where there is one
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.path)
        return connection


@contextmanager
def asked() -> Iterator[Any]:
    """Yield what has the functions of supervisor; it raises Fault where it refuses, or OSError."""
    options = RawConfigParser(strict=False, inline_comment_prefixes=(";",))
    options.read(CONFIGURATION)
    section = options["unix_http_server"] if options.has_section("unix_http_server") else {}
    there = {key: value.replace("%%", "%") for key, value in section.items()}
    words = [quote(there.get(key, ""), safe="") for key in ("username", "password")]
    user = f"{':'.join(words)}@" if words[0] else ""
    transport = ToSocket(there.get("file", "/run/supervisor.sock"))
    try:
        with ServerProxy(f"http://{user}localhost", transport) as server:
            yield server.supervisor
    except ProtocolError as error:  # which would tell the password
        raise OSError(error.errmsg) from None


def states() -> dict[str, tuple[str, str]]:
    """Return the state of each program, such as RUNNING, and since when, by name.

    Empty where supervisor does not answer.
    """
    try:
        with asked() as supervisor:
            programs: Any = supervisor.getAllProcessInfo()
    except OSError:
        return {}
    return {each["name"]: (each["statename"], each["description"]) for each in programs}


def state_of(program: str) -> str:
    """Return supervisor's word for a program, such as RUNNING, or an empty str."""
    return states().get(program, ("", ""))[0]


def update(program: str) -> None:
    """Let a program be as the files in /etc/supervisor say; Fault, or OSError, where that fails."""
    with asked() as supervisor:
        added, changed, removed = supervisor.reloadConfig()[0]
        if program in changed + removed:
            stop(program)
            supervisor.removeProcessGroup(program)
        if program in added + changed:
            supervisor.addProcessGroup(program)


def start(program: str) -> None:
    """Start a program: state_of tells what comes of it, STARTING for a second."""
    with suppress(Fault, OSError), asked() as supervisor:
        supervisor.startProcess(program, False)


def stop(program: str) -> None:
    """Stop a program, if it runs, and wait until it has ended."""
    with suppress(Fault, OSError), asked() as supervisor:
        supervisor.stopProcess(program, False)
    while state_of(program) == "STOPPING":
        time.sleep(0.1)
