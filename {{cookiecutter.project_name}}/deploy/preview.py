"""What a deploy would change, told before one is asked for."""

import re

from . import checks, mailing, releases, repository
from .host import CommandFailed, Host
from .scripts import script


def show(host: Host) -> None:
    """Print what a deploy would change; what is read on the server is removed again."""
    now = checks.examine(host)
    checks.tell(host, now["wrong"])
    lines = [*checks.refusals(host, now), checks.rename(host, now), *checks.differences(host, now)]
    print(*(f"{line}\n" for line in lines if line), sep="", end="")
    revision = repository.newest_revision(host)
    if host.config.suffix:
        print(f"Environment: {host.config.environment}")
    print(f"Revision: {now['revision'][:8] or 'none'} -> {revision[:8]}")
    if now["live"]:
        fits = all(row["name"] != "packages" for row in now["wrong"])
        show_release(host, revision, fits)
        if fits:
            mailing.tell(host)
    for change in now["changes"]:
        if change["edited"]:
            print(f"Changed by hand on the server, a deploy would overwrite:\n{change['edited']}")
        print(change["diff"], end="")
    if not now["changes"]:
        print("Files: no change")


def show_release(host: Host, revision: str, fits: bool) -> None:
    """Print the packages and migrations of a revision, unpacked on the server for that long.

    `fits`: the packages that are there do so.
    """
    release = host.as_site('mktemp -d "$root/releases/.plan.XXXXXX"').stdout.strip()
    try:
        repository.unpack(host, revision, f"{release}/project")
        different = host.as_root(
            'diff "$root/current/project/$path" "$release/project/$path"',
            check=False,
            release=release,
            path=host.config.requirements_path,
        ).stdout
        packages = re.findall(r"^[<>] [\w.\[\]-]+==\S+", different, re.M)
        print("Packages:", *(packages or ["no change"]), sep="\n  ")
        host.as_site(script("plan"), release=release, app=host.config.project_app)
        show_migrations(host, f"{release}/project", not fits or bool(packages))
    finally:
        host.as_root('rm -rf "$release"', release=release)


def show_migrations(host: Host, directory: str, packages_change: bool) -> None:
    try:
        plan = releases.migrations(host, directory)
    except CommandFailed as failure:
        if not packages_change:
            raise
        print("Migrations: cannot be told before the new packages are installed")
        print(f"  {host.config.typed(failure.output.strip())}")
        return
    print("Migrations:", *(plan["pending"] or ["none"]), sep="\n  ")
    for line in plan["breaking"]:
        print(f"  ! the live code could not survive: {line}")
