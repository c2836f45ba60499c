"""What a project has on its server outside of its own directory, by kind and name.

A kind says whether something of a name is there, and how it is removed. A "log" is a file with the
older ones that logrotate made of it.
"""

import glob
import grp
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from . import postgres, supervisor
from .acme.place import user as acme_user
from .database_url import USES
from .site import Refused, Site

SUPERVISOR = Path("/etc/supervisor/conf.d")


def needed(site: Site, files: Iterable[str], elsewhere: bool = False) -> list[list[str]]:
    """Return what a project needs, a list of [kind, name]; `files` are paths outside of ROOT.

    `elsewhere`: its role and its database are on another host.
    """
    name = site.name
    databases = [name, *(f"{name}-{use}" for use in USES)]
    directories = [f"/run/{name}", f"/run/{name}-pages", f"/run/{name}-watch"]
    directories += [f"/var/cache/{name}-backups", str(site.root)]
    programs = [name, f"{name}-standby", f"{name}-memcached"]
    logs = [f"/var/log/nginx/{name}.{log}.log" for log in ("access", "error", "failed")]
    logs += [f"/var/log/supervisor/{program}.log" for program in programs]
    files = [*files, *(f"/etc/nginx/ssl/{name}.{kind}" for kind in ("crt", "key", "pem"))]
    return [
        *(["user", user] for user in (name, acme_user(name))),
        *(["group", group] for group in (name, acme_user(name))),
        *([] if elsewhere else [["role", name]]),
        *(["database", database] for database in databases if not elsewhere),
        *(["directory", directory] for directory in directories),
        *(["log", log] for log in logs),
        *(["program", program] for program in programs),
        *(["file", file] for file in files),
    ]


def described(kind: str, name: str) -> str:
    words = {
        "role": "the role {} of PostgreSQL",
        "database": "the database {}",
        "program": "the program {} of supervisor",
    }
    return words.get(kind, "the {kind} {}").format(name, kind=kind)


def exists(kind: str, name: str) -> bool:
    """Return whether there is something of that kind and name."""
    return KINDS[kind][0](name)


def remove_all(found: Sequence[Sequence[str]], of_cron: Path) -> None:
    """Remove those of a list of [kind, name] that are there, in the order of KINDS.

    `of_cron` is what cron runs as root: once cron is told nothing any more, it is ended.
    """
    for each in KINDS:
        for kind, name in found:
            if kind == each and exists(kind, name):
                KINDS[kind][1](name)
        if each == "file":  # what has read them forgets them, and closes what is removed next
            for program in (name for kind, name in found if kind == "program"):
                with suppress(supervisor.Fault, OSError):
                    supervisor.update(program)
            run("systemctl", "reload", "nginx", check=False)
            command = f"^python3 -BI {of_cron} ".replace(".", "[.]")
            run("pkill", "-KILL", "-f", command, check=False)
            for user in (name for kind, name in found if kind == "user"):
                end_processes(user)


def is_known(ask: Callable[[str], object]) -> Callable[[str], bool]:
    """Return a function that says whether a database of the system knows a name."""

    def has(name: str) -> bool:
        try:
            return bool(ask(name))
        except KeyError:
            return False

    return has


has_user, has_group = is_known(pwd.getpwnam), is_known(grp.getgrnam)


def has_program(name: str) -> bool:
    """Return whether supervisor is told of a program or a group of that name, by any file."""
    texts = (path.read_text("utf-8", "replace") for path in SUPERVISOR.glob("*.conf"))
    headers = {f"[{kind}:{name}]" for kind in ("program", "group", "fcgi-program")}
    return any(line.strip() in headers for text in texts for line in text.splitlines())


def has_path(name: str) -> bool:
    return Path(name).exists() or Path(name).is_symlink()


def run(*words: str, check: bool = True) -> None:
    result = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if check and result.returncode:
        raise Refused(f"{words[0]}: {result.stderr.strip()}")


def end_processes(user: str) -> None:
    """End what still runs as a user, such as a job of cron, and wait until it has ended."""
    for _ in range(100):
        run("pkill", "-KILL", "-u", user, check=False)
        if subprocess.run(["pgrep", "-u", user], stdout=subprocess.DEVNULL).returncode:
            return
        time.sleep(0.1)


def remove_user(name: str) -> None:
    end_processes(name)  # once more: cron may have been about to begin one
    run("userdel", name)


def remove_directory(name: str) -> None:
    """Remove a directory, its state last: without that, a removal could not be begun again."""
    path = Path(name)
    if path.is_symlink():
        return path.unlink()
    for child in sorted(path.iterdir(), key=lambda child: child.name == "state"):
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()
    return path.rmdir()


def remove_log(name: str) -> None:
    for path in glob.glob(f"{name}*"):
        Path(path).unlink()


# Whether it is there, and how it is removed; in this order, so that nothing is removed under
# something that still runs.
KINDS: dict[str, tuple[Callable[[str], bool], Callable[[str], object]]] = {
    "program": (has_program, supervisor.stop),
    "file": (has_path, lambda name: Path(name).unlink()),
    "database": (
        lambda name: bool(postgres.installed()) and postgres.has_database(name),
        lambda name: postgres.run("dropdb", "--force", name),
    ),
    "role": (
        lambda name: bool(postgres.installed()) and postgres.has_role(name),
        lambda name: postgres.run("dropuser", name),
    ),
    "log": (lambda name: bool(glob.glob(f"{name}*")), remove_log),
    "user": (has_user, remove_user),
    "group": (has_group, lambda name: run("groupdel", name)),  # unless it went with the user
    "directory": (has_path, remove_directory),  # last: with it goes the lease
}
