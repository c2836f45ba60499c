"""What is known from one round to the next.

A dict: "round", counted from 1; "rows", see judging.py; "outbox", see outbox.py; "measures", see
measures.py; "sites", see sites.py. It is in ROOT/state/alarms.json and in /run/NAME-watch: a disk
that is full is told as any other fault, and a reboot makes nobody forget what was told.
"""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..files import write
from ..site import Site

Memory = dict[str, Any]


def on_disk(site: Site) -> Path:
    return site.state / "alarms.json"


def volatile(site: Site) -> Path:
    return Path(f"/run/{site.name}-watch")


def heard_of(site: Site) -> float:
    """Return when the last round has kept something, in seconds; now, where none was yet."""
    found = []
    for path in (on_disk(site), volatile(site) / "alarms.json"):
        with suppress(OSError):
            found.append(path.stat().st_mtime)
    return max(found, default=time.time())


def load(site: Site) -> Memory:
    """Return what the last round has kept, or what the first one begins with."""
    found: list[Memory] = []
    for path in (on_disk(site), volatile(site) / "alarms.json"):
        with suppress(OSError, ValueError):
            found.append(json.loads(path.read_text("utf-8")))
    kept = max(found, key=lambda each: each["round"], default={})
    empty: Memory = {"round": 0, "rows": {}, "outbox": {}, "measures": {}, "sites": {}}
    return empty | kept


def save(site: Site, memory: Memory) -> None:
    """Keep it; what can be kept nowhere would be told twice, and so the round ends with OSError."""
    memory["round"] += 1
    text, kept = json.dumps(memory), 0
    problem = OSError()
    for path in (volatile(site) / "alarms.json", on_disk(site)):
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write(path, text, mode=0o600)
            kept += 1
        except OSError as error:
            problem = error
    if not kept:
        raise problem
