"""Who listens at the ports of the server; read from /proc, as a new server may have no ss."""

import os
import pwd
import re
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LISTEN = "0A"  # the state, in /proc/net/tcp: include/net/tcp_states.h of Linux


@dataclass
class Holder:
    """A program that listens at a port: its name, its file, its user, its unit of systemd."""

    name: str
    file: str = ""
    user: str = ""
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name} (user {self.user})" if self.user else self.name


def holder(port: int, besides: Sequence[str] = ()) -> Holder | None:
    """Return the Holder of a TCP port, or None where nobody listens at it.

    Who listens at one of `besides`, addresses of IPv4, does not count.
    """
    sockets = listening(port, besides)
    if not sockets:
        return None
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        if sockets & opened(process):
            return described(process)
    return Holder("a program of the system")


def listening(port: int, besides: Sequence[str] = ()) -> set[str]:
    """Return the sockets that listen at a port, as /proc/PID/fd names them."""
    found, unasked = set(), {*map(as_listed, besides)}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        lines = Path(table).read_text().splitlines()[1:] if Path(table).exists() else []
        for fields in map(str.split, lines):
            address, _colon, number = fields[1].partition(":")
            if fields[3] == LISTEN and int(number, 16) == port and address not in unasked:
                found.add(f"socket:[{fields[9]}]")
    return found


def as_listed(address: str) -> str:
    """Return an address of IPv4 as /proc/net/tcp has it."""
    return f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}"


def opened(process: Path) -> set[str]:
    """Return what the file descriptors of a process lead to."""
    found = set()
    try:
        for descriptor in os.scandir(process / "fd"):
            found.add(os.readlink(descriptor.path))
    except OSError:  # it has ended meanwhile
        pass
    return found


def described(process: Path) -> Holder:
    """Return the Holder that a process of /proc is."""
    try:
        name = (process / "comm").read_text().strip()
        file = os.readlink(process / "exe").removesuffix(" (deleted)")  # as after an upgrade
        user = pwd.getpwuid(process.stat().st_uid).pw_name
        unit = re.search(r"/([\w.@\\-]+)\.service$", (process / "cgroup").read_text(), re.M)
    except (OSError, KeyError):
        return Holder("a program of the system")
    return Holder(name, file, user, unit[1] if unit else "")
