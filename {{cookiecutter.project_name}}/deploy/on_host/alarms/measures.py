"""What is counted from one round to the next: answers of NGINX, kills, evictions, failed units.

A dict: "log", how far the log of NGINX was read, {"inode": 1, "offset": 0}, and "answers", [time,
all, errors] of each round of the last ten minutes; "kills" and "evictions", {"count": 0, "rises":
[[time, by how much]]} of the last hour; "units", those that had failed before we came.
"""

import os
import re
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..site import Site

Measures = dict[str, Any]

MOST = 4_000_000  # bytes of the log that a round reads: what is before them is not counted
TEN_MINUTES, HOUR = 600, 3600  # seconds
ANSWER = re.compile(rb'^(\S+) .*?\] "[^"]*" (\d{3}) .*', re.M)


def take(site: Site, measures: Measures, now: float) -> None:
    """Bring the measures up to date; what cannot be read is counted the next time."""
    for name, count in COUNTS.items():
        with suppress(OSError, ValueError, subprocess.SubprocessError):
            note_rise(measures, name, count(site), now)
    with suppress(OSError):
        count_answers(site, measures, now)
    with suppress(OSError, subprocess.SubprocessError):
        failed = failed_units()
        measures["units"] = sorted(set(measures.get("units", failed)) & set(failed))


def note_rise(measures: Measures, name: str, count: int, now: float) -> None:
    """Note by how much a number has grown since the last round; it begins again with a start."""
    known = measures.setdefault(name, {"count": count, "rises": []})
    rise = count - known["count"] if count >= known["count"] else count
    rises = [each for each in known["rises"] if 0 <= now - each[0] < HOUR]
    measures[name] = {"count": count, "rises": [*rises, [now, rise]] if rise else rises}


def risen(measures: Measures, name: str) -> int:
    """Return by how much it has grown within the last hour."""
    return sum(rise for _time, rise in measures.get(name, {}).get("rises", []))


def kills(site: Site) -> int:
    """Return how many processes the kernel has killed for lack of memory since the start."""
    found = re.search(r"^oom_kill (\d+)", Path("/proc/vmstat").read_text(), re.M)
    return int(found[1]) if found else 0


def evictions(site: Site) -> int:
    """Return how many values memcached has dropped to have room for others since its start."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(f"/run/{site.name}/memcached.sock")
        connection.sendall(b"stats\r\n")
        told = b""
        while b"END\r\n" not in told and (part := connection.recv(65536)):
            told += part
    found = re.search(rb"STAT evictions (\d+)", told)
    return int(found[1]) if found else 0


COUNTS: dict[str, Callable[[Site], int]] = {"kills": kills, "evictions": evictions}


def failed_units() -> list[str]:
    """Return the units of systemd that have failed; OSError or SubprocessError if it is silent."""
    words = ["systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager"]
    shown = subprocess.run(words, capture_output=True, timeout=20, check=True).stdout
    lines = shown.decode("utf-8", "replace").splitlines()
    return sorted(line.split()[0] for line in lines if line.strip())


# The answers of NGINX


def access_log(site: Site) -> Path:
    return Path(f"/var/log/nginx/{site.name}.access.log")


def count_answers(site: Site, measures: Measures, now: float) -> None:
    """Count what visitors were answered since the last round."""
    lines = read_on(access_log(site), measures.setdefault("log", {}))
    ours = {b"127.0.0.1", own_address().encode()}  # the server looks at its pages itself
    total = errors = 0
    for address, status in ANSWER.findall(lines):
        if address not in ours:
            total, errors = total + 1, errors + status.startswith(b"5")
    if (site.state / "maintenance").exists():
        total = errors = 0
    recent = [each for each in measures.get("answers", []) if 0 <= now - each[0] < TEN_MINUTES]
    measures["answers"] = [*recent, [now, total, errors]]


def own_address() -> str:
    """Return the address from which the server reaches others; nothing is sent for that."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # of RFC 5737: nobody has it
        except OSError:
            return "127.0.0.1"
        return str(sock.getsockname()[0])


def read_on(path: Path, place: dict[str, int]) -> bytes:
    """Return the whole lines of a log since the last time, of which `place` says how far it was.

    Nothing the first time; of a new file, all; never more than the last MOST bytes.
    """
    with path.open("rb") as file:
        info = os.fstat(file.fileno())
        begin = place.get("offset", info.st_size)
        if place.get("inode", info.st_ino) != info.st_ino or begin > info.st_size:
            begin = 0
        file.seek(max(begin, info.st_size - MOST))
        lines = file.read(MOST)
    whole = lines.rpartition(b"\n")[0]
    begin = max(begin, info.st_size - MOST)
    place.update(inode=info.st_ino, offset=begin + len(whole) + bool(whole))
    return whole


def answered(measures: Measures) -> tuple[int, int]:
    """Return how many requests were answered within ten minutes, and how many with an error."""
    found = measures.get("answers", [])
    return sum(each[1] for each in found), sum(each[2] for each in found)
