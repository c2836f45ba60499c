"""Files on the server: read with their owner and mode, replaced at once, and locked."""

import fcntl
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def read(path: Path) -> tuple[str, str, int] | None:
    """Return the content, owner (USER:GROUP) and mode of a Path, or None."""
    try:
        info = path.stat()
        owner = f"{pwd.getpwuid(info.st_uid).pw_name}:{grp.getgrgid(info.st_gid).gr_name}"
        return path.read_text("utf-8", "surrogateescape"), owner, stat.S_IMODE(info.st_mode)
    except (FileNotFoundError, NotADirectoryError, KeyError):
        return None


def write(path: Path, content: str, owner: str = "root:root", mode: int = 0o644) -> None:
    """Replace a file at once: nobody ever reads half of it, not after a power cut either."""
    user, group = owner.split(":")
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        os.fchown(descriptor, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.rename(path)


def link(path: Path, target: str) -> None:
    """Let a symbolic link point to the target, at once."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.rename(path)


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Yield whether nobody else is in such a block with that file; it is the kernel's lock."""
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
