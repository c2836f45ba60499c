"""The site on its server: its user and directories, how it is, its logs, its end."""

import json
import re
from contextlib import suppress
from typing import Any

from invoke import Exit

from . import checks, files
from .host import Host
from .on_host.acme.place import user as acme_user
from .scripts import script
from .steps import step


def create_user(host: Host, asked: str = "") -> None:
    """Make the user that the site runs as, and the project's directories.

    First of all the names that the project needs are claimed; where somebody else has one of them,
    or a prerequisite of the command `asked` is missing, nothing is made, and all that is told.
    """
    with step(host, f"User {host.app_user}, and its directories"):
        paths, facts = files.on_server(host), checks.facts(host)
        host.call("claim", files=paths, facts=facts, asked=asked)
        given = {"home": host.root.rpartition("/")[0], "agent": acme_user(host.app_user)}
        told = host.as_root(script("create_user"), **given).stdout
    for line in told.splitlines():
        print(f"    {host.config.typed(line)}")


LOGS = {
    "app": "/var/log/supervisor/$name.log",
    "standby": "/var/log/supervisor/$name-standby.log",
    "memcached": "/var/log/supervisor/$name-memcached.log",
    "access": "/var/log/nginx/$name.access.log",
    "error": "/var/log/nginx/$name.error.log",
}


def show_request(host: Host, id: str) -> None:
    """Print what the logs say of the request that was answered with this X-Request-ID."""
    if not re.fullmatch("[0-9a-f]{32}", id):
        raise Exit(f"{id!r} is no X-Request-ID: it has 32 of the letters 0-9 and a-f", 2)
    host.as_root(script("request"), id=id, shown=True)


def history(host: Host) -> list[dict[str, Any]]:
    """Return the lines of the history, a list of dicts, the oldest first: see on_host/lease.py.

    What a full disk has left of a line is none.
    """
    shown = host.as_root("cat $root/state/history.jsonl", check=False).stdout
    found = []
    for line in shown.splitlines():
        with suppress(ValueError):
            found.append(json.loads(line))
    return found


def set_maintenance(host: Host, on: bool, by: str = "hand") -> None:
    """Answer 503 to everybody but the server itself, or no longer."""
    script = "echo $by >$root/state/maintenance" if on else "rm -f $root/state/maintenance"
    host.as_root(script, by=by)


def end_maintenance_of_deploy(host: Host) -> None:
    """End a maintenance that a deploy or restore began, also one that was cut off."""
    flag = f"{host.root}/state/maintenance"
    host.as_root(f"grep -sqx hand {flag} || rm -f {flag}")


def adopt(host: Host) -> dict[str, Any]:
    """Let the server have a record of a site from before there were records; Exit without one.

    Return "data", whether there is something to back up, and "elsewhere", in words, a database that
    is on another host.
    """
    with step(host, "What is ours"):
        return host.call("adopt", files=files.on_server(host))


def remove(host: Host, backup: str) -> str:
    """Remove what the server's record says is the project's; return where its backup stays."""
    path = ""
    if backup:
        with step(host, f"Keeping {backup}"):
            path = host.call("keep_backup", backup=backup)["path"]
    with step(host, f"Removing {host.config.project_name}"):
        host.call("remove")
    return path
