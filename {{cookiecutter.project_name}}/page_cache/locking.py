"""One rendering of a page at a time, by all threads and processes of a server.

The lock is the kernel's: it is gone with the process that has it, however that ends.
"""

from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from zlib import crc32

from django.conf import settings

try:
    import fcntl
except ImportError:  # Windows, where nothing but a laptop's one process runs
    fcntl = None

LOCKS = [Lock() for _ in range(4096)]  # pages that share one wait for each other


@contextmanager
def only_one(key):
    """Yield True, or False while a page is made under that key, a str."""
    place = crc32(key.encode()) % len(LOCKS)
    if not LOCKS[place].acquire(blocking=False):
        yield False
        return
    try:
        with only_process(place) as free:
            yield free
    finally:
        LOCKS[place].release()


@contextmanager
def only_process(place):
    """Yield whether no other process has locked that byte of the file; True without a file."""
    file = opened(settings.PAGE_CACHE_EDITS)
    if not file:
        yield True
        return
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
    except BlockingIOError:
        yield False
        return
    try:
        yield True
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, place)


@cache
def opened(directory):
    """Open the file of the locks, once: closing any handle of it would release them all.

    Return None where there is no such directory.
    """
    try:
        return Path(directory, "renderings.lock").open("wb") if fcntl else None
    except OSError:
        return None
