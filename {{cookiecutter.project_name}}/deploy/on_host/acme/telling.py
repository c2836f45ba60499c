"""What is told of each name: in one file to people, and in one for each to NGINX and Django.

trusted/NAME is there while browsers trust the certificate of a name. In it is for how many seconds
they may be told to insist on HTTPS: an hour at first, a day when a renewal has worked, and a year
when a second one has.
"""

import json
import os
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from .ledger import DAY, HOUR, Ledger
from .place import Place, write

INSIST = [HOUR, DAY, 365 * DAY]  # after no renewal, one, two


def tell(
    place: Place, ledger: Ledger, own: Collection[str], trusted_own: Collection[str], end: float
) -> None:
    """Write what has changed.

    `own` are the names of the sites under your own certificate, which is good until `end`, and
    `trusted_own` those of them that browsers trust.
    """
    now = time.time()
    rows = ledger.all("SELECT * FROM name WHERE gone IS NULL OR until > :now", now=now)
    trusted = {row["name"]: insist(row["renewals"]) for row in rows if (row["until"] or 0) > now}
    mark(place, trusted | dict.fromkeys(trusted_own, insist(0)))
    told = {row["name"]: described(row, now) for row in rows if row["gone"] is None}
    told |= dict.fromkeys(own, f"under your own certificate until {day(end)}")
    told |= dict.fromkeys(trusted_own, f"trusted until {day(end)}, your own certificate")
    text = json.dumps({"paused": ledger.paused(now), "names": told})
    write(place.status, text)


def heartbeat(place: Place) -> None:
    """Let it be seen that the agent runs: by the time of that file."""
    with suppress(FileNotFoundError):
        os.utime(place.status)


def insist(renewals: int) -> int:
    """Return for how many seconds browsers may insist on HTTPS."""
    return INSIST[min(renewals, len(INSIST) - 1)]


def mark(place: Place, trusted: Mapping[str, int]) -> None:
    """Let there be a file for each name, and no other."""
    there = set(os.listdir(place.trusted))
    for name in there - trusted.keys():
        (place.trusted / name).unlink()
    for name in trusted.keys() - there:
        mark_name(place, name, trusted[name])


def mark_name(place: Place, name: str, seconds: int) -> None:
    """Let it be seen that browsers trust a name."""
    path = place.trusted / f".{name}"
    path.write_text(str(seconds))
    path.chmod(0o644)
    path.rename(place.trusted / name)


def described(row: Any, now: float) -> str:
    """Return how it is with a name, in words."""
    since, error = minute(row["failing"] or now), row["error"]
    if (row["until"] or 0) > now:
        told = f"trusted until {day(row['until'])}"
        return f"{told}, but renewal fails since {since}: {error}" if error else told
    if error:
        again = f"; it is tried again at {minute(row['next'])}" if row["next"] > now else ""
        return f"refused since {since}: {error}{again}"
    return f"waiting: {row['waits'] or 'it is the next to be looked at'}"


def day(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d}"


def minute(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%MZ}"
