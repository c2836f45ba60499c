"""Of several hosts of a site: which leads, and which leaves the visitors to the others."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from deploy.on_host import handed_on, lead, peers
from deploy.on_host.agreement import MOVED, Row, Stand
from deploy.on_host.lead import has_gone_on, must_stand_aside
from deploy.on_host.site import Refused, Site

NEW, OLD, OTHER = Stand("new", "x"), Stand("old", "x"), Stand("new", "other secrets")
JOB = Path(lead.__file__).with_name("job.sh")
SERVE = JOB.with_name("serve.sh")


def row(name, stand=NEW, alive=True):
    return Row(name, "192.0.2.1", stand, alive)


@pytest.mark.parametrize(
    ("mine", "others", "wanted", "is_due"),
    [
        (NEW, [row("b")], NEW, False),
        (OLD, [row("b")], NEW, True),
        (OTHER, [row("b")], NEW, True),
        (OLD, [row("b", alive=False)], NEW, False),  # better old code than nobody
        (OLD, [row("b", OLD)], NEW, False),
        (OLD, [row("b", OLD), row("c")], NEW, True),
        (NEW, [row("b", OLD)], NEW, False),
        (OLD, [row("b")], None, False),  # a restore has taken along what was noted
    ],
)
def test_a_host_stands_aside_while_another_has_what_was_put_live_last(mine, others, wanted, is_due):
    assert must_stand_aside("a", mine, [row("a", mine), *others], wanted) == is_due


def test_a_host_that_is_none_of_them_any_more_serves_nobody():
    assert has_gone_on("a", [row("b")], NEW)
    assert not has_gone_on("a", [row("a"), row("b")], OLD)
    assert not has_gone_on("a", [], NEW)
    assert has_gone_on("a", [], Stand(MOVED, ""))  # another database has what is new


@pytest.fixture
def site(tmp_path):
    for folder in ("state/jobs", "shared"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(JOB, tmp_path / "shared/job.sh")
    return Site("garden", tmp_path)


def runs(site):
    """Return whether a job that is to run once runs on this host."""
    mark = site.root / "ran"
    mark.unlink(missing_ok=True)
    script = (site.shared / "job.sh").read_text()
    script = script.replace("folder=/run/$project/jobs", f"folder={site.root}/jobs")
    (site.shared / "job.sh").write_text(script)
    words = ["sh", site.shared / "job.sh", "garden", "poll", "1m", "touch", mark]
    subprocess.run(words, env=os.environ | {"ONCE": "1"}, check=True)
    return mark.exists()


def test_a_job_that_is_common_runs_on_the_host_that_leads_and_on_one_that_is_alone(site):
    assert runs(site)
    assert lead.is_to_lead(site)
    lead.path(site).write_text('{"me": "a", "hosts": [["a", ""], ["b", ""]]}')
    assert not runs(site)
    assert not lead.is_to_lead(site)
    lead.leads(site).touch()
    assert runs(site)
    assert lead.is_to_lead(site)
    long_ago = time.time() - 600
    os.utime(lead.leads(site), (long_ago, long_ago))
    assert not runs(site)
    assert not lead.is_to_lead(site)


def test_what_is_handed_on_is_read_by_the_hosts_alone(site, monkeypatch):
    def write(path, text, *_owned, **_options):
        path.write_text(text)

    monkeypatch.setattr(peers, "write", write)
    peers.make(site)
    text = "names/www.example.com.pem\n-----BEGIN PRIVATE KEY-----\n"
    sealed = handed_on.seal(site, text)
    assert b"PRIVATE KEY" not in sealed
    assert handed_on.opened(site, sealed) == text
    peers.pair(site).unlink()
    peers.make(site)
    with pytest.raises(Refused):
        handed_on.opened(site, sealed)


@pytest.mark.parametrize(
    ("name", "is_file"),
    [
        ("names/www.example.com.pem", True),
        ("trusted/www.example.com", True),
        ("names/../../secrets.json", False),
        ("names/x'; DROP TABLE auth_user; --.pem", False),
        ("shared/settings.json", False),
        ("names/www.example.com", False),
    ],
)
def test_the_database_is_not_believed_where_files_go(name, is_file):
    assert handed_on.is_file(name) == is_file


def test_hosts_differ_where_their_secrets_do_and_no_secrets_are_as_none_yet(site):
    none = lead.mine(site)
    (site.shared / "settings.json").write_text("{}")
    assert lead.mine(site) == none
    (site.shared / "settings.json").write_text('{"API_KEY": "1"}')
    one = lead.mine(site)
    (site.shared / "secrets.json").write_text('{"secret_key": "x"}')
    assert len({none, one, lead.mine(site)}) == 3


@pytest.mark.parametrize(
    ("psql", "serves"),
    [
        ("echo abreast", True),
        ("echo behind", False),
        ("echo none of them", False),
        ("exit 1", True),
    ],
)
def test_a_host_that_was_off_does_not_serve_before_it_is_known_to_be_abreast(site, psql, serves):
    (site.shared / "secrets.json").write_text('{"secret_key": "x"}')
    site.current.symlink_to("releases/new")
    lead.path(site).write_text('{"me": "a.example", "hosts": [["a.example", ""]]}')
    shutil.copy(SERVE, site.shared)
    program = site.root / "psql"
    program.write_text(f'#!/bin/sh\necho "$*" >{site.root}/asked\ncat >{site.root}/sql\n{psql}\n')
    program.chmod(0o755)
    for text in (None, '{"API_KEY": "1"}'):
        if text:
            (site.shared / "settings.json").write_text(text)
        words = ["sh", site.shared / "serve.sh", "garden-that-is-not", "echo", "gunicorn"]
        path = f"{site.root}:{os.environ['PATH']}"
        run = subprocess.run(words, env={"PATH": path}, capture_output=True, text=True)
        assert (run.stdout == "gunicorn\n") == serves
        asked = (site.root / "asked").read_text()
        assert f"settings={lead.mine(site).settings}" in asked
        assert "-v me=a.example -v release=new" in asked
    assert f"'{MOVED}'" in (site.root / "sql").read_text()


def test_jobs_say_that_they_run_once_where_an_older_job_sh_does_not_see_it():
    lines = (JOB.parents[1] / "crontab.template").read_text("utf-8").splitlines()
    once = [line for line in lines if "ONCE=1" in line and not line.startswith("#")]
    assert len(once) == 4
    assert all(
        re.search(r"ONCE=1 .*/job\.sh \S+ \w+ \d+[mh] (\S*/|python3)", each) for each in once
    )
