"""The relay: how a release takes over from the one before. What happens is in on_host/switch.py."""

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
