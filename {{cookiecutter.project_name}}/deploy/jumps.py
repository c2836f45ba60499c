"""Who comes through a server to others: ProxyJump, tunnels. `fab secure` would end that."""

import glob
import re
from collections.abc import Iterator
from pathlib import Path

from fabric import Connection
from invoke import Exit

from . import openssh

JUMP = re.compile(r"^\s*ProxyJump[\s=]+(\S+)", re.I | re.M)
COMMAND = re.compile(r"^\s*ProxyCommand[\s=]+(.*\s-W\s.*)$", re.I | re.M)
INCLUDE = re.compile(r"^\s*Include[\s=]+(.+)$", re.I | re.M)


def through(connection: Connection) -> list[str]:
    """Return by which names this machine's ~/.ssh/config leads to others through a server."""
    names = dict.fromkeys(jumps(Path("~/.ssh/config").expanduser()))
    ours = (connection.host, connection.original_host)
    return [name for name in names if address_of(name) in ours]


def jumps(file: Path) -> Iterator[str]:
    """Yield the hosts that a file of ssh, and those that it includes, jump through."""
    if not file.is_file():
        return
    text = file.read_text("utf-8", "replace")
    for chain in JUMP.findall(text):
        for each in chain.split(","):
            yield re.sub(r"^(?:ssh://)?(?:.*@)?|:\d+$", "", each).strip("[]")
    for command in COMMAND.findall(text):
        words = [word for word in command.split() if not word.startswith(("-", "%"))]
        yield words[-1].rpartition("@")[2]
    for pattern in " ".join(INCLUDE.findall(text)).split():
        for path in glob.glob(str(Path("~/.ssh").expanduser() / Path(pattern).expanduser())):
            yield from jumps(Path(path))


def address_of(name: str) -> str:
    """Return what ssh makes of a name; the name itself where it makes nothing of it."""
    try:
        return openssh.Client().lookup(name)["hostname"] if openssh.is_there() else name
    except Exit:
        return name
