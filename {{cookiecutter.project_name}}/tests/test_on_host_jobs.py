"""Jobs of cron, the file for Prometheus, and mail to root, without a server."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from deploy.on_host import files, lead, record, system_mail
from deploy.on_host.alarms import jobs, metrics
from deploy.on_host.site import Site
from mail.models import KEPT, QueuedMail

DEPLOY = Path(__file__).parent.parent / "deploy"
JOB = DEPLOY / "on_host/job.sh"
MAIL = DEPLOY / "on_host/send_mail.sh"
NOW = 1_800_000_000
CRONTAB = """
* * * * * garden umask 022; cd /srv/garden/current/project && /srv/x/job.sh garden send 9m python x
*/10 * * * * root ONCE=1 /srv/garden/shared/job.sh garden poll_twitter 9m python x
40 3 * * * garden /srv/garden/shared/job.sh garden clearsessions 10m python x
0 5 * * 1 garden /srv/garden/shared/job.sh garden weekly 10m python x
0 5 1 * * garden /srv/garden/shared/job.sh garden monthly 10m python x
0 5 1 1 * garden /srv/garden/shared/job.sh garden yearly 10m python x
* * * * * other /srv/other/shared/job.sh other send 9m python x
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site with a crontab, whose jobs note in two directories how they ended."""
    site = Site("garden", tmp_path / "garden")
    (site.state / "jobs").mkdir(parents=True)
    (tmp_path / "crontab").write_text(CRONTAB)
    os.utime(tmp_path / "crontab", (NOW - 86400, NOW - 86400))
    monkeypatch.setattr(jobs, "crontab", lambda site: tmp_path / "crontab")
    monkeypatch.setattr(jobs, "uptime", lambda: 10 * 86400)
    monkeypatch.setattr(jobs, "folder_of", lambda site, job: site.state / "jobs")
    return site


def note(site, job, text, minutes):
    path = site.state / "jobs" / job
    path.write_text(text)
    os.utime(path, (NOW - minutes * 60, NOW - minutes * 60))


def command(folder, *words):
    """Return the words that run job.sh as root does, from FOLDER/shared."""
    (folder / "shared").mkdir(exist_ok=True)
    script = folder / "shared/job.sh"
    script.write_text(JOB.read_text().replace('"$(id -u)" != 0', '"$(id -u)" = none'))
    return ["sh", script, "garden", *words]


def run(folder, *words, **options):
    return subprocess.run(command(folder, *words), **options)


def test_a_job_notes_how_it_ended_and_says_nothing(tmp_path):
    (tmp_path / "state").mkdir()
    shell = "echo shown; echo first >&2; echo the last words >&2; exit 3"
    ended = run(tmp_path, "mend", "5s", "sh", "-c", shell, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert (tmp_path / "state/jobs/mend").read_text() == "3\nthe last words\n"
    assert run(tmp_path, "mend", "5s", "true").returncode == 0
    assert (tmp_path / "state/jobs/mend").read_text() == "0\n\n"
    assert run(tmp_path, "mend", "0.1s", "sleep", "60").returncode == 124


def test_a_job_that_complains_without_end_fills_no_memory(tmp_path):
    (tmp_path / "state").mkdir()
    words = command(tmp_path, "loud", "60s", "sh", "-c", "yes complaint | head -c 200M >&2; exit 4")
    limited = ["sh", "-c", 'ulimit -v 100000; exec "$@"', "sh", *words]
    assert subprocess.run(limited).returncode == 4
    assert (tmp_path / "state/jobs/loud").read_text() == "4\ncomplaint\n"


def test_a_job_that_runs_still_is_not_begun_again(tmp_path):
    (tmp_path / "state/jobs").mkdir(parents=True)
    wait = f"touch {tmp_path}/began; while [ -e {tmp_path}/began ]; do sleep 0.05; done"
    with subprocess.Popen(command(tmp_path, "wait", "60s", "sh", "-c", wait)) as first:
        end = time.monotonic() + 30
        while not (tmp_path / "began").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        assert run(tmp_path, "wait", "60s", "false").returncode == 0
        assert not (tmp_path / "state/jobs/wait").exists()
        (tmp_path / "began").unlink()
        assert first.wait(30) == 0
    assert (tmp_path / "state/jobs/wait").read_text() == "0\n\n"


@pytest.mark.parametrize(
    ("psql", "is_begun"), [("true", False), ("echo 1", True), ("echo away >&2; exit 2", True)]
)
def test_mail_is_sent_where_some_is_due_or_nobody_can_tell(tmp_path, psql, is_begun):
    for path, line in ("bin/psql", f"cat >asked; {psql}"), ("venv/bin/python", "echo $* >begun"):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{line}\n")
        file.chmod(0o755)
    (tmp_path / "project").mkdir()
    environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    subprocess.run(["sh", MAIL], cwd=tmp_path / "project", env=environment, check=True)
    asked = (tmp_path / "project/asked").read_text()
    assert QueuedMail._meta.db_table in asked
    assert f"interval '{KEPT.days} days'" in asked
    begun = tmp_path / "project/begun"
    assert begun.exists() == is_begun
    assert not is_begun or begun.read_text() == "manage.py send_queued_mail\n"


def test_the_jobs_are_read_from_the_crontab(site):
    assert [(job.name, job.user, job.seconds) for job in jobs.read(site)] == [
        ("send", "garden", 60 + 540 + 600),
        ("poll_twitter", "root", 600 + 540 + 600),
        ("clearsessions", "garden", 86400 + 600 + 600),
        ("weekly", "garden", 7 * 86400 + 600 + 600),
        ("monthly", "garden", 31 * 86400 + 600 + 600),
        ("yearly", "garden", 366 * 86400 + 600 + 600),
    ]
    assert [job.name for job in jobs.read(site) if job.once] == ["poll_twitter"]


def test_each_job_of_the_crontab_that_is_deployed_is_watched_but_the_agents():
    """The agent of certificates has a row of its own, trust."""
    text = (DEPLOY / "crontab.template").read_text("utf-8")
    lines = [line for line in text.splitlines() if "* * *" in line]
    assert len(lines) > 5
    unwatched = [line for line in lines if "/shared/job.sh" not in line]
    assert [line for line in unwatched if '"command": "trust"' not in line] == []


@pytest.mark.parametrize(("of_several", "is_known"), [("", True), ("# with other HOSTS: ", False)])
def test_a_host_that_is_deployed_as_the_only_one_forgets_the_others(site, of_several, is_known):
    lead.path(site).write_text('{"me": "a", "hosts": [["a", ""], ["b", ""]]}')
    lead.leads(site).write_text("5")
    text = (DEPLOY / "crontab.template").read_text("utf-8")
    values = dict.fromkeys(re.findall(r"%\((\w+)\)s", text), "x")
    values |= {"project_name": "garden", "of_several": of_several}
    jobs.crontab(site).write_text(text % values)
    lead.settle(site, {job.name for job in jobs.read(site)})
    assert [lead.path(site).exists(), lead.leads(site).exists()] == [is_known, is_known]


def test_a_job_that_fails_is_told_with_its_words_and_one_that_is_late_is_too(site):
    note(site, "send", "0\n\n", 1)
    note(site, "poll_twitter", "1\nX refuses the keys\n", 1)  # which the feeds tell
    note(site, "clearsessions", "0\n\n", 24 * 60)
    assert list(jobs.problems(site, NOW)) == []
    note(site, "send", "2\nOperationalError: \x1b[31mno database\n", 1)
    note(site, "clearsessions", "0\n\n", 2000)
    os.utime(jobs.crontab(site), (NOW - 3 * 86400, NOW - 3 * 86400))
    assert list(jobs.problems(site, NOW)) == [
        "send failed with 2: OperationalError:  [31mno database",
        "clearsessions has not run for 2,000 minutes",
    ]


def test_a_job_that_never_ran_counts_from_when_the_crontab_or_the_server_began(site, monkeypatch):
    monkeypatch.setattr(jobs, "uptime", lambda: 60.0)
    assert list(jobs.problems(site, NOW)) == []
    monkeypatch.setattr(jobs, "uptime", lambda: 3000.0)
    assert [line.split()[0] for line in jobs.problems(site, NOW)] == ["send", "poll_twitter"]


def test_what_the_sites_user_puts_there_instead_of_a_file_is_not_read(site, tmp_path):
    os.mkfifo(site.state / "jobs/send")
    (tmp_path / "of-root").write_text("7\na secret\n")
    (site.state / "jobs/clearsessions").symlink_to(tmp_path / "of-root")
    known = {job.name: jobs.outcome(site, job) for job in jobs.read(site)}
    assert known["send"] == known["clearsessions"] == (0, "", 0)


# Prometheus


def test_the_file_for_prometheus_has_each_check():
    rows = {"disk": {"asked": 5, "wrong": 0}, "last backup": {"asked": 7, "wrong": 2}}
    memory = {"rows": rows, "outbox": {"ann": {"lines": ["one", "two"]}}}
    text = metrics.text("garden", memory, (100, 3), 9)
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert 'site_check_ok{site="garden",check="disk"} 1' in lines
    assert 'site_check_ok{site="garden",check="last backup"} 0' in lines
    assert 'site_alarms_waiting{site="garden"} 2' in lines
    assert 'site_errors{site="garden"} 3' in lines
    assert text.count("# TYPE ") == len(metrics.HEADS)


# Mail to root

ACCOUNT = {"smtp": True, "configured": True, "admins": ["ann@example.com", "bob@example.com"]}
ACCOUNT |= {"host": "mail.example.com", "port": 587, "tls": True, "ssl": False, "user": "garden"}
ACCOUNT |= {"password": 'it\'s "secret" # $HOME', "sender": "Garden <site@garden.example>"}


@pytest.fixture
def debian(tmp_path, monkeypatch):
    """A server where msmtp is what takes mail; the record is kept in a directory of the test."""
    for name in ("fchown", "fsync"):
        monkeypatch.setattr(files.os, name, lambda *_: None)
    monkeypatch.setattr(record, "RECORDS", tmp_path / "records")
    for name in ("CONFIGURATION", "ALIASES", "UPGRADES"):
        monkeypatch.setattr(system_mail, name, tmp_path / name.lower())
    monkeypatch.setattr(system_mail, "SENDMAIL", tmp_path / "sendmail")
    monkeypatch.setattr(system_mail, "MSMTP", str(tmp_path / "msmtp"))
    (tmp_path / "sendmail").symlink_to("msmtp")
    (tmp_path / "msmtp").touch()
    (tmp_path / "records").mkdir()
    for name in ("garden", "shed"):
        (tmp_path / f"records/{name}.json").write_text('{"root": "/srv/garden", "things": []}')
        (tmp_path / f"{name}/state").mkdir(parents=True)
    return tmp_path


def test_mail_to_root_goes_to_the_admins_and_no_argument_has_the_password(debian):
    site = Site("garden", debian / "garden")
    system_mail.update(site, ACCOUNT)
    text = (debian / "configuration").read_text()
    assert "secret" not in text
    assert f"passwordeval cat {site.state}/mail-password\n" in text
    assert (site.state / "mail-password").read_text() == f"{ACCOUNT['password']}\n"
    for path in (debian / "configuration", site.state / "mail-password"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert "root: ann@example.com, bob@example.com\n" in (debian / "aliases").read_text()
    assert system_mail.described(site) == "to ann@example.com, bob@example.com"
    assert record.has(site, "file", str(debian / "configuration"))
    system_mail.update(site, ACCOUNT | {"admins": []})
    assert [name for name in os.listdir(debian) if name in ("configuration", "aliases")] == []
    assert not (site.state / "mail-password").exists()


def test_without_tls_mail_to_root_logs_in_as_the_site_does(debian):
    site = Site("garden", debian / "garden")
    for tls, ssl, way in ((True, False, "on"), (False, True, "on"), (False, False, "plain")):
        system_mail.update(site, ACCOUNT | {"tls": tls, "ssl": ssl})
        assert f"\nauth {way}\n" in (debian / "configuration").read_text()


@pytest.mark.parametrize("name", ["host", "port", "user", "sender", "admins"])
def test_no_value_of_the_account_is_a_command_of_roots_mail(debian, name):
    """Whoever may write code of the site may say what its account is, and is not root."""
    value = "x@example.com\npasswordeval touch /tmp/done"
    values = {name: [value] if name == "admins" else value}
    site = Site("garden", debian / "garden")
    system_mail.update(site, ACCOUNT)
    system_mail.update(site, ACCOUNT | values)
    texts = [path.read_text() for path in debian.iterdir() if path.is_file()]
    assert not any("touch" in text for text in texts)


def test_what_is_not_ours_stays_as_it_is(debian):
    first, second = Site("garden", debian / "garden"), Site("shed", debian / "shed")
    system_mail.update(first, ACCOUNT)
    before = (debian / "configuration").read_text()
    system_mail.update(second, ACCOUNT | {"host": "other.example.com"})
    assert (debian / "configuration").read_text() == before
    assert "not of this project" in system_mail.described(second)
    (debian / "sendmail").unlink()
    (debian / "sendmail").symlink_to("postfix")
    Path(debian / "postfix").touch()
    system_mail.update(first, ACCOUNT | {"host": "other.example.com"})
    assert (debian / "configuration").read_text() == before
    assert "postfix, which is not ours" in system_mail.described(first)
