"""Files between this machine and a server, over the connection that is there, with progress."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from invoke import Exit
from paramiko import Channel

from .host import LOST, CommandFailed, Host
from .on_host import uploads
from .on_host.site import Refused
from .on_host.uploads import Upload, offset
from .shell import skip_greeting, text
from .steps import step


def download(host: Host, script: str, path: Path, **variables: str) -> None:
    """Run a script as root and write what it prints, as bytes, to a local Path."""
    channel = host.start(script, **variables)
    printed = channel.makefile("rb")
    skip_greeting(printed)
    with path.open("wb") as file:
        shutil.copyfileobj(printed, file)
    if status := channel.recv_exit_status():
        path.unlink()
        errors = channel.makefile_stderr("rb")
        skip_greeting(errors)
        raise CommandFailed(status, text(errors))


class Progress:
    """How far a transfer is, as a str: 12 of 480 MB, 3 min left."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.started = time.monotonic()

    def add(self, size: int) -> None:
        self.done += size

    def __str__(self) -> str:
        told = f"{megabytes(self.done)} of {megabytes(self.total)} MB"
        passed = time.monotonic() - self.started
        if not self.done or passed < 2:
            return told
        left = round(passed / self.done * (self.total - self.done))
        return f"{told}, {left // 60} min left" if left >= 60 else f"{told}, {left} s left"


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"


def fetch(host: Host, title: str, wanted: Sequence[Upload], blobs: Path, everything: bool) -> None:
    """Bring files of the server into a directory of blobs; go on where a transfer was cut off."""
    wanted, there = once(wanted), uploads.staged(blobs)
    pairs = [(each, offset(each, there)) for each in wanted if each.sha256 not in there]
    if not pairs:
        return
    progress = Progress(sum(each.size - start for each, start in pairs))
    with step(host, described(title, pairs, progress), progress):
        given = {"wanted": pairs, "everything": everything}
        session = host.session("send_content", as_site=True, **given)
        try:
            whole = uploads.receive(session.output, blobs, len(pairs), progress.add)
        except Refused as refused:
            raise Exit(f"{host.name}: {refused}", 1) from None
        if whole < len(pairs):
            lost(host, session.channel)


def send(
    host: Host,
    title: str,
    wanted: Sequence[tuple[Path, Upload]],
    there: dict[str, int],
    command: str = "receive_content",
    as_site: bool = True,
) -> None:
    """Send local files, where the server does not have them yet; `there` is what it has staged.

    `command` is that of on_host/ that takes them.
    """
    found = {each.sha256: (path, each) for path, each in wanted}
    needed = [
        (path, each, offset(each, there))
        for path, each in found.values()
        if each.sha256 not in there
    ]
    if not needed:
        return
    pairs = [(each, start) for _, each, start in needed]
    progress = Progress(sum(each.size - start for each, start in pairs))
    room = progress.total + sum(each.size for _, each in wanted)
    with step(host, described(title, pairs, progress), progress):
        session = host.session(command, as_site, number=len(needed), room=room)
        try:
            uploads.send(Counted(session.channel, progress), needed)
            session.channel.shutdown_write()
        except Refused as refused:
            raise Exit(f"{host.name}: {refused}", 1) from None
        except OSError:
            lost(host, session.channel)
        if not session.output.readline():
            lost(host, session.channel)


class Counted:
    """A file that a channel of paramiko reads, in bytes; it counts them."""

    def __init__(self, channel: Channel, progress: Progress) -> None:
        self.channel, self.progress = channel, progress

    def write(self, data: bytes) -> None:
        self.channel.sendall(data)
        self.progress.add(len(data))

    def flush(self) -> None:
        """All is sent already."""


def once(wanted: Sequence[Upload]) -> list[Upload]:
    """Return one of those that have the same in them."""
    return list({each.sha256: each for each in wanted}.values())


def described(title: str, pairs: Sequence[tuple[Upload, int]], progress: Progress) -> str:
    """Return the title of a step with the number of files and bytes."""
    files = "1 file" if len(pairs) == 1 else f"{len(pairs)} files"
    goes_on = ", going on" if any(start for _, start in pairs) else ""
    return f"{title}: {files}, {megabytes(progress.total)} MB{goes_on}"


def lost(host: Host, channel: Channel) -> None:
    """Exit with what the server says, or that the connection is lost."""
    host.connection.transport.join(1)
    if not host.connection.transport.is_active():
        raise Exit(f"{host.name}: connection lost; the same command goes on where it was", LOST)
    errors = channel.makefile_stderr("rb")
    skip_greeting(errors)
    said = text(errors).strip().splitlines() or ["the transfer ended; type the same again"]
    raise Exit(f"{host.name}: {said[-1]}", 1)
