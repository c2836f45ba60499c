"""The relay: how a release takes over from the one before. What happens is in on_host/switch.py."""

from collections.abc import Sequence
from typing import Any

from invoke import Exit

from .host import Host
from .steps import step


def switch(host: Host, release: str, rename: bool = True) -> dict[str, Any]:
    """Let a complete release take over; Exit, with the one before live again, where that fails.

    With `rename`, the site gets the name that the release was deployed with.
    """
    config = host.config
    fabric: dict[str, Any] = {"port": config.gunicorn_port, "host": config.live_hostname}
    fabric["app"] = config.project_app
    with step(host, f"Relay to {release}"):
        journal = host.call("relay", release=release, rename=rename, **fabric)
        if journal.get("result") != "done":
            error = journal.get("error", "it was killed; the next deploy repairs what it left")
            error = "\n  | ".join(error.splitlines())
            lines = [error, journal.get("result", "")]
            if names := journal.get("taken_back"):
                lines.append(f"set by fab secret before, and now as it was: {', '.join(names)}")
            lines += filter(None, [journal.get("uploads")])
            raise Exit("\n".join(f"{host.name}: {line}" for line in lines), 1)
    if "renamed" in journal:
        before, now = journal["renamed"]
        print(f"    The site is called {now} now, and {before} leads there")
    for line in [*journal.get("told", []), *filter(None, [journal.get("uploads")])]:
        print(f"    {config.typed(line)}")
    return journal


def switch_all(
    hosts: Sequence[Host], name: str, before: dict[str, str], rename: bool = True
) -> None:
    """Relay one host after the other; where one fails, those go back that were relayed.

    `before` are the releases that they go back to, by the name of a host.
    """
    done: list[Host] = []
    for host in hosts:
        try:
            switch(host, name, rename=rename)
        except BaseException as failure:
            told = go_back(done, before)
            if not told or not isinstance(failure, Exit):
                raise
            raise Exit("\n".join([str(failure.message), *told]), failure.code) from None
        done.append(host)


def go_back(hosts: Sequence[Host], before: dict[str, str]) -> list[str]:
    """Let hosts have the release of before again; return a line for each, what came of it."""
    lines = []
    for host in reversed(hosts):
        release = before[host.name]
        if not release:
            lines.append(f"{host.name}: it had nothing live before, and keeps what it has now")
            continue
        try:
            switch(host, release)
            lines.append(f"{host.name}: {release} is live again")
        except Exit as failure:
            lines.append(f"{host.name} does not go back: {failure.message}")
    return lines
