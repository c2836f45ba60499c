"""What a command says while it works: a line a step, and where it failed the last lines."""

import sys
import time
from contextlib import contextmanager

from invoke import Exit

from .host import CommandFailed

LAST_LINES = 20


@contextmanager
def step(host, title):
    """Print the title of a step and how many seconds it took.

    Where a command fails in it, print the last lines of its output and Exit with its status.
    """
    started = time.monotonic()
    if host.lease:
        host.lease.note(step=title)
    if sys.stdout.isatty() and not host.verbose:
        print(f"  {title} ...", end="\r", flush=True)
    try:
        yield
    except CommandFailed as error:
        print(f"✗ {title}", *error.output.splitlines()[-LAST_LINES:], sep="\n  | ", flush=True)
        raise Exit(f"{host.name}: stopped at: {title} (exit status {error.status})", 1) from None
    print(f"✓ {title} ({time.monotonic() - started:.1f} s)", flush=True)
