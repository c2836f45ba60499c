"""The relay: how a release takes over from the one before. What happens is in on_host/switch.py."""

from invoke import Exit

from .steps import step


def switch(host, release):
    """Let a complete release take over; Exit, with the one before live again, where that fails."""
    port, hostname = host.config.gunicorn_port, host.config.live_hostname
    with step(host, f"Relay to {release}"):
        journal = host.call("relay", release=release, port=port, host=hostname)
        if journal.get("result") != "done":
            error = journal.get("error", "it was killed; the next deploy repairs what it left")
            error = "\n  | ".join(error.splitlines())
            raise Exit(f"{host.name}: {error}\n{host.name}: {journal.get('result', '')}", 1)
    for line in journal.get("told", []):
        print(f"    {line}")
    return journal
