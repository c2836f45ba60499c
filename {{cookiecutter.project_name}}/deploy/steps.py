"""What a command says while it works: a line a step, and where it failed the last lines."""

import itertools
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from invoke import Exit

from .host import CommandFailed, Host
from .terminal import plain, tell
from .work import CutOff

LAST_LINES = 20
CLEAR = "\r\x1b[K"  # empties the line
FRAMES, TICK = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", 0.1  # seconds
NEXT = "With -v after it, the command shows all that the server prints"


@contextmanager
def step(host: Host, title: str, progress: object = "") -> Iterator[None]:
    """Print the title of a step and how many seconds it took, on the standard error.

    A terminal sees meanwhile how far it is, str(progress); of several hosts that are at work at
    once, see at_once.py, that is told of all together.

    Where a command fails in it, print the last lines of its output and Exit with its status.
    """
    if host.beside:
        title = f"{host.name}: {title}"
    host.sudo_prefix()  # which may ask for a password or a host key, and a spinner would hide that
    started = time.monotonic()
    if host.lease:
        host.lease.note(step=title)
    above = CLEAR if host.work and sys.stderr.isatty() else ""  # where all have one spinner
    try:
        with nullcontext() if host.work or host.verbose else spinner(title, progress):
            yield
    except CommandFailed as error:
        lines = host.config.typed(error.output).splitlines()[-LAST_LINES:]
        tell(f"{above}✗ {title}", *map(plain, lines), sep="\n  | ")
        raise Exit(
            f"{host.name}: stopped at: {title} (exit status {error.status}). {NEXT}", 1
        ) from None
    except CutOff:
        tell(f"{above}– {title}: cut off")
        raise
    except BaseException:
        tell(f"{above}✗ {title}")
        raise
    tell(f"{above}✓ {title} ({time.monotonic() - started:.1f} s)")


@contextmanager
def spinner(title: str, progress: object) -> Iterator[None]:
    """Show on a terminal that a step goes on, for how many seconds, and how far it is."""
    if not sys.stderr.isatty():
        yield
        return
    ended = threading.Event()

    def spin() -> None:
        for tick in itertools.count():
            frame = FRAMES[tick % len(FRAMES)]
            told = f"{title} {tick * TICK:.0f} s {progress}"
            tell(f"{CLEAR}{frame} {told.rstrip()}", end="")
            if ended.wait(TICK):
                break
        tell(CLEAR, end="")

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
