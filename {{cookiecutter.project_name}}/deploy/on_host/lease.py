"""On the server: hold the lease of a command that changes the site, while its connection lives.

Printed is a line of JSON: {"held": true}, or {"holder": ...} with exit status 75 (EX_TEMPFAIL of
sysexits.h) where somebody else holds it. From then on each line read is a sign of life, or JSON
with what is to be noted. It ends when the input does, or after a minute without a sign: then what
the command has left running is killed, and its line of the history written. Nothing can go stale:
the lock is the kernel's, and it goes with this process.
"""

import fcntl
import json
import os
import select
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

SILENCE = 60  # seconds
PARAMETERS = json.loads(sys.argv[1])
STATE = Path(PARAMETERS["root"], "state")


def take():
    """Return the lock, or exit with what is known of its holder."""
    lock = (STATE / "lease.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        note = STATE / "lease.json"
        print(json.dumps({"holder": json.loads(note.read_text()) if note.exists() else {}}))
        sys.exit(75)
    # A switch goes on when the line of who began it is cut; it takes a minute or two at the most.
    fcntl.flock((STATE / "switch.lock").open("a"), fcntl.LOCK_EX)
    return lock


def write(path, value):
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(value))
    temporary.rename(path)


def lines():
    """Yield the lines of the input until it ends or falls silent."""
    pending = b""
    while select.select([0], [], [], SILENCE)[0]:
        data = os.read(0, 2**16)
        if not data:
            return
        *whole, pending = (pending + data).split(b"\n")
        yield from whole


def kill_steps():
    """Kill what the command has started and what would run on; it carries the lease's ID."""
    mark = f"LEASE={PARAMETERS['id']}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0"):
                os.kill(int(path.parent.name), signal.SIGKILL)
        except OSError:  # it has ended meanwhile
            continue


def main():
    lock = take()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    started = time.monotonic()
    note = {"when": datetime.now(UTC).isoformat(timespec="seconds"), **PARAMETERS["note"]}
    write(STATE / "lease.json", note)
    print(json.dumps({"held": True}), flush=True)
    for line in lines():
        if line.strip():
            note |= json.loads(line)
            write(STATE / "lease.json", note)
    kill_steps()
    note.setdefault("result", "cut off")
    note["seconds"] = round(time.monotonic() - started, 1)
    if note["result"] != "nothing to do":
        with (STATE / "history.jsonl").open("a") as file:
            file.write(json.dumps(note) + "\n")
    lock.close()


main()
