"""How long it takes to find the site of a request, with 1, 100 and 10,000 sites: nox -s benchmark.

Run by the Python of a project, in its directory. All figures are of one run and one process, so it
is the ratios that count.
"""

import gc
import os
import random
import time
import tracemalloc
from tempfile import TemporaryDirectory

import django
from django.conf import settings
from django.test.utils import CaptureQueriesContext

SIZES = [1, 100, 10_000]
REQUESTS = 5_000


def set_up(directory):
    """Load the project with an empty database of its own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
    settings.DATABASES["default"]["NAME"] = f"{directory}/benchmark.db"
    settings.DEBUG = False
    django.setup()
    from django.core.management import call_command

    call_command("createdb", interactive=False, nodata=True, verbosity=0)


def fill(size):
    """Make it that many sites, past signals as a restored database would."""
    from django.contrib.sites.models import Site
    from multisite.models import HostRevision

    numbers = range(Site.objects.count(), size)
    Site.objects.bulk_create(
        Site(domain=f"site-{number}.example", name=f"Site {number}") for number in numbers
    )
    HostRevision.change()


def seconds(function):
    """Return the least time that the function took in five runs, in seconds."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def requests(domains):
    """Return requests for random ones of these domains, and as many for hosts of no site."""
    from django.test import RequestFactory

    draw = random.Random(0)
    hosts = [draw.choice(domains) for _ in range(REQUESTS // 2)]
    hosts += [f"stranger-{draw.random()}.example" for _ in range(REQUESTS // 2)]
    return [RequestFactory().get("/", headers={"host": host}) for host in hosts]


def deciding():
    """Return the seconds that a request takes, and the queries that all take together."""
    from django.contrib.sites.models import Site
    from django.db import connection
    from django.http import HttpResponse
    from multisite.hosts import hosts
    from multisite.middleware import SiteMiddleware

    decide = SiteMiddleware(lambda request: HttpResponse())
    asked = requests(list(Site.objects.values_list("domain", flat=True)))
    hosts.expire()
    hosts.refresh()
    with CaptureQueriesContext(connection) as queries:
        for request in random.Random(0).sample(asked, 200):
            decide(request)
    return seconds(lambda: [decide(request) for request in asked]) / REQUESTS, len(queries)


def reading():
    """Return the seconds that a process takes to read all sites, and the bytes it keeps."""
    from multisite.hosts import Hosts

    took = seconds(lambda: Hosts().refresh())
    gc.collect()
    tracemalloc.start()
    kept = Hosts()
    kept.refresh()
    gc.collect()
    memory, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return took, memory


def adding():
    """Return the seconds that addsite takes, its start-up aside."""
    from django.core.management import call_command

    start = time.perf_counter()
    call_command("addsite", "new.example", verbosity=0)
    took = time.perf_counter() - start
    call_command("removesite", "new.example", verbosity=0)
    return took


def main():
    with TemporaryDirectory() as directory:
        set_up(directory)
        print("sites  µs/request  ratio  queries  reading all  bytes/site  addsite")
        first = None
        for size in SIZES:
            fill(size)
            decided, queries = deciding()
            read, memory = reading()
            first = first or decided
            print(
                f"{size:>5} {decided * 1e6:>11.1f} {decided / first:>6.2f} {queries:>8}"
                f" {read * 1e3:>9.1f} ms {memory / size:>11.0f} {adding():>6.2f} s"
            )


if __name__ == "__main__":
    main()
