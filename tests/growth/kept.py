"""How often a page is made while many sites are visited and edited: nox -s growth.

Writes docs/kept.md. Visitors are a process of Django with its page cache, and NGINX in front of it
is left out: it would ask for each page once a second at most.
"""

import datetime
import json
import os
import subprocess
from pathlib import Path

import pytest
from servers import render_live_settings
from support import TEMPLATE

WORKER = Path(__file__).parent / "kept_worker.py"
SITES, HOURS, SECONDS = 5, 2, 20
KINDS = ["page", "post", "title of the site"]
NO_HASHES = """
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
"""

TEXT = """# Pages that are kept

Written by `nox -s growth`, and not by hand. {date}.

Each site has 20 pages and a visitor every ten seconds; of its pages the second is asked for half
as often as the first, the third a third as often, and so on. Each site is edited once a minute. So
it is with {sites} sites here, and would be with a thousand, whose visitors are 100 requests a
second: which page is in memory does not depend on how many others are, as long as there is room for
all, 10 kB a page (`MEMCACHED_MEGABYTES`).

"From memory" are the answers for which no page was made. At most are those that nobody could have
given without making the page: after an edit that it shows it was not asked for before. In the first
hour a page is made a few times more, since nobody knows yet that it does not show the time (see
`page_cache/README.md`).

| what is edited | pages that an edit ends | {heads} |
| --- | ---: | {columns} |
{rows}

{connections} visitors ask for one page without a pause, for {seconds} seconds:

| edited each second | asked for | made |
| --- | ---: | ---: |
| a page of another site | {other[asked]:,} | {other[made]} |
| that page | {same[asked]:,} | {same[made]} |
"""


@pytest.fixture(scope="module")
def visitors(project, database, memcached, tmp_path_factory):
    """A function that sends a line to the worker, and returns its answer."""
    render_live_settings(project.path, database, memcached)
    with Path(project.path, "mysite/local_settings.py").open("a") as settings:
        settings.write(NO_HASHES)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "mysite.settings"}
    run = {"cwd": project.path, "env": environment}
    for command in (
        ["createdb", "--noinput", "--nodata"],
        ["createsuperuser", "--noinput", "--username=admin", "--email=admin@example.com"],
    ):
        password = {"DJANGO_SUPERUSER_PASSWORD": "for these figures"}
        words = [project.python, "manage.py", *command]
        subprocess.run(words, check=True, **run | {"env": environment | password})
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([project.python, WORKER], **run, **pipes) as worker:

        def ask(**asked):
            print(json.dumps(asked), file=worker.stdin, flush=True)
            return json.loads(worker.stdout.readline())

        yield ask


def row(kind, found):
    cells = []
    for hour in found["hours"]:
        for made in ("made", "must"):
            cells.append(f"{1 - hour[made] / hour['requests']:.1%}")
    return f"| {kind} | {found['ended']:.1f} | {' | '.join(cells)} |"


def test_kept(visitors):
    found = {kind: visitors(sites=SITES, hours=HOURS, kind=kind) for kind in KINDS}
    for each in found.values():
        for hour in each["hours"]:
            assert hour["made"] >= hour["must"]  # or a page of before an edit was shown
    heads = [f"hour {n + 1}: from memory | at most" for n in range(HOURS)]
    text = TEXT.format(
        date=datetime.date.today(),
        sites=SITES,
        heads=" | ".join(heads),
        columns=" | ".join(["---:"] * 2 * HOURS),
        rows="\n".join(row(*each) for each in found.items()),
        connections=20,
        seconds=SECONDS,
        other=visitors(seconds=SECONDS, edited=1),
        same=visitors(seconds=SECONDS, edited=0),
    )
    (TEMPLATE / "docs/kept.md").write_text(text, encoding="utf-8")
    print(f"\n{text}")
