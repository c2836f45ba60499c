"""What a run of fab costs: seconds, memory at both ends, and bytes on the line between them."""

import re
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

EACH = 0.1  # seconds between two looks; a process knows its own peak


class Cost(NamedTuple):
    """Seconds; bytes of memory of the largest process here and there; bytes sent and received."""

    seconds: float
    here: int
    there: int
    sent: int
    received: int


class Watch(threading.Thread):
    """Looks at the memory of a process with all below it, and of what runs over ssh on a host."""

    def __init__(self, pid, host):
        super().__init__(daemon=True)
        self.pid, self.host, self.over = pid, host, threading.Event()
        self.here = self.there = 0

    def run(self):
        while not self.over.wait(EACH):
            self.here = max(self.here, *map(peak, [self.pid, *below(self.pid)]))
            self.there = max([self.there, *map(peak, over_ssh(self.host))])


def fab(site, *words):
    """Run fab in a project; return what it printed and its Cost."""
    before, begun = traffic(site.host), time.monotonic()
    with site.start(*words, environment=site.environment) as process:
        watch = Watch(process.pid, site.host)
        watch.start()
        output = process.communicate(timeout=3600)[0]
    seconds = time.monotonic() - begun
    watch.over.set()
    watch.join()
    assert process.returncode == 0, output
    sent, received = (now - was for now, was in zip(traffic(site.host), before, strict=True))
    return output, Cost(seconds, watch.here, watch.there, sent, received)


def peak(pid):
    """Return the most memory that a process has had, in bytes; 0 where it is gone."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) * 1024 if found else 0
    return 0


def below(pid):
    """Yield the numbers of the processes that one has started, and of those that these have."""
    with suppress(OSError):
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in path.read_text().split():
                yield child
                yield from below(child)


def over_ssh(host):
    """Yield the numbers, of this machine, of the processes that log-ins have started on a host."""
    for path in host.cgroup.rglob("cgroup.procs"):
        if re.search(r"/(ssh\.service|session-\w+\.scope)/", str(path)):
            with suppress(OSError):
                yield from path.read_text().split()


def traffic(host):
    """Return the bytes that a host has got and sent since it was switched on."""
    cable = Path("/sys/class/net", host.rig.network.cable(host.number), "statistics")
    return [int((cable / f"{way}_bytes").read_text()) for way in ("tx", "rx")]
