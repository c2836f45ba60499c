"""The files in which sshd looks for the public keys of a user, read and replaced with care.

root changes them in directories of the user: below the home no symbolic link is followed, which
would lead to files of others.
"""

import fcntl
import os
import pwd
import re
import stat
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .site import Refused

LOCK = Path("/run/mezzanine-keys.lock")
LIMIT = 1_000_000  # bytes: what is larger is no list of keys


def patterns(user: str) -> list[str]:
    """Return what sshd has as AuthorizedKeysFile for a user, see sshd_config(5)."""
    match = re.search(r"^authorizedkeysfile (.+)$", settings_of_sshd(user), re.M)
    return match[1].split() if match else [".ssh/authorized_keys"]


def root_may_log_in() -> bool:
    """Return whether sshd lets root in, by key at least."""
    return not re.search(r"^permitrootlogin no$", settings_of_sshd("root"), re.M)


def settings_of_sshd(user: str, address: str = "127.0.0.1") -> str:
    """Return what sshd has in force for a user who comes from an address, a line each.

    Empty where it does not say.
    """
    asked = ["/usr/sbin/sshd", "-T", "-C", f"user={user},host={address},addr={address}"]
    return subprocess.run(asked, capture_output=True, text=True).stdout


def paths(user: str) -> list[Path]:
    """Return the files of a user's keys, there or not; KeyError where there is no such user."""
    account = pwd.getpwnam(user)
    tokens = {"%%": "%", "%h": account.pw_dir, "%u": user, "%U": str(account.pw_uid)}
    return [
        Path(account.pw_dir, re.sub("%.", lambda found: tokens.get(found[0], found[0]), pattern))
        for pattern in patterns(user)
        if pattern != "none"
    ]


def path_of(user: str) -> Path:
    """Return the first of them, which is the one that we change; Refused where there is none."""
    for path in paths(user):
        return path
    raise Refused(f"sshd reads no file of keys for {user}: AuthorizedKeysFile in its settings")


@contextmanager
def locked() -> Iterator[None]:
    """Let nobody else of us change a file of keys meanwhile."""
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def lines(user: str) -> list[str]:
    """Return the lines of a user's first file; none where there is no such user or file."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        with directory(user, make=False) as (parent, path):
            descriptor = os.open(path.name, flags, dir_fd=parent)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise Refused(f"{path} is not a file")
                return split(file.read(LIMIT), path)
    except (FileNotFoundError, KeyError):
        return []


def all_lines(user: str) -> list[str]:
    """Return the lines of all files of a user's keys, to be shown."""
    found = []
    with suppress(KeyError):
        for path in paths(user):
            if path.is_file():
                with path.open("rb") as file:
                    found += split(file.read(LIMIT), path)
    return found


def split(content: bytes, path: Path) -> list[str]:
    if len(content) == LIMIT:
        raise Refused(f"{path} is too large for a file of keys")
    text = content.decode("utf-8", "surrogateescape")
    return text.removesuffix("\n").split("\n") if text else []


def write(user: str, content: Iterable[str]) -> None:
    """Replace a user's first file at once; it is the user's, who alone may read it."""
    account = pwd.getpwnam(user)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with directory(user, make=True) as (parent, path):
        temporary = f".{path.name}.new"
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=parent)
        descriptor = os.open(temporary, flags, 0o600, dir_fd=parent)
        with os.fdopen(descriptor, "wb") as file:
            os.fchown(descriptor, account.pw_uid, account.pw_gid)
            text = "".join(f"{line}\n" for line in content)
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(descriptor)
        os.rename(temporary, path.name, src_dir_fd=parent, dst_dir_fd=parent)


@contextmanager
def directory(user: str, make: bool) -> Iterator[tuple[int, Path]]:
    """Open the directory of a user's first file; give its descriptor, and the path of the file.

    `make`: where it is not there, it is made, for the user alone. Refused where it, or the file, is
    a symbolic link.
    """
    path, account = path_of(user), pwd.getpwnam(user)
    home = Path(account.pw_dir)
    inside = path.is_relative_to(home)
    parts = path.parent.relative_to(home).parts if inside else ()
    opened = [os.open(home if inside else path.parent, os.O_RDONLY | os.O_DIRECTORY)]
    try:
        for part in parts:
            if make:
                make_directory(part, opened[-1], account)
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            opened.append(os.open(part, flags, dir_fd=opened[-1]))
        if is_link(path.name, opened[-1]):
            raise Refused(f"{path} is a symbolic link; put the file itself there")
        yield opened[-1], path
    except NotADirectoryError:
        raise Refused(f"{path.parent} is not a directory, or a symbolic link to one") from None
    finally:
        for descriptor in opened:
            os.close(descriptor)


def make_directory(name: str, parent: int, account: pwd.struct_passwd) -> None:
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent)
        os.chown(name, account.pw_uid, account.pw_gid, dir_fd=parent, follow_symlinks=False)


def is_link(name: str, parent: int) -> bool:
    with suppress(FileNotFoundError):
        return stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    return False
