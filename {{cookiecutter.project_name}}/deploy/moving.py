"""A deploy with another DATABASE than the live one: the data moves, and nobody writes meanwhile."""

from typing import Any

from invoke import Exit

from . import database, files, plans, releases, server
from .host import Host
from .steps import step


def agree(host: Host, now: dict[str, Any], maintenance: bool, yes: bool) -> str:
    """Return how the live data comes to another database; Exit unless that is agreed to.

    "move": it is brought there; "take": what is there goes live; empty: DATABASE is the live one.
    """
    if not now["live"] or not any(key == "DATABASE" for key, _, _ in now["fabric"]):
        return ""
    database.make(host)
    with step(host, "Looking at both databases"):
        given: dict[str, Any] = {"url": host.config.database, "ca": files.database_ca(host)}
        found = host.call("compare_databases", **given)
    if found["how"] == "same":
        return ""
    if found["how"] == "move" and not maintenance:
        raise Exit(
            f"{host.name}: the data has to come from {found['from']} to {found['to']}, while nobody"
            " can write: type fab deploy --maintenance, which answers 503 meanwhile",
            2,
        )
    if found["how"] == "take":
        print(f"    {found['to']} has data of this site; that goes live")
        plans.agree(f"What was written to {found['from']} stays behind there. Go on", yes)
    return found["how"]


def deploy(host: Host, name: str, now: dict[str, Any], how: str) -> None:
    """Let a release that is built take over with its database; `how` is what `agree` returned."""
    server.set_maintenance(host, True, by="deploy")
    try:
        if how == "move":
            with step(host, "No more writes to the live database"):
                host.call("freeze")
            dump = database.dump(host, "deploy")
            with step(host, "Bringing the data to DATABASE"):
                host.call("carry", backup=dump, release=name)
        else:
            with step(host, "Taking what is there"):
                host.call("take", release=name)
        releases.migrate(host, name)
        plans.take_over(host, name, now)
    except Exit:
        if how == "move":
            with step(host, "Writes to the live database again"):
                host.call("thaw")
        server.end_maintenance_of_deploy(host)
        raise
    host.call("arrived")
    database.clear_cache(host)
    server.end_maintenance_of_deploy(host)
