"""Files on the server: read with their owner and mode, replaced at once, and locked."""

import fcntl
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def read(path: Path, beneath: Path | None = None) -> tuple[str, str, int] | None:
    """Return the content, owner (USER:GROUP) and mode of a Path, or None.

    Beneath a directory, as in `write`, what a symbolic link leads to is not there.
    """
    try:
        with directory_of(path, beneath) as parent:
            flags = os.O_RDONLY | (os.O_NOFOLLOW | os.O_NONBLOCK if beneath else 0)
            descriptor = os.open(path.name, flags, dir_fd=parent)
        with os.fdopen(descriptor, encoding="utf-8", errors="surrogateescape") as file:
            info = os.fstat(descriptor)
            owner = f"{pwd.getpwuid(info.st_uid).pw_name}:{grp.getgrgid(info.st_gid).gr_name}"
            return file.read(), owner, stat.S_IMODE(info.st_mode)
    except (FileNotFoundError, NotADirectoryError, KeyError):
        return None
    except OSError:
        if beneath:
            return None
        raise


def write(
    path: Path,
    content: str,
    owner: str = "root:root",
    mode: int = 0o644,
    beneath: Path | None = None,
) -> None:
    """Replace a file at once: nobody ever reads half of it, not after a power cut either.

    `beneath` is a directory above it that is root's, where those in between are not: then no
    symbolic link is followed there, and OSError says so.
    """
    user, group = owner.split(":")
    temporary = f".{path.name}.new"
    with directory_of(path, beneath) as parent:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(temporary, flags, 0o600, dir_fd=parent)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            os.fchown(descriptor, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.rename(temporary, path.name, src_dir_fd=parent, dst_dir_fd=parent)


@contextmanager
def directory_of(path: Path, beneath: Path | None) -> Iterator[int]:
    """Open the directory of a file, and follow no symbolic link beneath another one."""
    top = beneath or path.parent
    opened = [os.open(top, os.O_RDONLY | os.O_DIRECTORY)]
    try:
        for part in path.parent.relative_to(top).parts:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            opened.append(os.open(part, flags, dir_fd=opened[-1]))
        yield opened[-1]
    except NotADirectoryError:
        if not beneath:
            raise
        raise OSError(f"{path.parent} is no directory, or leads by a symbolic link") from None
    finally:
        for descriptor in opened:
            os.close(descriptor)


def make_flag(path: Path) -> None:
    """Make an empty file where others may have put something else, which is not followed."""
    path.unlink(missing_ok=True)
    path.touch(exist_ok=False)


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
