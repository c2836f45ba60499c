"""What it costs that content goes live, comes back and is brought back: nox -s content.

A site of 10,000 pages and 2 GB of uploads, beside a small one, goes to a host of the rig and comes
from there; then the host is lost. The figures are written to docs/content.md.
"""

import datetime
import os
import platform
import re
import shutil
import time

import looking
import measuring
import pytest
from sites import HOST, PASSWORD, Site
from support import TEMPLATE, Baker

SMALL, LARGE = (100, 20), (10_000, 2_000)  # pages, and uploads of a megabyte
MEGABYTE = 10**6  # bytes
GROW = """
import sys
from django.db import transaction
sys.path.insert(0, "tests")
from growing import grow_pages
with transaction.atomic():
    grow_pages({}, "ten below each")
"""
LIVE_UPLOADS = "/srv/mysite/shared/media/uploads/site-1"
CHANGED = LARGE[1] // 100
CHANGE = f"""
cd {LIVE_UPLOADS} && for number in $(seq {CHANGED}); do
    head -c {MEGABYTE} /dev/urandom >$number.jpg
done
"""

TEXT = """# Content on its way

Written by `nox -s content`, and not by hand. {date}; {cores} cores, Linux {kernel}; load average
before: {busy:.1f}. Above 0.5, others were using the machine, and times say little.

A small site has {small[0]} pages and {small[1]} uploads of 1 MB, a large one {large[0]:,} pages
and {large[1]:,} uploads; their bytes are random, as those of pictures nearly are. Memory is that of
the largest process: "here" of fab and of what it starts, with SQLite, "there" of what it starts on
the server, with PostgreSQL. The bytes are all that goes over the line, ssh and TCP included.

{costs}

With a `fab backup` of the large site, all its backups take {backup[0]:,} bytes; one more, after 1 %
of the uploads ({changed} MB) have changed, adds {backup[1]:,} bytes.

The server is lost, and the backup is a file at home. From an empty Debian to the restored site: two
commands, `fab all` in {lost[0]:.0f} s and `fab restore FILE` in {lost[1]:.0f} s.

Of each tenth public address, the answer's status and main part; of all tables, the number of rows;
of all uploads, the SHA-256:

{differences}
"""


@pytest.fixture
def progress():
    """A function that prints a line, with the seconds since the start."""
    begin = time.monotonic()
    return lambda line: print(f"{time.monotonic() - begin:5.0f} s  {line}", flush=True)


@pytest.fixture
def site(project, up_with_packages, plain_template, tmp_path):
    """A live site that is empty, and the project on a machine of its developer."""
    made = Baker(plain_template, tmp_path).bake(live_hostname=HOST)
    site = Site(made, up_with_packages("content", suite="bookworm"), SSH_USER="root")
    site.configure(ADMIN_PASS=PASSWORD)
    site.environment = {"VIRTUAL_ENV": str(project.python.parent.parent)}
    site.python = project.python
    with (made / "mysite/local_settings.py").open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write("DEBUG = True\n" + text)
    make_database(site)
    site.fab("all", environment=site.environment)
    yield site
    site.host.down()


def make_database(site):
    looking.manage(site, "createdb", "--noinput", "--nodata", "--verbosity=0")


def grow(site, begin, end):
    """Let the site here have more; begin and end are like SMALL."""
    looking.shell(site, GROW.format(end[0] - begin[0]))
    folder = site.project / "media/uploads/site-1"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(begin[1], end[1]):
        (folder / f"{number}.jpg").write_bytes(os.urandom(MEGABYTE))


def push_and_pull(site, progress):
    """Let small content, then large, travel; return the Cost of each way by what it is."""
    costs = {}

    def measure(what, *words):
        output, costs[what] = measuring.fab(site, *words)
        progress(f"{what}: {costs[what]}")
        return output

    grow(site, (0, 0), SMALL)
    measure("push of the small site", "push", "--yes")
    forget(site)
    measure("pull of the small site", "pull")
    grow(site, SMALL, LARGE)
    measure("push of what the large site has more", "push", "--yes")
    same = measure("push, nothing has changed", "push", "--yes")
    assert same.splitlines()[-1] == "All of it is live already."
    (site.project / "media/uploads/site-1/7.jpg").write_bytes(os.urandom(MEGABYTE))
    measure("push, one picture of 1 MB has changed", "push", "--yes")
    site.before = looking.here(site)
    progress("looked here")
    forget(site)
    measure("pull of the large site", "pull")
    measure("pull, nothing has changed", "pull")
    return costs


def forget(site):
    """Let there be nothing of the site here."""
    (site.project / "dev.db").unlink()
    for folder in ("media", "backups/mysite/content"):
        shutil.rmtree(site.project / folder)
    make_database(site)


def backups(site, progress):
    """Return the bytes of the snapshots, and how many more when 1 % of the uploads changed."""
    sizes = []
    for _ in range(2):
        site.fab("backup")
        size = site.host.run("du -sb /srv/mysite/snapshots").stdout.split()[0]
        sizes.append(int(size))
        progress(f"snapshots: {size} bytes")
        site.host.run(CHANGE)
    return sizes[0], sizes[1] - sizes[0]


def lose(site, rig, progress):
    """Lose the server, and bring the site to an empty one; return the seconds of both commands."""
    path = site.project / site.answer("backup", "--get").split()[-1]
    site.live = looking.there(site, everything=True)
    site.host.down()
    site.host = rig.up("empty", suite="trixie")
    (site.home / ".ssh/known_hosts").write_text(site.host.known_hosts.read_text())
    site.configure(HOSTS=[site.host.address])
    name = path.name.removesuffix(".tar.gz")
    commands = (["all"], ["restore", str(path), "--yes", name])
    seconds = [measuring.fab(site, *words)[1].seconds for words in commands]
    progress(f"the site is back: {seconds}")
    return seconds


def table(heads, rows):
    """Return a table in Markdown; the first column is of words, the others of figures."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def costs_table(costs):
    rows = []
    for what, cost in costs.items():
        memory = [f"{value / MEGABYTE:.0f}" for value in (cost.here, cost.there)]
        rows.append([what, f"{cost.seconds:.0f}", *memory, f"{cost.sent:,}", f"{cost.received:,}"])
    heads = ["seconds", "MB here", "MB there", "bytes to the server", "bytes from there"]
    return table(["", *heads], rows)


def differences_table(found):
    heads = ["that differ", *next(iter(found.values()))]
    cells = {way: [f"{unlike} of {n:,}" for n, unlike in of.values()] for way, of in found.items()}
    return table(heads, [[way, *of] for way, of in cells.items()])


def test_content(site, rig, progress):
    busy = os.getloadavg()[0]
    costs = push_and_pull(site, progress)
    found = {"after the pull": looking.differ(site.before, looking.here(site))}
    found = {"after the push": looking.differ(site.before, looking.there(site))} | found
    progress(f"looked at both ends: {found}")
    backup = backups(site, progress)
    lost = lose(site, rig, progress)
    found["after the restore"] = looking.differ(site.live, looking.there(site, everything=True))
    text = TEXT.format(
        date=datetime.date.today(),
        cores=os.cpu_count(),
        kernel=re.sub(r"-.*", "", platform.release()),
        busy=busy,
        small=SMALL,
        large=LARGE,
        changed=CHANGED,
        costs=costs_table(costs),
        backup=backup,
        lost=lost,
        differences=differences_table(found),
    )
    (TEMPLATE / "docs/content.md").write_text(text, encoding="utf-8")
    print(f"\n{text}")
    assert not any(unlike for of in found.values() for _, unlike in of.values())
