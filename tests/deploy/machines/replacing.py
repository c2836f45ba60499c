"""What visitors of one site notice while hosts come and go, and die in a command: nox -s machines.

Readers and writers visit three hosts, as in figures.py. A fourth one joins and goes; a dead one is
replaced; hosts are killed while commands run, in a migration and in a maintenance; two go for good.
What each command says is looked at. That no request fails and nothing that was acknowledged is lost
fails the test, once all is told.
"""

import subprocess
import time
from contextlib import contextmanager

import pytest
from balancer import Balancer
from figures import FORM_OF_NUMBERS, PARTIAL, serves, told
from servers import wait_until
from several import NAME, WWW, live
from sites import known_hosts
from test_database_elsewhere import sql
from visitors import Visitors

LOST = 255  # the exit status where a connection is lost
SLEEPS = 10  # seconds
MIGRATION = f"""
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("visitors", "{{before}}")]
    operations = [migrations.RunSQL("CREATE TABLE {{name}} (); SELECT pg_sleep({SLEEPS})")]
"""
ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


@pytest.fixture
def fourth(site, up_with_packages):
    """A host that the balancer asks from the beginning, and that has no site yet."""
    host = up_with_packages("web-d", suite="trixie")
    site.know(host)
    yield host
    host.down()


@pytest.fixture
def balancer(site, fourth, tmp_path):
    balancer = Balancer(tmp_path, WWW, [host.address for host in (*site.web, fourth)])
    yield balancer.start()
    balancer.stop()


@pytest.fixture
def visited(site, balancer, progress, figures, broken):
    """A function that returns a block with visitors; what they got is told at its end.

    The block gets a list of one: since when, by time.monotonic, no request may fail. Where a host
    is killed, that is the moment: see `kill`.
    """

    @contextmanager
    def visited(name):
        with Visitors(balancer.port, WWW) as visitors:
            wait_until(lambda: len(visitors.answers) > 50)
            since = [time.monotonic()]
            yield since
            time.sleep(5)  # visitors come on
        line = told(name, visitors, since[0], site, broken)
        progress(line)
        figures(line)
        for each in visitors.failed(since[0]):
            progress(f"    {each.kind}: {each.status}, {each.begun - since[0]:.1f} s after that")

    return visited


def test_hosts_that_come_and_go(site, fourth, visited, up_with_packages):
    site.serve(*site.web)
    site.fab("all")
    site.fab("python", FORM_OF_NUMBERS)
    joined_and_removed(site, fourth, visited)
    replaced(site, visited, up_with_packages)
    commands_without_one(site, visited)
    killed_in_a_migration(site, visited)
    killed_in_a_maintenance(site, visited)
    back_to_one(site, visited)


def kill(host, since):
    """Kill a host; what was under way there may fail, and nothing that is asked for later."""
    since[0] = time.monotonic()
    host.kill()


def are_abreast(*hosts):
    """Return whether hosts have the same release live."""
    return len({live(host) for host in hosts}) == 1


def joined_and_removed(site, fourth, visited):
    with visited("a fourth host joined (fab all)"):
        site.serve(*site.web, fourth)
        site.fab("all")
        assert are_abreast(*site.web, fourth)
    with visited("it was removed (fab -H, and fab deploy)"):
        site.fab("-H", fourth.address, "remove", "--yes", NAME)
        site.serve(*site.web)
        site.fab("deploy")


def replaced(site, visited, up_with_packages):
    dead = site.web[2]
    with visited("host c dead, and replaced (fab all)") as since:
        kill(dead, since)
        dead.down()
        new = site.web[2] = up_with_packages("web-new", suite="trixie")
        assert new.address == dead.address
        command = f"ssh-keygen -R '{new.address}'"
        assert command in site.fab("all", status=3)
        forget = ["ssh-keygen", "-R", new.address, "-f", known_hosts(site)]
        subprocess.run(forget, check=True, capture_output=True)
        site.know(new)
        site.fab("all")
        assert are_abreast(*site.web)


def commands_without_one(site, visited):
    c = site.web[2]
    with visited("commands with host c killed") as since:
        kill(c, since)
        for words in (["restart"], ["sites"], ["history"], ["logs"], ["plan"]):
            assert "left out" in site.fab(*words, status=PARTIAL)
        status, told = site.give("COMPANY_NAME", "Rye and Barley")
        assert status == PARTIAL, told
        site.fab("backup", status=PARTIAL)
        c.start()
        wait_until(lambda: serves(site, c), 120)
        site.fab("deploy")
        assert {settings(host) for host in site.web} == {settings(site.web[0])}


def settings(host):
    return host.run(f"cat /srv/{NAME}/shared/settings.json").stdout


def slow(site):
    """Add a migration that takes SLEEPS seconds."""
    folder = site.project / "visitors/migrations"
    before = max(path.stem for path in folder.glob("0*.py"))
    name = f"{int(before[:4]) + 1:04}_slow"
    text = MIGRATION.format(before=before, name=f"slow_{name[:4]}")
    (folder / f"{name}.py").write_text(text)
    site.commit()


@contextmanager
def deploying(site, *options, moment):
    """Start a deploy; the block begins at a moment. The deploy is over, and .told, after it."""
    with site.start("deploy", *options) as process:
        wait_until(lambda: moment() or process.poll() is not None, 180)
        assert process.poll() is None, process.stdout.read()
        yield process
        process.told = process.communicate(timeout=300)[0]


def migrates(site):
    return sql(site.server, ASLEEP, "postgres") != "0"


def brought_along(site, host, *options):
    """Let a host be back; deploy, by which all have the newest revision live."""
    host.start()
    wait_until(lambda: serves(site, host), 120)
    site.fab("deploy", *options)
    assert are_abreast(*site.web)


def killed_in_a_migration(site, visited):
    a = site.web[0]
    slow(site)
    with visited("host a, which leads, killed in a migration") as since:
        with deploying(site, "--yes", moment=lambda: migrates(site)) as process:
            kill(a, since)
        assert process.returncode == LOST, process.told
        site.fab("deploy", "--yes", status=PARTIAL)
        brought_along(site, a)


def killed_in_a_maintenance(site, visited):
    c = site.web[2]
    slow(site)
    with visited("host c killed in a maintenance, once all are open again") as since:
        moment = lambda: migrates(site)  # noqa: E731
        with deploying(site, "--maintenance", moment=moment) as process:
            kill(c, since)
        assert "The database is as it was before" in process.told
        c.start()
        wait_until(lambda: serves(site, c), 120)
        since[0] = time.monotonic()
        site.fab("deploy", "--yes")
        assert are_abreast(*site.web)


def back_to_one(site, visited):
    a, b, c = site.web
    with visited("from three hosts to one"):
        for host in (c, b):
            site.fab("-H", host.address, "remove", "--yes", NAME)
        site.serve(a)
        site.fab("deploy")
        assert not (a.root / f"srv/{NAME}/state/hosts.json").exists()
