"""The relay: how a release takes over from the one before. What happens is in on_host/switch.py."""

import json
from pathlib import Path

from invoke import Exit

from .steps import step

ON_HOST = Path(__file__).parent / "on_host"

# Not a child of this connection: when that is cut, the switch goes on to its end.
SWITCH = """
set -eu
cd $root/state
head -c "$size" >switch.py
cat >configuration.py
rm -f switch.json
systemd-run --quiet --wait --collect --unit="$name-switch" --setenv=LC_ALL=C.UTF-8 \
    python3 -B $root/state/switch.py "$parameters" || true
cat switch.json
"""


def switch(host, release):
    """Let a complete release take over; Exit, with the one before live again, where that fails."""
    source = (ON_HOST / "switch.py").read_bytes()
    parameters = {
        "name": host.config.project_name,
        "root": host.root,
        "release": release,
        "port": host.config.gunicorn_port,
        "host": host.config.live_hostname,
    }
    with step(host, f"Relay to {release}"):
        shown = host.run(
            SWITCH,
            stdin=source + (ON_HOST / "configuration.py").read_bytes(),
            size=str(len(source)),
            parameters=json.dumps(parameters),
        )
        journal = json.loads(shown.stdout)
        if journal.get("result") != "done":
            error = journal.get("error", "it was killed; the next deploy repairs what it left")
            raise Exit(f"{host.name}: {error}\n{host.name}: {journal.get('result', '')}", 1)
    return journal
