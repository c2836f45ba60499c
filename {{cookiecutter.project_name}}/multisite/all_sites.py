"""manage.py --all-sites COMMAND: the command for each site, as many at a time as cores.

The project is loaded once. Each site has a fork of that process, so that nothing which the command
keeps of one site is there for the next, and whatever ends it ends it for that site alone.
"""

import gc
import os
import subprocess
import sys
from collections import Counter
from selectors import EVENT_READ, DefaultSelector
from types import SimpleNamespace

from django.contrib.sites.models import Site
from django.core.cache import caches
from django.db import connection, connections

from .for_settings import VARIABLE

LONGEST = 65536  # bytes of a line, which is else shown in parts

# What these do is not of one site.
GLOBAL = """
    addsite adopt changepassword check checksites clearsessions collectstatic compilemessages
    createcachetable createdb createsuperuser dbshell deletevisitor diffsettings exportcontent
    exportsite exportvisitor findstatic flush help importcontent importsite inspectdb
    listsites makemessages makemigrations migrate optimizemigration remove_stale_contenttypes
    removesite runserver sendtestemail showmigrations sqlflush sqlmigrate sqlsequencereset
    squashmigrations startapp startproject test testserver version
""".split()


def run(argv):
    """Run argv for each site, each line of output after its site; return the exit status.

    That is 0 where all went well, 1 where some failed, and 2 where the command is not of one site.
    It is None in the process of a site, which is to go on as if --site had named that.
    """
    command = argv[1] if len(argv) > 1 else ""
    if not command or command.startswith("-") or command in GLOBAL:
        wrong = f"{command!r} is not for one site" if command else "which command?"
        print(f"--all-sites: {wrong}; type manage.py --all-sites COMMAND", file=sys.stderr)
        return 2
    sites = list(Site.objects.order_by("id").values_list("id", "domain"))
    if not can_fork():
        statuses = {site: run_alone(site, argv) for site in sites}
    elif (statuses := run_forks(sites)) is None:
        return None
    failed = ["{} {} ({})".format(*site, statuses[site]) for site in sites if statuses[site]]
    summary = f"--all-sites: {len(statuses) - len(failed)} of {len(statuses)} done"
    print(summary + (f"; failed: {', '.join(failed)}" if failed else ""), file=sys.stderr)
    return 1 if failed else 0


def can_fork():
    """Return whether this is Linux: elsewhere, libraries may not survive a fork."""
    return sys.platform == "linux"


def run_forks(sites):
    """Fork for each site; return the exit statuses by site, a dict, or None in a fork."""
    at_a_time = 1 if connection.vendor == "sqlite" else os.cpu_count()  # it has one writer
    connections.close_all()  # two processes cannot speak on one
    caches.close_all()
    gc.freeze()  # each fork would go through all objects of the project when it ends
    forks = Forks()
    for site in sites:
        while len(forks.pipes) >= at_a_time:
            forks.show()
        if not forks.start(site):
            return None
    while forks.pipes:
        forks.show()
    return forks.statuses


class Forks:
    """Processes forked from this one, each for a site.

    pipes has the number of those that a process has open, by its ID; statuses has the exit statuses
    of those that have ended, by site.
    """

    def __init__(self):
        self.selector, self.pipes, self.statuses = DefaultSelector(), Counter(), {}

    def start(self, site):
        """Fork; return whether this is the process of before. In the other, that is the site."""
        pipes = [os.pipe(), os.pipe()]
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            for number, (_, write) in enumerate(pipes, start=1):
                os.dup2(write, number)
            sys.stdout.reconfigure(line_buffering=True)
            os.environ[VARIABLE] = str(site[0])
            return False
        for (read, write), target in zip(pipes, (sys.stdout, sys.stderr), strict=True):
            os.close(write)
            of = SimpleNamespace(site=site, pid=pid, target=target.buffer, rest=b"")
            self.selector.register(read, EVENT_READ, of)
            self.pipes[pid] += 1
        return True

    def show(self):
        """Wait until a process prints something, or ends, and show what it prints."""
        for key, _ in self.selector.select():
            of, data = key.data, os.read(key.fd, LONGEST)
            *lines, of.rest = (of.rest + data).split(b"\n")
            if of.rest and (not data or len(of.rest) >= LONGEST):
                lines, of.rest = [*lines, of.rest], b""
            write(lines, of.site, of.target)
            if not data:
                self.close(key)

    def close(self, key):
        self.selector.unregister(key.fd)
        os.close(key.fd)
        of = key.data
        self.pipes[of.pid] -= 1
        if not self.pipes[of.pid]:
            del self.pipes[of.pid]
            _, status = os.waitpid(of.pid, 0)
            self.statuses[of.site] = os.waitstatus_to_exitcode(status)


def run_alone(site, argv):
    """Run argv for that site in a process that loads the project anew; return its exit status."""
    environment = os.environ | {VARIABLE: str(site[0])}
    process = subprocess.run([sys.executable, *argv], env=environment, capture_output=True)
    write(process.stdout.splitlines(), site, sys.stdout.buffer)
    write(process.stderr.splitlines(), site, sys.stderr.buffer)
    return process.returncode


def write(lines, site, target):
    """Write lines, bytes, each after the ID and the domain of the site."""
    prefix = "[{} {}] ".format(*site).encode()
    target.writelines(prefix + line + b"\n" for line in lines)
    target.flush()
