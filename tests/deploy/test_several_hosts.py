"""Several HOSTS serve one site: DATABASE and UPLOADS are what they have in common."""

import re

import pytest
from cgroup import wait_for
from load import Load
from object_store import ObjectStore
from several import NAME, WWW, give_keys, job, leads, live, make_site, state
from support import Baker
from test_database_elsewhere import sql


@pytest.fixture(scope="module")
def store(rig, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    store = ObjectStore(folder, address=f"{rig.network.subnet}.1", port=9101).start()
    yield store
    store.stop()


@pytest.fixture(scope="module")
def server(rig):
    """The host of the database, whose PostgreSQL is older than the programs of the others."""
    host = rig.up("database", suite="bookworm")
    yield host
    host.down()


@pytest.fixture(scope="module")
def site(up_with_packages, server, store, template, tmp_path_factory):
    """A site that two new servers serve, a and b."""
    project = Baker(template, tmp_path_factory.mktemp("several")).bake(
        project_name=NAME, live_hostname=WWW
    )
    hosts = [up_with_packages(f"web-{name}", suite="trixie") for name in "ab"]
    site = make_site(project, hosts, server, store)
    site.serve(*hosts)
    site.fab("create")
    give_keys(site)
    site.fab("deploy")
    yield site
    for host in hosts:
        host.down()


def test_two_new_hosts_serve_one_site(site, server):
    a, b = site.hosts
    assert live(a) == live(b)
    assert [site.ask(host)[0] for host in site.hosts] == [200, 200]
    assert sql(server, "SELECT count(*) FROM django_site", NAME) == "1"
    names = sql(server, "SELECT name FROM deployed_hosts ORDER BY place", NAME).split()
    assert names == [a.address, b.address]


def test_some_of_them_alone_are_refused(site):
    told = "A deploy is for all HOSTS: type it without -H"
    assert told in site.fab("-H", site.hosts[1].address, "deploy", status=2)


def give_life(site, *hosts):
    """Let the hosts show life, and follow each other, as each does within a minute."""
    for host in hosts or site.hosts:
        job(host)


def test_one_host_leads_and_the_jobs_that_are_common_run_there(site):
    a, b = site.hosts
    give_life(site)
    assert (leads(a), leads(b)) == (True, False)
    touched = [common_job(host) for host in site.hosts]
    assert touched == [True, False]


def common_job(host):
    """Return whether a job of cron that is to run once runs on a host."""
    mark = f"/tmp/{NAME}-once"
    script = f"ONCE=1 /srv/{NAME}/shared/job.sh {NAME} once 1m touch {mark}"
    return host.run(f"rm -f {mark}; {script}; test -e {mark}", check=False).returncode == 0


def test_a_deploy_fails_no_request_on_any_host(site):
    a, b = site.hosts
    before = live(a)
    with Load(site.at(a), WWW) as at_a, Load(site.at(b), WWW) as at_b:
        output = site.fab("deploy", "--force")
    assert at_a.failures + at_b.failures == []
    assert at_a.answers[200] > 20 < at_b.answers[200]
    assert live(a) == live(b) != before
    assert output.count("Database migrations") == output.count("Backup of the database") == 1


def test_a_gunicorn_that_is_gone_is_not_noticed_by_visitors(site):
    a, b = site.hosts
    b.run(f"supervisorctl stop {NAME}")  # what it is at work on when it dies has failed
    try:
        with Load(site.at(b), WWW) as visitors:
            wait_for(lambda: sum(visitors.answers.values()) > 40, 60)
    finally:
        b.run(f"supervisorctl start {NAME}")
    assert visitors.failures == []


def test_a_gunicorn_that_hangs_is_not_waited_for_from_the_next_minute_on(site):
    b = site.hosts[1]
    gunicorn = f"master=$(supervisorctl pid {NAME}); {{}} $master $(pgrep --parent $master)"
    b.run(gunicorn.format("kill -STOP"))
    try:
        give_life(site, b)
        with Load(site.at(b), WWW) as visitors:
            wait_for(lambda: sum(visitors.answers.values()) > 40, 60)
    finally:
        b.run(gunicorn.format("kill -CONT"))
    assert visitors.failures == []
    assert visitors.slowest < 9
    wait_for(lambda: is_asked_first(b), 60)  # its workers, which were silent for long, are replaced


def is_asked_first(host):
    """Let a host follow the others; return whether its own gunicorn is asked before theirs."""
    job(host)
    return host.run(f"test -e /run/{NAME}/stand-aside", check=False).returncode == 1


def test_a_relay_that_fails_on_the_second_host_takes_the_first_back(site):
    a, b = site.hosts
    before = live(a)
    blocked = f"/run/{NAME}/standby.sock"  # where the standby of b cannot listen then
    b.run(f"mkdir {blocked}")
    try:
        output = site.fab("deploy", "--force", status=1)
    finally:
        b.run(f"rmdir {blocked}")
    assert f"{a.address}: {before} is live again" in output
    assert live(a) == live(b) == before
    assert [site.ask(host)[0] for host in site.hosts] == [200, 200]
    assert "is live already" in site.fab("deploy")


def test_secrets_are_on_all_hosts(site):
    status, told = site.give("COMPANY_NAME", "Rye and Barley")
    assert status == 0, told
    found = {host.run(f"cat /srv/{NAME}/shared/settings.json").stdout for host in site.hosts}
    assert len(found) == 1
    assert "Rye and Barley" in found.pop()
    shared = [host.run(f"cat /srv/{NAME}/shared/secrets.json").stdout for host in site.hosts]
    assert shared[0] == shared[1]
    versions = {host.run(f"cat /srv/{NAME}/state/common.json").stdout for host in site.hosts}
    assert len(versions) == 1
    assert [site.ask(host)[0] for host in site.hosts] == [200, 200]


def test_a_rollback_is_on_all_hosts_and_so_is_the_way_forward(site):
    a, b = site.hosts
    before = live(a)
    site.fab("rollback")
    assert live(a) == live(b) != before
    site.fab("rollback", "--release", before)
    assert live(a) == live(b) == before


def test_a_restore_is_for_all_hosts(site, server):
    name = "SELECT name FROM django_site"
    before = sql(server, name, NAME)
    backup = site.fab("backup").split()[-1]
    sql(server, "UPDATE django_site SET name = 'Later'", NAME)
    site.fab("restore", "--yes", backup)
    assert sql(server, name, NAME) == before
    assert [site.ask(host)[0] for host in site.hosts] == [200, 200]
    give_life(site)
    assert sql(server, "SELECT count(*) FROM deployed_hosts", NAME) == "2"


def test_status_names_each_host(site):
    give_life(site)
    output = site.status()
    for host in site.hosts:
        assert f"status on {host.address}" in output
    assert re.search(r"hosts: +2, this one leads", output)
    assert re.search(r"hosts: +2, another one leads", output)


def test_a_host_that_was_off_serves_no_old_code_and_catches_up(site, server):
    a, b = site.hosts
    give_life(site)
    b.kill()
    output = site.fab("deploy", "--force", status=4)
    assert f"{b.address}: " in output
    assert ": left out" in output
    assert "A restore needs all hosts" in site.fab("restore", status=3)
    b.start()
    assert live(b) != live(a)
    wait_for(lambda: site.ask(b)[0] == 200, 60)
    give_life(site, a, b)
    wait_for(lambda: state(b) in ("STOPPED", "FATAL", "EXITED"), 60)  # supervisor has tried by then
    assert site.ask(b)[0] == 200  # by the gunicorn of a
    release = site.ask(b, "/")[0], live(a)
    assert release[0] == 200
    assert "the others have" in site.status()
    output = site.fab("deploy")
    assert live(b) == live(a) == release[1]
    assert "Database migrations" not in output
    assert state(b) == "RUNNING"


def test_another_host_leads_when_the_first_is_gone(site, server):
    a, b = site.hosts
    give_life(site)
    gone = "UPDATE deployed_hosts SET seen = seen - interval '5 minutes' WHERE name = '{}'"
    sql(server, gone.format(a.address), NAME)
    give_life(site, b)
    assert leads(b)
    give_life(site, a, b, a)  # b gives it up before a takes it
    assert (leads(a), leads(b)) == (True, False)


def test_a_host_that_is_removed_leaves_what_is_common(site, server, store):
    a, b = site.hosts
    before = store.objects()
    give_life(site)
    site.serve(a)
    told = site.fab("deploy", status=2)
    assert f"{b.address} serves the site, and is not in HOSTS here" in told
    site.serve(a, b)
    output = site.fab("-H", b.address, "remove", "--yes", NAME)
    assert "Backup" not in output
    assert not (b.root / f"srv/{NAME}").exists()
    assert sql(server, "SELECT count(*) FROM django_site", NAME) == "1"
    assert store.objects() == before
    give_life(site, a)
    assert not (a.root / f"srv/{NAME}/state/hosts.json").exists()
    assert site.ask(a)[0] == 200
