"""Releases: a version of the project in a directory of its own, complete before it is looked at.

ROOT/releases/20261122T100501Z-1a2b3c4d/   project/, venv -> ../../venvs/HASH, REVISION
ROOT/current -> releases/...               the one that is live
ROOT/next -> releases/...                  the one that takes over, during a relay
ROOT/venvs/HASH/                           one for each content of the locked requirements
ROOT/shared/                               secrets, uploads, and static files of all releases
ROOT/state/                                which have been live, their configuration, journals
"""

import secrets
from typing import Any, NamedTuple

from invoke import Exit

from . import files, repository
from .host import CommandFailed, Host
from .scripts import script
from .steps import step
from .terminal import can_ask

# Building


class Begun(NamedTuple):
    """A release that is to be built on a host; `room` is what it needs there, in bytes."""

    name: str
    revision: str
    room: int


def begin(host: Host, revision: str, name: str = "") -> Begun:
    """Look for room for a release; its name is the one that it has on another host, if any."""
    with step(host, "Room on the disk"):
        found = host.call("begin", revision=revision, release=name)
    return Begun(found["name"], revision, found["room"])


def build(host: Host, begun: Begun) -> str:
    """Build a release, of which nothing is live yet; return the name of its virtualenv.

    That tells the packages. Where it fails, what is there has to be discarded.
    """
    revision, release = begun.revision, f"{host.root}/releases/{begun.name}"
    with step(host, f"Code of {revision[:8]}"):
        repository.unpack(host, revision, f"{release}/project")
    with step(host, "Python packages"):
        parameters = {"release": begun.name, "requirements": host.config.requirements_path}
        made = host.call("virtualenv", as_site=True, room=begun.room, **parameters)
    files.stage(host, begun.name)
    with step(host, "Checks and static files"):
        host.as_site(script("check"), release=release, revision=revision)
        share_static(host)
    return str(made["digest"])


def share_static(host: Host) -> None:
    """Let one directory serve the static files of all releases: see on_host/static.py."""
    host.call("share_static", as_site=True)


def discard(host: Host, name: str) -> None:
    """Remove what a build has left that failed.

    Where the line is cut, or a step still writes there, the next deploy removes the rest.
    """
    try:
        host.as_root("rm -rf $root/releases/$release", release=name, check=False)
    except Exit:
        pass


# The database of a release


def migrations(host: Host, directory: str) -> dict[str, list[str]]:
    """Return what the migrations of a release would do: see on_host/in_release/."""
    return host.call("migrations", directory=directory, app=host.config.project_app)


# What to type where the user admin was not made.
NO_ADMIN = {
    "missing": "fab deploy --force at a terminal, which shows a password, or set ADMIN_PASS before",
    "taken": 'fab manage "deletevisitor admin --noinput", since somebody has signed up as admin,'
    " and then fab deploy --force",
}


def finish(host: Host) -> list[str]:
    """Make the admin user where there is no superuser; return what there is to tell, lines.

    A password is made at a terminal alone: elsewhere it would be read in a log, as in that of CI.
    """
    made = secrets.token_urlsafe(12) if can_ask() else ""
    password = host.config.admin_pass or made
    app, hostname = host.config.project_app, host.config.live_hostname
    with step(host, "Admin user"):
        found = host.call("finish", app=app, password=password, hostname=hostname)
    lines = []
    if found["mail"]:
        lines.append(host.config.typed(no_mail(found["mail"], found["keeps"])))
    if found["admin"] == "made" and not host.config.admin_pass:
        lines.append(f"Log in at /admin/ as admin, password {made} (shown this once).")
    if found["admin"] in NO_ADMIN:
        line = f"Nobody can log in at /admin/ yet: type {NO_ADMIN[found['admin']]}"
        lines.append(host.config.typed(line))
    return lines


def no_mail(reason: str, keeps: bool) -> str:
    """Return in a line that mail cannot be sent, and what becomes of it."""
    what = "contact forms, sign-ups and forgotten passwords say so to visitors"
    if keeps:
        what = "it is kept, and sent when that works: type fab mail and your address"
    return f"The site cannot send mail ({reason}); {what}"


def migrate(host: Host, name: str) -> None:
    """Bring the database up to the release; what is there already is left as it is."""
    with step(host, "Database migrations"):
        host.as_site(script("migrate"), release=name)


# What is there


def live(host: Host) -> str | None:
    """Return the name of the live release, or None."""
    link = host.as_root("readlink $root/current", check=False).stdout.strip()
    return link.rpartition("/")[2] or None


def show(host: Host) -> dict[str, Any]:
    """Return what has been live: see `show` of on_host/releases.py."""
    return host.call("releases")


def prune(host: Host) -> None:
    """Delete what is older than a rollback needs; where that fails the deploy was good."""
    with step(host, "Old releases"):
        try:
            host.call("keep_forms", as_site=True)
            host.call("prune")
            share_static(host)
        except CommandFailed as failure:
            reason = host.config.typed(failure.output.strip())
            print(f"    {reason}; the next deploy tries again")
