"""Which workers gunicorn is to have, and how it is to reach PostgreSQL: the choices, measured."""

import os
import statistics

import gunicorns
from measuring import UNCACHED

# With /tmp/bench-slow, each statement waits as for a database that is far away or busy.
SLOW = """
def post_worker_init(worker):
    import os, time
    from django.db.backends.signals import connection_created

    def wait(execute, *arguments):
        if os.path.exists("/tmp/bench-slow"):
            time.sleep(0.02)
        return execute(*arguments)

    def watch(connection, **kwargs):
        connection.execute_wrappers.append(wait)

    connection_created.connect(watch, weak=False)
"""
SLOWED = "/srv/bench/slowed.conf.py"

TCP = """
def post_worker_init(worker):
    from django.db import connections

    connections.settings["default"]["HOST"] = "127.0.0.1"
"""
BY_TCP = "/srv/bench/tcp.conf.py"


def workers():
    """Yield gunicorn's options, a str, for each choice of workers."""
    cores = os.cpu_count()
    for count in (cores, cores + 1, 2 * cores + 1):
        yield f"--workers={count} --worker-class=sync --threads=1"
        for threads in (1, 2, 4, 8):
            yield f"--workers={count} --worker-class=gthread --threads={threads}"


def configure(host, name, addition):
    text = (host.root / gunicorns.CONFIGURATION.lstrip("/")).read_text()
    (host.root / name.lstrip("/")).write_text(text + addition)


def measure_workers(project, page, progress):
    """Return for each choice its options, and Rate, Rate with a slow database, and Memory."""
    configure(project.host, SLOWED, SLOW)
    rows = []
    for options in workers():
        with gunicorns.running(project, options, SLOWED) as server:
            rate = server.rate(page, **UNCACHED)
            project.host.run("touch /tmp/bench-slow")
            slow = server.rate(page, **UNCACHED)
            project.host.run("rm /tmp/bench-slow")
            rows.append((options, rate, slow, server.memory()))
        progress(f"{options}: {rate.per_second:.1f}/s, slow database {slow.per_second:.1f}/s")
    return rows


def measure_database(project, page, progress):
    """Return the median rates by unix socket and by TCP, of three each, taken in turn."""
    configure(project.host, BY_TCP, TCP)
    rates = {"unix socket": [], "TCP": []}
    for _ in range(3):
        for name, file in ("unix socket", gunicorns.CONFIGURATION), ("TCP", BY_TCP):
            with gunicorns.running(project, configuration=file) as server:
                rates[name].append(server.rate(page, **UNCACHED).per_second)
        progress("PostgreSQL by unix socket and by TCP")
    return {name: statistics.median(found) for name, found in rates.items()}
