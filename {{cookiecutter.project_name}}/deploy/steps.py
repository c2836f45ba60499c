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

LAST_LINES = 20
FRAMES, TICK = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", 0.1  # seconds
NEXT = "With -v after it, the command shows all that the server prints"


@contextmanager
def step(host: Host, title: str, progress: object = "") -> Iterator[None]:
    """Print the title of a step and how many seconds it took, on the standard error.

    A terminal sees meanwhile how far it is, str(progress).

    Where a command fails in it, print the last lines of its output and Exit with its status.
    """
    if host.beside:
        title = f"{host.name}: {title}"
    host.sudo_prefix()  # which may ask for a password or a host key, and a spinner would hide that
    started = time.monotonic()
    if host.lease:
        host.lease.note(step=title)
    try:
        with (
            spinner(title, progress) if sys.stderr.isatty() and not host.verbose else nullcontext()
        ):
            yield
    except CommandFailed as error:
        lines = host.config.typed(error.output).splitlines()[-LAST_LINES:]
        tell(f"✗ {title}", *map(plain, lines), sep="\n  | ")
        raise Exit(
            f"{host.name}: stopped at: {title} (exit status {error.status}). {NEXT}", 1
        ) from None
    except BaseException:
        tell(f"✗ {title}")
        raise
    tell(f"✓ {title} ({time.monotonic() - started:.1f} s)")


@contextmanager
def spinner(title: str, progress: object) -> Iterator[None]:
    """Show on a terminal that a step goes on, for how many seconds, and how far it is."""
    ended = threading.Event()

    def spin() -> None:
        for tick in itertools.count():
            frame = FRAMES[tick % len(FRAMES)]
            told = f"{title} {tick * TICK:.0f} s {progress}"
            tell(f"\r\x1b[K{frame} {told.rstrip()}", end="")
            if ended.wait(TICK):
                break
        tell("\r\x1b[K", end="")  # the line is empty again

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
