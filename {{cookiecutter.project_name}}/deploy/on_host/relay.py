"""Starts a switch that does not end with the connection, and tells what came of it."""

import json
import subprocess
import sys
from typing import Any

from .site import Site


def start(site: Site, release: str, port: int, host: str, app: str, rename: bool) -> dict[str, Any]:
    """Let a complete release take over; return the journal of the switch: see switch.py."""
    journal = site.state / "switch.json"
    journal.unlink(missing_ok=True)
    request: dict[str, Any] = {"command": "switch", "name": site.name, "root": str(site.root)}
    request |= {"release": release, "port": port, "host": host, "app": app, "rename": rename}
    subprocess.run(
        # Not a child of this connection: when that is cut, the switch goes on to its end.
        ["systemd-run", "--quiet", "--wait", "--collect", f"--unit={site.name}-switch"]
        + ["--property=UMask=0022", "--property=UnsetEnvironment=TMPDIR TZ LANG PYTHONPATH"]
        + ["--setenv=LC_ALL=C.UTF-8", sys.executable, "-BI", sys.argv[0], json.dumps(request)]
    )
    return json.loads(journal.read_text())
