"""What a change of the site consists of, in which order, and what it asks before it begins."""

from collections.abc import Sequence
from typing import Any

from invoke import Exit

from . import checks, database, releases
from .host import CommandFailed, Host
from .hosts import Hosts
from .scripts import script
from .steps import step
from .terminal import ask


def live_or_exit(host: Host) -> str:
    """Return the name of the live release; Exit where there is none, or it cannot run here."""
    return find_live(host)["live"]


def find_live(host: Host) -> dict[str, Any]:
    """Return what the server says of the live release: see `live` of on_host/checks.py."""
    found = host.call("live")
    if not found["live"]:
        raise Exit(f"{host.name}: nothing is live yet; type fab all", 1)
    refuse_misfit(host, found)
    return found


def refuse_misfit(host: Host, found: dict[str, str]) -> None:
    """Exit where the packages of a release do not fit the Python of the server."""
    if found["problem"]:
        raise Exit(f"{host.name}: {found['problem']}; type fab deploy", 1)


def agree(question: str, yes: bool) -> None:
    """Exit unless the question is answered with yes, by --yes or on the terminal."""
    refusal = Exit(f"{question}: not agreed to; type yes when asked, or --yes", 2)
    if not yes and ask(f"{question} (yes/no)?", refusal) != "yes":
        raise refusal


def refuse_edited(changes: Sequence[dict[str, str]], yes: bool) -> None:
    """Exit where a file was changed by hand on the server, unless --yes says to overwrite it."""
    edited = [change for change in changes if change["edited"]]
    if edited and not yes:
        print(*(change["edited"] for change in edited), sep="\n")
        paths = ", ".join(change["path"] for change in edited)
        raise Exit(
            f"Changed on the server by hand: {paths}. Bring that into its template in deploy/, or"
            " overwrite it with --yes (a copy stays in state/edited there)",
            1,
        )


def tell_differences(host: Host, now: dict[str, Any]) -> None:
    """Print what of FABRIC differs from what the server was deployed with, a line a key."""
    for line in checks.differences(host, now):
        print(f"    {line}")


def agree_to_rename(host: Host, now: dict[str, Any], yes: bool) -> None:
    """Exit unless the site has its name already, or is to be renamed."""
    if line := checks.rename(host, now):
        agree(f"{line}, and the old name leads there. Rename the site", yes)
        print(f"    {line}")


def agree_to_environment(host: Host, now: dict[str, Any], yes: bool) -> None:
    """Exit unless the site is this environment's, or is to become so."""
    for key, before, after in now["fabric"]:
        if key == "ENVIRONMENT":
            line = f"{host.config.project_name} is the {before} site here"
            agree(f"{line}; a deploy makes it the {after} site. Go on", yes)


def agree_to_database(host: Host, now: dict[str, Any], yes: bool) -> None:
    """Exit where the data of the live site would stay behind, unless DATABASE has it already."""
    for key, before, after in now["fabric"]:
        if key == "DATABASE" and now["live"]:
            line = (
                f"DATABASE: {before or 'empty'} becomes {after or 'empty'}, and a deploy brings no"
            )
            if not before or not after:
                raise Exit(f"{host.name}: {line} data there; see README.md. Nothing was changed", 2)
            agree(f"{line} data there. Go on with what is there", yes)


def prepare_database(host: Host, now: dict[str, Any], maintenance: bool) -> None:
    """Make the database of DATABASE the project's; Exit where that, or the way back, cannot be.

    With --maintenance the way back is to load the dump of before.
    """
    if host.config.database:
        database.make(host)
    if now["live"] and maintenance:
        with step(host, "A way back for the database"):
            host.call("may_load")


# Migrations


def migrate(host: Host, name: str, pending: Sequence[str]) -> None:
    try:
        releases.migrate(host, name)
    except Exit as failure:
        told = f"{failure.message}\n{applied(host, name, pending)}"
        raise Exit(told, failure.code) from None


