"""A limit to how long something may take, whatever it waits for."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block when it has taken so long; for the main thread alone."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"no answer within {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, end)
    # Again each second: what took the error for one of its own goes on to the next thing.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
