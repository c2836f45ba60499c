"""Alarms: the server asks and tells by itself, see on_host/alarms/; here is a test of the ways."""

from invoke import Exit

from . import checks, plans
from .host import Host


def send_test(host: Host) -> None:
    """Let the server send a test alarm by each way, and print what came of it.

    Exit where one does not work, or there is none.
    """
    plans.live_or_exit(host)
    facts = checks.facts(host)
    given = {name: facts[name] for name in ("port", "hostname", "app")}
    found = host.call("test_alarm", **given)["ways"]
    for way, problem in found.items():
        print(f"✗ {way}: {problem}" if problem else f"✓ {way}")
    if not found:
        raise Exit(host.config.typed("Nobody is told: type fab secret ADMINS, or ALARM_URL"), 1)
    if any(found.values()):
        raise Exit(f"{host.name}: not all were told", 1)
