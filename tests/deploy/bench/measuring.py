"""What is measured, from outside of the host: rates, memory, times."""

import os
import re
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.request import Request, urlopen

from load import Connection
from sites import Visitor
from support import program

SECONDS = os.environ.get("BENCH_SECONDS", "4")
VISITORS = 16
IN_MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}
UNCACHED = {"Cookie": "just-sent=1"}  # of who has just sent a form: that page is made anew
EDITS = 100
TOKEN = "x" * 32  # against forged forms

# In MB: the resident memory of the largest worker, and all processes with what they share once.
MEMORY = r"""
workers=$(ps -o pid= --ppid %(main)s)
for pid in $workers; do cat /proc/$pid/status; done |
    awk '/^VmRSS:/ && $2 > kB {kB = $2} END {print int(kB / 1024)}'
for pid in %(main)s $workers; do cat /proc/$pid/smaps_rollup; done |
    awk '/^Pss:/ {kB += $2} END {print int(kB / 1024)}'
"""


class Rate(NamedTuple):
    """What wrk counts."""

    per_second: float
    p99: float  # milliseconds that all but 1 % of the answers took at the most


class Memory(NamedTuple):
    worker: int  # MB resident in the largest worker
    all: int  # MB of gunicorn and its workers, what they share counted once


def rate(url, headers):
    """Ask for a page as often as it is answered; return the Rate. Every answer has to be a 200."""
    warm_up(url, headers)
    options = [f"-H{name}: {value}" for name, value in headers.items()]
    command = [program("wrk", "wrk"), "-t1", f"-c{VISITORS}", f"-d{SECONDS}s", "--latency"]
    command += ["--timeout=30s", *options, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    assert "Socket errors" not in said, said
    p99, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", said).groups()
    per_second = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    return Rate(per_second, float(p99) * IN_MILLISECONDS[unit])


def warm_up(url, headers):
    """Ask for a page until all workers have loaded what it needs."""
    context = ssl._create_unverified_context()

    def ask(_):
        with urlopen(Request(url, headers=headers), timeout=60, context=context) as answer:
            return answer.read()

    with ThreadPoolExecutor(VISITORS) as visitors:
        list(visitors.map(ask, range(4 * VISITORS)))


def memory(host, main):
    """Return the Memory of a gunicorn, whose first process has that ID on the host."""
    return Memory(*map(int, host.run(MEMORY % {"main": main}).stdout.split()))


def first_bytes(site, hosts, number, **headers):
    """Ask for the home pages of these hosts in turn, over one kept connection.

    Return a sorted list of the milliseconds that each answer took to begin.
    """
    connection, times = Connection(site.host.address, site.name), []
    for count in range(number):
        visitor = {"X-Forwarded-For": f"203.0.{count // 250}.{count % 250 + 1}"}
        about = {"Host": hosts[count % len(hosts)]} | visitor | headers
        begin = time.perf_counter()
        connection.request("GET", "/", headers=about)
        answer = connection.getresponse()
        times.append((time.perf_counter() - begin) * 1000)
        assert answer.status == 200, answer.read()
        answer.read()
    connection.close()
    return sorted(times)


def edits(site, path, page, session):
    """Edit a page EDITS times; return after how many seconds a visitor saw each edit, sorted."""
    editor, visitor = Visitor(site), Connection(site.host.address, site.name)
    editor.cookies = {"__Host-sessionid": session, "__Host-csrftoken": TOKEN}
    edit = {"app": "pages", "model": "richtextpage", "id": page, "fields": "title"}
    seen = []
    for number in range(EDITS):
        title = f"Title {number}."
        read(visitor, site.name, path)
        assert editor.ask("/edit/", edit | {"title": title}) == (200, b"")
        begin = time.monotonic()
        while title not in read(visitor, site.name, path):
            assert time.monotonic() - begin < 60, f"{title} is not seen"
            time.sleep(0.002)
        seen.append(time.monotonic() - begin)
    visitor.close()
    return sorted(seen)


def read(connection, host, path):
    """Return the text of a page as a visitor gets it who has no cookies."""
    connection.request("GET", path, headers={"Host": host})
    return connection.getresponse().read().decode()
