"""manage.py --all-sites COMMAND: the command for each site, as many at a time as cores."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Lock, Thread

from django.contrib.sites.models import Site
from django.db import connection

from .for_settings import VARIABLE

# What these do is not of one site.
GLOBAL = """
    addsite adopt changepassword check checksites clearsessions collectstatic compilemessages
    createcachetable createdb createsuperuser dbshell deletevisitor diffsettings exportcontent
    exportsite exportvisitor findstatic flush help importcontent importsite inspectdb
    listsites makemessages makemigrations migrate optimizemigration remove_stale_contenttypes
    removesite runserver sendtestemail showmigrations sqlflush sqlmigrate sqlsequencereset
    squashmigrations startapp startproject test testserver version
""".split()

PRINTING = Lock()  # a line at a time


def run(argv):
    """Run argv in a process per site, each line of output after its site; return the exit status.

    That is 0 where all went well, 1 where some failed, and 2 where the command is not of one site.
    """
    command = argv[1] if len(argv) > 1 else ""
    if not command or command.startswith("-") or command in GLOBAL:
        wrong = f"{command!r} is not for one site" if command else "which command?"
        print(f"--all-sites: {wrong}; type manage.py --all-sites COMMAND", file=sys.stderr)
        return 2
    sites = list(Site.objects.order_by("id").values_list("id", "domain"))
    # SQLite has one writer at a time.
    with ThreadPoolExecutor(1 if connection.vendor == "sqlite" else os.cpu_count()) as pool:
        runs = pool.map(lambda site: run_for(*site, argv), sites)
        names = [f"{site_id} {domain}" for site_id, domain in sites]
        statuses = dict(zip(names, runs, strict=True))
    failed = [f"{site} ({status})" for site, status in statuses.items() if status]
    summary = f"--all-sites: {len(statuses) - len(failed)} of {len(statuses)} done"
    print(summary + (f"; failed: {', '.join(failed)}" if failed else ""), file=sys.stderr)
    return 1 if failed else 0


def run_for(site_id, domain, argv):
    """Run argv for that site and return its exit status, 0 where it went well."""
    environment = os.environ | {VARIABLE: str(site_id), "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    prefix = f"[{site_id} {domain}] ".encode()
    with subprocess.Popen([sys.executable, *argv], env=environment, **pipes) as process:
        errors = Thread(target=copy, args=(process.stderr, sys.stderr.buffer, prefix))
        errors.start()
        copy(process.stdout, sys.stdout.buffer, prefix)
        errors.join()
    return process.returncode


def copy(source, target, prefix):
    """Copy bytes, line by line as they come, after the prefix."""
    for line in source:
        with PRINTING:
            target.write(prefix + line.rstrip(b"\n") + b"\n")
            target.flush()