def check_migrations(host: Host, name: str, live: str, maintenance: bool, yes: bool) -> list[str]:
    """Return the names of the pending migrations; Exit if the live code could not survive them."""
    with step(host, "Pending migrations"):
        plan = releases.migrations(host, f"{host.root}/releases/{name}/project")
    for line in plan["breaking"] if live else []:
        print(f"    {line}")
    if live and plan["breaking"] and not maintenance:
        agree(
            "The live code could not survive these migrations; --maintenance would answer 503"
            " meanwhile. Go on without",
            yes,
        )
    return plan["pending"] if live else []


def applied(host: Host, name: str, pending: Sequence[str]) -> str:
    """Return a line that says how far the migrations came."""
    try:
        left = releases.migrations(host, f"{host.root}/releases/{name}/project")["pending"]
    except (Exit, CommandFailed, ValueError):
        return "How far the migrations came cannot be said"
    done = [migration for migration in pending if migration not in left]
    return (
        f"Migrations applied: {', '.join(done) or 'none'}; not applied: {', '.join(left) or 'none'}"
    )


# Going back


def agree_to_losses(host: Host, release: str, yes: bool) -> None:
    """Exit unless visitors lose nothing by an older release, or that is agreed to."""
    losses = host.call("losses", release=release)["losses"]
    for line in losses:
        print(f"    {line}")
    if losses:
        agree(f"Go back to {release} all the same", yes)


def find_dump(hosts: Hosts, release: str) -> str:
    """Return the newest backup made while that release was live; Exit where there is none.

    The host that has it leads then: a host which led at that time made it.
    """
    found = {}
    for host in hosts.abreast:
        names = [dump["name"] for dump in database.backups(host) if dump["release"] == release]
        if names and release in releases.show(host)["proven"]:
            found[host] = names[-1]
    if not found:
        raise Exit(f"There is no backup of the time when {release} was live", 2)
    hosts.lead = max(found, key=lambda host: found[host])  # names begin with their time
    return found[hosts.lead]


def load_and_tell(host: Host, dump: str, release: str = "", **options: Any) -> None:
    """Load a backup beside what is live, and say how the two differ."""
    loaded = database.load(host, dump, release, **options)
    if loaded["migrations"]:
        print(f"    Migrations that it lacked: {', '.join(loaded['migrations'])}")
    print(f"    {dump} is {loaded['age']}; what has been written since is lost:")
    for line in loaded["differences"] or ["no table has more or fewer rows"]:
        print(f"    {line}")
    if loaded["secrets"]:
        print("    It is of a server that is lost: its secrets come along")


def ask_about_loss(host: Host, dump: str, release: str, yes: bool) -> None:
    """Load the backup, say what the live database has and it has not, dump that, and ask."""
    load_and_tell(host, dump, release)
    database.dump(host, "rollback")
    agree(f"Put {dump} in the place of the live database", yes)


KNOWN = 'cd "$root/releases/$release/project" && ../venv/bin/python manage.py showmigrations --plan'
APPLIED = "SELECT app || '.' || name FROM django_migrations"


def tell_unknown_migrations(host: Host, release: str) -> None:
    """Print which applied migrations an older release does not know; they stay applied."""
    known = host.as_site(KNOWN, release=release).stdout.split()
    unknown = [
        name
        for name in host.as_root(script("psql"), stdin=APPLIED, plain="yes").stdout.split()
        if name not in known
    ]
    if unknown:
        print(f"    {release} does not know these migrations, which stay: {', '.join(unknown)}")


# Telling


def history_line(line: dict[str, Any]) -> str:
    """Return a line of the history for people."""
    what = " -> ".join(filter(None, [line.get("from"), line.get("to")]))
    what = what or line.get("backup") or line.get("setting", "")
    migrations = f", {len(line['migrations'])} migrations" if line.get("migrations") else ""
    return (
        f"{line['when'][:16]} {line['who']} {line['command']} {what}{migrations}:"
        f" {line['result']} ({line['seconds']} s)"
    )
