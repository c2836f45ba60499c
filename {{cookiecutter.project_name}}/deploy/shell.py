"""How a script gets through the log-in shell of a server, whatever that is, prints or exports."""

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any

from paramiko import Channel

from .scripts import script

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# A log-in shell may print a greeting, on both of its outputs; what we ask begins here.
MARK = "--- fab ---"
BEGIN = f"printf '\\n{MARK}\\n'; printf '\\n{MARK}\\n' >&2; "
ENVIRONMENT = script("environment")


@dataclass
class Session:
    """A command of on_host/ that goes on after its first answer, a dict.

    `channel` is what it reads, a paramiko Channel, and `output` what it prints, a file of bytes.
    """

    channel: Channel
    output: IO[bytes]
    answer: dict[str, Any]


def through_login(line: str) -> str:
    """Return the command that lets any log-in shell run a line of sh, and end with it.

    bash, dash, zsh, fish, csh and tcsh have these words, and this way of quoting, in common.
    """
    return f"exec /bin/sh -c {shlex.quote(f'PATH={PATH}; {line}')}"


def send(channel: Channel, data: bytes) -> None:
    """Let a command read the data, in bytes, and then no more."""
    try:
        channel.sendall(data)
        channel.shutdown_write()
    except OSError:  # the command ended without reading all of it, and tells by its status
        pass


def copy(
    stream: IO[bytes], sinks: Iterable[Callable[[bytes], object]], greetings: list[bytes]
) -> bool:
    """Pass each line after the MARK to the sinks, functions; return whether that came.

    Where it does not, the lines are added to `greetings`.
    """
    greeting = skip_greeting(stream)
    greetings += greeting or []
    for line in stream:
        for sink in sinks:
            sink(line)
    return greeting is None


def text(lines: Iterable[bytes]) -> str:
    """Return lines of bytes as one str."""
    return b"".join(lines).decode("utf-8", "replace")


def skip_greeting(stream: IO[bytes]) -> list[bytes] | None:
    """Read what a log-in shell prints before the MARK; return those lines where none comes."""
    lines = []
    for line in iter(stream.readline, b""):
        if line.strip() == MARK.encode():
            return None
        lines.append(line)
    return lines
