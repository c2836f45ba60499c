"""The jobs of cron: how each ended, which job.sh has noted, and whether it is late.

Those are looked at that run by job.sh, in /etc/cron.d/NAME, also such of your own.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import lead
from ..site import Site

LINE = r"^([^\s#]\S* \S+ \S+ \S+ \S+) (\S+) (.*)/job\.sh {name} (\w+) (\d+)([smh]) "
SECONDS = {"s": 1, "m": 60, "h": 3600}
SLACK = 600
# What has a row of its own, by job and exit status.
TOLD_ELSEWHERE = {("poll_twitter", 1)}


@dataclass
class Job:
    """A line of the crontab: its name, its user, and how long its last success may be ago.

    `once`: of several hosts one runs it.
    """

    name: str
    user: str
    seconds: int
    once: bool = False


def crontab(site: Site) -> Path:
    return Path(f"/etc/cron.d/{site.name}")


def read(site: Site) -> list[Job]:
    """Return the jobs."""
    once = "ONCE=1 "
    lines = re.findall(LINE.format(name=site.name), crontab(site).read_text("utf-8"), re.M)
    return [
        Job(name, user, interval(*when.split()) + int(number) * SECONDS[unit] + SLACK, once in way)
        for when, user, way, name, number, unit in lines
    ]


def interval(minute: str, hour: str, day: str, month: str, weekday: str) -> int:
    """Return the most seconds from one run to the next, of the first fields of a line of cron."""
    for field, days in ((month, 366), (day, 31), (weekday, 7), (hour, 1)):
        if field != "*":
            return days * 86400
    step = re.fullmatch(r"\*(?:/(\d+))?", minute)
    return int(step[1] or 1) * 60 if step else 3600


def problems(site: Site, now: float) -> Iterator[str]:
    """Yield what is wrong with each job, in words."""
    begun = max(now - uptime(), crontab(site).stat().st_mtime, lead.since(site))
    elsewhere = not lead.is_to_lead(site)
    for job in read(site):
        if job.once and elsewhere:
            continue
        status, words, ended = outcome(site, job)
        said = f": {words}" if words else ""
        last = max(ended, begun)
        if status and (job.name, status) not in TOLD_ELSEWHERE:
            yield f"{job.name} failed with {status}{said}"
        elif now - last > job.seconds:
            yield f"{job.name} has not run for {(now - last) / 60:,.0f} minutes"


def outcome(site: Site, job: Job) -> tuple[int, str, float]:
    """Return the status of the last run, its last line, and when it ended; 0 where none has.

    The site's user has written it: nothing but a small plain file is read.
    """
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(folder_of(site, job) / job.name, flags)
        with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
            info = os.fstat(descriptor)
            if not stat.S_ISREG(info.st_mode):
                return 0, "", 0
            status, _end, words = file.read(2000).partition("\n")
            return int(status), printable(words), info.st_mtime
    except (OSError, ValueError):
        return 0, "", 0


def folder_of(site: Site, job: Job) -> Path:
    return site.state / "jobs" if job.user == "root" else Path(f"/run/{site.name}/jobs")


def printable(words: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in words).strip()[:300]


def uptime() -> float:
    return float(Path("/proc/uptime").read_text().split()[0])
