"""What is counted and heard is wrong from where on, and right again."""

import os

import pytest

from deploy.on_host import checks_of_running, checks_of_server
from deploy.on_host.alarms import jobs, measures
from deploy.on_host.checks import Server, Wrong

FACTS = {"port": 8000, "hostname": "garden.example", "app": "garden"}


@pytest.fixture
def server(garden):
    """A live site of whose last round nothing is known."""
    return Server(garden.site, FACTS)


def answers(total, wrong):
    return {"answers": [[0, total, wrong]]}


def rises(name, number):
    return {name: {"count": number, "rises": [[0, number]]}}


@pytest.mark.parametrize(
    ("check", "well", "ill", "words"),
    [
        (
            checks_of_running.errors,
            answers(1000, 49),
            answers(1000, 50),
            "50 of 1,000 answers of the last ten minutes are errors",
        ),
        (checks_of_running.errors, answers(9, 9), answers(10, 10), "10 of 10 answers"),
        (
            checks_of_running.evictions,
            rises("evictions", 1000),
            rises("evictions", 1001),
            "1,001 values were dropped",
        ),
        (checks_of_server.kills, {}, rises("kills", 1), "1 processes were killed"),
    ],
)
def test_what_is_counted_is_wrong_from_a_number_on(server, check, well, ill, words):
    server.memory["measures"] = well
    check(server)
    server.memory["measures"] = ill
    with pytest.raises(Wrong, match=words):
        check(server)


def test_a_unit_that_fails_is_told_and_one_of_before_is_not(server, monkeypatch):
    monkeypatch.setattr(measures, "failed_units", lambda: ["new.service", "old.service"])
    assert checks_of_server.units(server) is None  # nobody knows yet what had failed before
    server.memory["measures"]["units"] = ["old.service"]
    with pytest.raises(Wrong, match="^failed: new.service$"):
        checks_of_server.units(server)
    server.memory["measures"]["units"] = ["new.service", "old.service"]
    assert checks_of_server.units(server) is None


@pytest.mark.parametrize(("hours", "is_wrong"), [(23, False), (25, True)])
def test_a_clock_that_no_time_server_has_set_for_a_day_is_told(
    server, monkeypatch, tmp_path, hours, is_wrong
):
    monkeypatch.setattr(checks_of_server, "TIME_SIGNAL", tmp_path)
    monkeypatch.setattr(jobs, "uptime", lambda: hours * 3600)
    heard = tmp_path / "synchronized"
    for _ in range(2):  # it has answered at some time, and it never has
        if is_wrong:
            with pytest.raises(Wrong, match=f"has answered for {hours} hours"):
                checks_of_server.time_signal(server)
        else:
            assert checks_of_server.time_signal(server) == "yes"
        heard.touch()
        last = heard.stat().st_mtime - hours * 3600
        os.utime(heard, (last, last))


@pytest.mark.parametrize(("used", "is_wrong"), [(89, False), (90, True)])
def test_connections_of_the_database_that_run_out_are_told(server, monkeypatch, used, is_wrong):
    monkeypatch.setattr(checks_of_server.postgres, "psql", lambda *_, **__: [f"{used}|100"])
    if is_wrong:
        with pytest.raises(Wrong, match="90 of 100 are in use"):
            checks_of_server.connections(server)
    else:
        assert checks_of_server.connections(server) == "89 of 100"


def test_home_pages_that_are_gone_are_told_and_a_single_site_has_no_row(server):
    assert checks_of_running.other_sites(server) is None
    server.memory["sites"] = {"total": 2, "asked": 2, "broken": {}}
    assert checks_of_running.other_sites(server) == "2, each asked within an hour"
    server.memory["sites"]["broken"] = {"2": ["two.example", "answers 500", 2]}
    with pytest.raises(Wrong, match="1 of 2 sites: two.example answers 500"):
        checks_of_running.other_sites(server)


def test_jobs_of_cron_that_fail_are_told_with_what_to_type(server, monkeypatch, tmp_path):
    path = tmp_path / "crontab"
    monkeypatch.setattr(jobs, "crontab", lambda site: path)
    assert checks_of_running.cron_jobs(server) is None
    path.write_text("* * * * * garden /srv/garden/shared/job.sh garden send 9m python x\n")
    assert checks_of_running.cron_jobs(server) == "send"
    monkeypatch.setattr(jobs, "outcome", lambda site, job: (2, "no database", 0))
    with pytest.raises(Wrong, match="send failed with 2: no database") as told:
        checks_of_running.cron_jobs(server)
    assert told.value.type == 'fab sudo "journalctl -t garden-send"'
