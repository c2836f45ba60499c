"""The lease: one command at a time changes a site, and what it did is in the history."""

import getpass
import json
import secrets
import socket
import threading
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Any, Self

from invoke import Exit
from paramiko import SSHException

from .host import LOST, Host
from .hosts import Hosts
from .on_host.lease import described

SIGN_OF_LIFE = 15  # seconds; the server waits for four of them


class Lease:
    """Hold the lease of a host in a `with` block; Exit with status 75 where somebody else does.

    `note(key=value)` adds to the line that the block leaves in the history; its "result" is
    "done", unless another was noted or the block raises. The host releases the lease when the
    connection ends, however that happens, and then kills what the block had running there.
    """

    def __init__(self, host: Host, command: str) -> None:
        self.host, self.id = host, secrets.token_hex(8)
        self.noted = {"who": f"{getpass.getuser()}@{socket.gethostname()}", "command": command}
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        session = self.host.session("lease", id=self.id, note=self.noted)
        if holder := session.answer.get("holder"):
            raise Exit(f"{self.host.name}: {described(holder)}; try again later", 75)
        self._channel = session.channel
        self.host.lease = self
        threading.Thread(target=self._show_life, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self.host.lease = None
        if kind:
            reason = getattr(error, "message", None) or kind.__name__  # an Exit has one
            self.noted["result"] = reason.strip().partition("\n")[0]
        try:
            self.note(result=self.noted.get("result", "done"))
            self._channel.shutdown_write()
            self._channel.recv_exit_status()  # until it is in the history
        except (OSError, SSHException):  # the server has seen that by itself
            pass
        except Exit:
            if not kind:  # or it would hide what went wrong
                raise

    def note(self, **values: Any) -> None:
        """Let the history say so; Exit where the lease is lost."""
        self.noted |= values
        try:
            self._channel.sendall(json.dumps(values).encode() + b"\n")
        except OSError:
            raise Exit(f"{self.host.name}: connection lost", LOST) from None

    def _show_life(self) -> None:
        while not self._ended.wait(SIGN_OF_LIFE):
            try:
                self._channel.sendall(b"\n")
            except OSError:
                return


class Leases:
    """Hold the leases of all hosts in a `with` block, one after the other in the order of names.

    So two who deploy at once meet at the first host that both of them reach. A host that is lost at
    the end is left out.
    """

    def __init__(self, hosts: Hosts, command: str) -> None:
        by_name = sorted(hosts, key=lambda host: host.name)
        self.hosts = hosts
        self.leases = {host.name: Lease(host, command) for host in by_name}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for lease in self.leases.values():
                lease.__enter__()
                stack.push(partial(self._end, lease))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def _end(self, lease: Lease, *error: Any) -> None:
        try:
            lease.__exit__(*error)
        except Exit as failure:
            if lease.host in self.hosts:
                self.hosts.lose(lease.host, failure)

    def note(self, **values: Any) -> None:
        """Let the history of each host say so."""
        for host in self.hosts:
            self.leases[host.name].note(**values)
