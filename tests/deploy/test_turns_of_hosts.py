"""When each of several hosts does what all do, for them not to be busy all at once."""

import shlex
import subprocess

import pytest
from hosts_of_no_machine import FakeHost, files
from support import TEMPLATE

JOB = TEMPLATE / "{{cookiecutter.project_name}}/deploy/on_host/job.sh"


def test_one_host_alone_waits_for_nobody():
    assert files.turn(FakeHost("a", entries=["a"])) == (0, "40 7,19")
    assert files.turn(FakeHost("other", entries=["a", "b"])) == (0, "40 7,19")  # of fab -H


@pytest.mark.parametrize("number", [2, 3, 10, 50])
def test_no_two_hosts_begin_at_the_same_time(number):
    entries = [f"host-{each}" for each in range(number)]
    turns = [files.turn(FakeHost(name, entries=entries)) for name in entries]
    pauses, renewals = zip(*turns, strict=True)
    assert len(set(pauses)) == len(set(renewals)) == number
    assert max(pauses) < 60


def test_renewals_of_hosts_come_one_after_the_other():
    entries = ["a", "b", "c"]
    found = [files.turn(FakeHost(name, entries=entries))[1] for name in entries]
    assert found == ["40 7,19", "50 7,19", "0 8,20"]
    entries = [f"host-{each}" for each in range(40)]
    assert files.turn(FakeHost("host-39", entries=entries))[1] == "10 2,14"


@pytest.fixture
def job(tmp_path):
    """Run a job as cron does, with a `sleep` that does something else; return what it printed."""
    for directory in ("shared", "state", "bin"):
        (tmp_path / directory).mkdir()
    script = tmp_path / "shared/job.sh"
    script.write_text(JOB.read_text().replace("/run/", f"{tmp_path}/run/"))

    def run(pause, sleep="true"):
        ran = tmp_path / "ran"
        ran.unlink(missing_ok=True)
        (tmp_path / "bin/sleep").write_text(f"#!/bin/sh\necho $1\n{sleep}\n")
        (tmp_path / "bin/sleep").chmod(0o755)
        command = f'PATH="{tmp_path}/bin:$PATH" {pause} sh {script} garden watch 1m touch {ran}'
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip(), ran.exists()

    return run


def test_a_job_begins_when_it_is_the_turn_of_its_host(job):
    assert job("") == ("", True)
    assert job("PAUSE=0") == ("", True)
    assert job("PAUSE=20") == ("20", True)


def test_a_job_leaves_nothing_where_the_project_is_removed_meanwhile(job, tmp_path):
    state = tmp_path / "state"
    assert job("PAUSE=20", sleep=shlex.join(["rm", "-rf", str(state)])) == ("20", False)
    assert not state.exists()
