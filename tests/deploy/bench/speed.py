"""How fast pages come, beside a static file, stock Mezzanine and Wagtail: nox -s bench.

All are on one host of the rig, under the same gunicorn, NGINX and PostgreSQL, one after the other.
The figures are written to docs/speed.md.
"""

import gzip
import os
import time

import choices
import gunicorns
import measuring
import pytest
import report
import rivals
from measuring import UNCACHED
from rivals import PAGE
from sites import HOST, PASSWORD, Site
from support import TEMPLATE, Baker, program

SITES = (1, 10, 100)
ADD_SITES = """
from django.core.management import call_command
for number in range({first}, {last}):
    call_command("addsite", f"site-{{number}}.example", verbosity=0)
"""


@pytest.fixture
def progress():
    """A function that prints a line, with the seconds since the start."""
    begin = time.monotonic()
    return lambda line: print(f"{time.monotonic() - begin:5.0f} s  {line}", flush=True)


@pytest.fixture
def busy():
    """How busy the machine is before all this: its load average of a minute."""
    return os.getloadavg()[0]


@pytest.fixture
def site(rig, plain_template, tmp_path, progress):
    """The deployed project, with content."""
    program("wrk", "wrk")
    host = rig.up("bench", suite="bookworm")
    project = Baker(plain_template, tmp_path).bake(live_hostname=HOST)
    # Who is asked as from many addresses: from one, NGINX lets nobody ask for more than 30 pages/s.
    proxies = [f"{rig.network.subnet}.1"]
    site = Site(project, host, SSH_USER="root", ADMIN_PASS=PASSWORD, PROXIES=proxies)
    site.fab("all")
    site.fab("python", rivals.CONTENT)
    site.fab("psql", "ANALYZE")
    gunicorns.prepare(host)
    progress("the project is deployed")
    yield site
    host.down()


def rates_of(server, session):
    """Measure what has to be made; return a dict of the Rates, and the Memory before and after."""
    rest = server.memory()
    rates = {
        "inner page, uncached": server.rate(PAGE, **UNCACHED),
        "home page, uncached": server.rate("/", **UNCACHED),
    }
    load = server.memory()
    # Of stock Mezzanine, and of this project.
    logged_in = {"Cookie": f"sessionid={session}; __Host-sessionid={session}"}
    rates["inner page, logged in"] = server.rate(PAGE, **logged_in)
    rates["list in the admin"] = server.rate("/admin/auth/user/", **logged_in)
    return rates, (rest, load)


def rates_of_kept(site, server):
    """Measure what is kept; return a dict of the Rates."""
    root = site.host.root / "srv/mysite/current/project/static"
    page = measuring.read(measuring.Connection(site.host.address, HOST), HOST, PAGE).encode()
    (root / "speed.html").write_bytes(page)
    (root / "speed.html.gz").write_bytes(gzip.compress(page, 6, mtime=0))
    address = f"https://{site.host.address}"
    return {
        "static file of that size": measuring.rate(
            f"{address}/static/speed.html", gunicorns.HEADERS
        ),
        "inner page from NGINX": measuring.rate(address + PAGE, gunicorns.HEADERS),
        "inner page from memcached": server.rate(PAGE),
    }


def of_rivals(host, progress):
    """Return the Rates of stock Mezzanine and of Wagtail, and a dict of their Memory by name."""
    rivals.prepare(host)
    stock = rivals.stock_mezzanine(host)
    progress("stock Mezzanine is installed")
    with gunicorns.running(stock) as server:
        rates, memory = rates_of(server, stock.log_in())
    rivals.configure(stock, rivals.CACHE)
    with gunicorns.running(stock) as server:
        rates["inner page from memcached"] = server.rate(PAGE)
    progress("stock Mezzanine is measured")
    with gunicorns.running(rivals.wagtail(host)) as server:
        rest = server.memory()
        first_page = {"home page, uncached": server.rate("/")}
        memories = {"stock Mezzanine": memory, "Wagtail": (rest, server.memory())}
    progress("Wagtail is installed and measured")
    return (rates, first_page), memories


def at_sites(site, progress):
    """Return the times to the first byte by number of sites: from NGINX, and uncached."""
    times, there = {}, 1
    for number in SITES:
        if number > there:
            site.fab("python", ADD_SITES.format(first=there, last=number))
            site.fab("sites")
            site.fab("psql", "ANALYZE")
        there = number
        hosts = [HOST, *(f"site-{count}.example" for count in range(1, number))]
        measuring.first_bytes(site, hosts, 2 * number)  # NGINX and all workers know them all
        kept = measuring.first_bytes(site, hosts, 900)  # NGINX closes a connection after 1000
        times[number] = kept, measuring.first_bytes(site, hosts, 400, **UNCACHED)
        progress(f"the first byte at {number} sites")
    return times


def test_bench(busy, site, progress):
    host = site.host
    own = gunicorns.own(host)
    session, server = own.log_in(), gunicorns.deployed(host)
    rates, memory = rates_of(server, session)
    rates = rates_of_kept(site, server) | rates
    progress("the project is measured")
    by_rival, memories = of_rivals(host, progress)
    page = own.run(rivals.PAGE_ID).split()[-1]
    seen = measuring.edits(site, PAGE, page, session)
    progress("edits")
    workers = choices.measure_workers(own, PAGE, progress)
    database = choices.measure_database(own, PAGE, progress)
    text = "\n\n".join(
        [
            report.introduction(host, busy),
            report.rates(rates, *by_rival),
            report.memories({"this project": memory} | memories),
            report.edits(seen),
            report.first_bytes(at_sites(site, progress)),
            report.workers(workers),
            report.database(database),
        ]
    )
    (TEMPLATE / "docs/speed.md").write_text(text + "\n")
    print(f"\n{text}")
