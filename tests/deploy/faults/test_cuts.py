"""Deploys that are cut at any point leave the site up, and the next one works without a hand.

The faults are those of the line, of whoever deploys, and of the server. All happen under load: see
load.py. In nox -s faults each fault happens at each point.
"""

import json
import os
import time

import pytest
from faults import (
    answers,
    change,
    count_commands,
    cut_fab,
    edit,
    edited,
    held,
    is_live,
    know,
    switch_process,
    wait_for,
)
from line import Line
from load import Load
from sites import HOST


@pytest.mark.parametrize(("fault", "first"), [("line", 2), ("kill", 6)])
def test_a_deploy_cut_at_any_command_harms_nothing_and_the_next_one_works(
    site, figures, points, fault, first
):
    survived = 0
    for number in points(count_commands(site), first):
        change(site, f"{fault} {number}")
        with Load(site, HOST) as load:
            status, output = cut_fab(site, number, fault, "deploy")
            site.fab("deploy")
        assert load.failures == [], (fault, number, output)
        assert is_live(site, f"{fault} {number}"), (fault, number, output)
        survived += 1
    figures(f"deploys cut ({fault}) at one of their commands: {survived}, none harmed anything")


def test_a_second_deploy_is_told_who_is_at_work(site):
    change(site, "two at once")
    with held(site, "start_standby") as first:
        output = site.fab("deploy", status=75)
        assert "is at work here, deploy" in output
    assert first.returncode == 0
    assert is_live(site, "two at once")


def test_the_lease_is_free_soon_after_its_holder_was_killed(site):
    change(site, "killed holder")
    status, _ = cut_fab(site, 8, "kill", "deploy")
    assert status == -9
    site.fab("deploy")
    assert is_live(site, "killed holder")
    assert "cut off" in site.fab("history")


@pytest.mark.long
def test_a_line_that_goes_dead_frees_the_lease_within_a_minute_or_so(site, figures):
    change(site, "dead line")
    with Line(site.host.address) as line, Load(site, HOST) as load:
        know(site, line)
        with site.start("-H", f"127.0.0.1:{line.port}", "deploy") as process:
            lease = site.root / "state/lease.json"
            wait_for(lambda: json.loads(lease.read_text()).get("step") == "Python packages")
            line.dead.set()
            assert "is at work here" in site.fab("deploy", status=75)
            died = begun = time.monotonic()
            while site.start("deploy").wait(300):
                begun = time.monotonic()
                assert begun - died < 300
            process.kill()
        figures(f"a dead line: the next deploy had the lease after {begun - died:.0f} s")
    assert load.failures == []
    assert is_live(site, "dead line")


def test_a_deploy_of_what_is_live_is_four_commands_at_the_most(site, figures):
    site.fab("deploy")
    with Line(site.host.address, delay=0.025) as line:
        know(site, line)
        started = time.monotonic()
        status, output = cut_fab(site, 0, "list", "-H", f"127.0.0.1:{line.port}", "deploy")
    assert (status, "is live already" in output) == (0, True), output
    commands = output.count("command ")
    assert commands <= 4
    seconds = time.monotonic() - started
    figures(f"a deploy of what is live, 50 ms away: {commands} commands, {seconds:.1f} s")


def test_a_switch_killed_in_any_step_harms_nothing_and_the_next_deploy_works(site, step):
    change(site, f"killed in {step}")
    with Load(site, HOST) as load:
        with held(site, step) as process:
            os.kill(switch_process(site), 9)
            assert process.wait(120) == 1
        site.fab("deploy")
    assert load.failures == []
    assert is_live(site, f"killed in {step}")
    assert not (site.host.root / "run/mysite/use-standby").exists()


def test_after_a_power_cut_in_any_step_the_site_is_back_and_the_next_deploy_works(site, step):
    change(site, f"power cut in {step}")
    with held(site, step) as process:
        site.host.kill()
        process.kill()
    site.host.start()
    wait_for(lambda: answers(site))
    with Load(site, HOST) as load:
        site.fab("deploy")
    assert load.failures == []
    assert is_live(site, f"power cut in {step}")


def test_a_disk_that_is_full_is_foreseen(site):
    change(site, "full disk")
    releases = site.project / "deploy/on_host/releases.py"
    with edited(site, releases, "200 * MEGABYTE", "900_000_000 * MEGABYTE"):
        assert "disk full: 900000" in site.fab("deploy", status=1)
    site.fab("deploy")


def test_a_database_that_restarts_meanwhile_harms_only_that_deploy(site):
    commands = count_commands(site)
    restart = f"ssh -o BatchMode=yes -o UserKnownHostsFile={site.host.known_hosts}"
    restart += f" -i {site.host.key} root@{site.host.address} systemctl restart postgresql"
    for number in (commands - 5, commands - 3):
        change(site, f"database restarts {number}")
        cut_fab(site, number, "shell", "deploy", ON_HOST=restart)
        wait_for(lambda: answers(site))
        site.fab("deploy")
        assert is_live(site, f"database restarts {number}")


def test_without_memcached_pages_come_and_a_deploy_starts_it(site):
    site.host.run("supervisorctl stop mysite-memcached")
    assert site.get("/")[0] == 200
    change(site, "no memcached")
    site.fab("deploy")
    assert site.get("/")[0] == 200
    assert "RUNNING" in site.host.run("supervisorctl status mysite-memcached").stdout


def test_a_switch_that_was_cut_after_it_put_new_files_in_place_needs_no_hand(site):
    crontab = site.project / "deploy/crontab.template"
    edit(crontab, "40 3 * * *", "41 3 * * *")
    change(site, "new files")
    with held(site, "start_standby") as process:
        os.kill(switch_process(site), 9)
        process.wait(120)
    edit(crontab, "41 3 * * *", "42 3 * * *")
    change(site, "newer files")
    site.fab("deploy")
    assert "42 3 * * *" in (site.host.root / "etc/cron.d/mysite").read_text()


def test_a_supervisor_that_restarts_in_any_step_needs_no_hand(site, step):
    change(site, f"supervisor restarts in {step}")
    with held(site, step):
        site.host.run("systemctl restart supervisor")
    wait_for(lambda: answers(site))
    with Load(site, HOST) as load:
        site.fab("deploy")
    assert load.failures == []
    assert is_live(site, f"supervisor restarts in {step}")
