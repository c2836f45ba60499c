"""The relay: how a release takes over from the one before. What happens is in on_host/switch.py."""

import io
import json
import tarfile
from pathlib import Path

from invoke import Exit

from .steps import step

ON_HOST = Path(__file__).parent / "on_host"
SCRIPTS = ("switch.py", "processes.py", "configuration.py")

# Not a child of this connection: when that is cut, the switch goes on to its end.
SWITCH = """
set -eu
cd $root/state
tar -x --no-same-owner
rm -f switch.json
systemd-run --quiet --wait --collect --unit="$name-switch" --setenv=LC_ALL=C.UTF-8 \
    python3 -B $root/state/switch.py "$parameters" || true
cat switch.json
"""


def switch(host, release):
    """Let a complete release take over; Exit, with the one before live again, where that fails."""
    parameters = {
        "name": host.config.project_name,
        "root": host.root,
        "release": release,
        "port": host.config.gunicorn_port,
        "host": host.config.live_hostname,
    }
    with step(host, f"Relay to {release}"):
        shown = host.run(SWITCH, stdin=scripts(), parameters=json.dumps(parameters))
        journal = json.loads(shown.stdout)
        if journal.get("result") != "done":
            error = journal.get("error", "it was killed; the next deploy repairs what it left")
            error = "\n  | ".join(error.splitlines())
            raise Exit(f"{host.name}: {error}\n{host.name}: {journal.get('result', '')}", 1)
    return journal


def scripts():
    """Return the scripts of the switch as a tar, in bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in SCRIPTS:
            tar.add(ON_HOST / name, arcname=name)
    return buffer.getvalue()
