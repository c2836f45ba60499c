"""Who may read what the site writes: its logs, as Debian's, and the uploads that NGINX sends.

Processes of the site let others read nothing that they write (umask 0027).
"""

import glob
import grp
import os
import pwd
import stat
import subprocess
from pathlib import Path

from .site import Site
from .things import needed

JAILS = Path("/etc/fail2ban/jail.d")
OWNERS = {"/var/log/nginx": "www-data", "/var/log/supervisor": "root"}
LOG_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK


def settle(site: Site) -> None:
    """Let the logs be for administrators alone, and the uploads be readable to NGINX."""
    logs = [name for kind, name in needed(site, ()) if kind == "log"]
    are_new = not all(Path(log).exists() for log in logs)
    for log in logs:
        for path in dict.fromkeys([log, *glob.glob(f"{log}.*")]):
            close_log(Path(path))
    if are_new and (JAILS / f"{site.name}.local").exists():  # fail2ban looks for logs but once
        subprocess.run(["fail2ban-client", "reload"], capture_output=True)
    open_to("www-data", site.shared / "media")


def close_log(path: Path) -> None:
    """Let a log, which is made unless it is there, be read by its owner and the group adm."""
    if not path.parent.is_dir() or path.is_symlink():  # not installed yet, or somebody's choice
        return
    descriptor = os.open(path, LOG_FLAGS, 0o640)
    try:
        owner = pwd.getpwnam(OWNERS[str(path.parent)])
        os.fchown(descriptor, owner.pw_uid, grp.getgrnam("adm").gr_gid)
        os.fchmod(descriptor, 0o640)
    finally:
        os.close(descriptor)


def open_to(group: str, top: Path) -> None:
    """Let all directories below, and what is made in them from now on, be of a group.

    Their user may rename them meanwhile, and put symbolic links there: none is followed.
    """
    number = grp.getgrnam(group).gr_gid
    for _top, _names, _files, directory in os.fwalk(top, follow_symlinks=False):
        info = os.fstat(directory)
        mode = stat.S_IMODE(info.st_mode) | stat.S_ISGID | stat.S_IRGRP | stat.S_IXGRP
        if info.st_gid != number:
            os.fchown(directory, -1, number)
        if stat.S_IMODE(info.st_mode) != mode:
            os.fchmod(directory, mode)
