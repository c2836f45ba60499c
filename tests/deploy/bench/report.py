"""The figures as Markdown, for docs/speed.md."""

import datetime
import os
import platform
import re
import statistics
from pathlib import Path

from measuring import SECONDS, VISITORS

VERSIONS = r"""
. /etc/os-release && echo "$PRETTY_NAME"
python3 --version
nginx -v 2>&1 | sed 's|.*nginx/|NGINX |'
psql --version | sed 's/.*) \([0-9.]*\).*/PostgreSQL \1/'
/srv/mysite/current/venv/bin/gunicorn --version | sed 's/.*version /gunicorn /; s/).*//'
"""

INTRODUCTION = """# Speed

Written by `nox -s bench`, and not by hand.

{date}; {cores} cores of {model}, {memory:.0f} GiB, Linux {kernel}; load average before: {busy:.1f}.
Above 0.5, others were using the machine, and only the order of magnitude counts.

A host with {versions}, to which `fab all` has deployed the project. Stock
Mezzanine 6.1.1 (`mezzanine-project`, with the packages that it asks for) and `wagtail start` are
beside it, under the same `gunicorn.conf.py`, NGINX and PostgreSQL, which has been analysed. This
project and stock Mezzanine have the same pages; Wagtail has the one that it begins with.

`wrk` asks from outside of the host, on the same cores, over {visitors} connections for {seconds} s
each: for the static file and the page from NGINX by HTTPS, for all else by HTTP, past what NGINX
keeps."""


def introduction(host, busy):
    cpu = Path("/proc/cpuinfo").read_text()
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1])
    return INTRODUCTION.format(
        date=datetime.date.today(),
        cores=os.cpu_count(),
        model=re.search(r"model name\s*: (.*)", cpu)[1].strip(),
        memory=memory / 2**20,
        kernel=platform.release(),
        busy=busy,
        versions=", ".join(host.run(VERSIONS).stdout.splitlines()),
        visitors=VISITORS,
        seconds=SECONDS,
    )


def table(heads, rows):
    """Return a table in Markdown; the first column is of words, the others of figures."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figure(number):
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def rates(own, stock, wagtail):
    """Return the table of requests per second: the Rates of each by what was asked for."""
    static, lines = own["static file of that size"].per_second, []
    for what, rate in own.items():
        line = [what, figure(rate.per_second), f"{rate.per_second / static:.2%}"]
        line += [
            figure(rival[what].per_second) if what in rival else "" for rival in (stock, wagtail)
        ]
        ratio = f"{rate.per_second / stock[what].per_second:.2f}" if what in stock else ""
        lines.append([*line, ratio])
    heads = ["requests/s", "this project", "of the static file", "stock Mezzanine", "Wagtail"]
    return table([*heads, "this project / stock"], lines)


def memories(by_name):
    """Return the table of the Memory of each, at rest and under load."""
    lines = []
    for name, found in by_name.items():
        lines.append([name, *(str(memory.worker) for memory in found), str(found[1].all)])
    ratio = by_name["this project"][1].worker / by_name["stock Mezzanine"][1].worker
    return (
        table(["MB", "a worker at rest", "under load", "all workers under load"], lines)
        + f"\n\nUnder load, a worker of this project takes {ratio:.2f} of stock Mezzanine's."
    )


def edits(seen):
    """Return what the seconds say after which each edit was seen."""
    return (
        f"{len(seen)} edits were seen by visitors, through NGINX, {statistics.median(seen):.3f} s"
        f" (median) after the editor had the answer, {seen[-1]:.3f} s at the most."
    )


def first_bytes(times):
    """Return the table of the time to the first byte, by number of sites."""
    lines = []
    for number, kinds in times.items():
        found = [(kind[len(kind) // 2], kind[len(kind) * 99 // 100]) for kind in kinds]
        lines.append([str(number), *(f"{value:.2f}" for pair in found for value in pair)])
    heads = ["sites", "from NGINX, median", "99 %", "uncached, median", "99 %"]
    return (
        "Milliseconds to the first byte of home pages, asked of all sites in turn over one"
        f" kept connection by HTTPS:\n\n{table(heads, lines)}"
    )


def workers(rows):
    """Return the table of gunicorn's choices."""
    lines = [
        [
            f"`{options}`",
            *(f"{number:.1f}" for number in (rate.per_second, slow.per_second)),
            *(f"{number:,.0f}" for number in (rate.p99, slow.p99)),
            str(memory.all),
        ]
        for options, rate, slow, memory in rows
    ]
    heads = ["gunicorn", "requests/s", "with a slow database", "p99, ms", "with a slow database"]
    return (
        "The inner page, uncached, by gunicorn's workers; a slow database takes 20 ms longer for"
        f" each statement:\n\n{table([*heads, 'MB of all'], lines)}"
    )


def database(rates):
    """Return the table of the ways to PostgreSQL."""
    lines = [[name, f"{rate:.1f}"] for name, rate in rates.items()]
    return table(["inner page, uncached, PostgreSQL by", "requests/s"], lines)
