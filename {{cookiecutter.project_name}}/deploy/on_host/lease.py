"""The lease of a command that changes the site, held while its connection lives.

Printed is a line of JSON: {"held": true, "root": ROOT}, or {"holder": ...} with exit status 75
(EX_TEMPFAIL of sysexits.h) where somebody else holds it. From then on each line read is a sign of
life, or JSON with what is to be noted. It ends when the input does, or after a minute without a
sign: then what the command has left running is killed, and its line of the history written. Nothing
can go stale: the lock is the kernel's, and it goes with this process.
"""

import fcntl
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from .files import write
from .site import Refused, Site

SILENCE = 60  # seconds
LOCKS = ("lease.lock", "switch.lock")  # a switch goes on when the line is cut


def take(state: Path) -> TextIO:
    """Return the lock, or exit with what is known of its holder; Refused where there is no site."""
    if not state.is_dir():
        raise Refused("there is no site yet; type fab all")
    lock = (state / "lease.lock").open("a")
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # `holder` has it for a moment
            time.sleep(0.2)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print(json.dumps({"holder": noted(state)}))
        sys.exit(75)
    # A switch goes on when the line of who began it is cut; it takes a minute or two at the most.
    fcntl.flock((state / "switch.lock").open("a"), fcntl.LOCK_EX)
    return lock


def noted(state: Path) -> dict[str, Any]:
    """Return what is known of who holds the lease."""
    note = state / "lease.json"
    return json.loads(note.read_text()) if note.exists() else {}


def holder(state: Path, locks: Sequence[str] = LOCKS) -> dict[str, Any] | None:
    """Return what is known of who changes the site at this moment; None where nobody does."""
    for name in locks:
        try:
            with (state / name).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            continue
        except BlockingIOError:
            return noted(state)
    return None


def described(holder: dict[str, Any]) -> str:
    """Return in a line who is at work."""
    since = holder.get("when", "a moment ago")
    doing = holder.get("command", "a command")
    what = f" of {holder['to'][:8]}" if holder.get("to") else ""
    step = f", now at: {holder['step']}" if holder.get("step") else ""
    who = holder.get("who", "somebody")
    return f"{who} is at work here, {doing}{what} since {since}{step}"


def lines() -> Iterator[bytes]:
    """Yield the lines of the input until it ends or falls silent."""
    pending = b""
    while select.select([0], [], [], SILENCE)[0]:
        data = os.read(0, 2**16)
        if not data:
            return
        *whole, pending = (pending + data).split(b"\n")
        yield from whole


def kill_steps(lease: str) -> None:
    """Kill what the command has started and what would run on; it carries the lease's ID."""
    mark = f"LEASE={lease}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0"):
                os.kill(int(path.parent.name), signal.SIGKILL)
        except OSError:  # it has ended meanwhile
            continue


def hold(site: Site, id: str, note: dict[str, Any]) -> dict[str, Any]:
    """Hold the lease until the input ends; `id` is what the processes of its command carry."""
    lock = take(site.state)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    started = time.monotonic()
    note = {"when": datetime.now(UTC).isoformat(timespec="seconds"), **note}
    write(site.state / "lease.json", json.dumps(note))
    print(json.dumps({"held": True, "root": str(site.root)}), flush=True)
    for line in lines():
        if line.strip():
            note |= json.loads(line)
            write(site.state / "lease.json", json.dumps(note))
    kill_steps(id)
    note.setdefault("result", "cut off")
    note["seconds"] = round(time.monotonic() - started, 1)
    if note["result"] != "nothing to do":
        with (site.state / "history.jsonl").open("a") as file:
            file.write(json.dumps(note) + "\n")
    lock.close()
    return {}
