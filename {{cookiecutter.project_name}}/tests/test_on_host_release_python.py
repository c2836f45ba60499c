"""What the live release is asked on the server, by its own Python."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.on_host import checks, checks_of_site, release_python
from deploy.on_host.checks import Check, Server
from deploy.on_host.site import Refused, Site

IN_RELEASE = Path(release_python.__file__).parent / "in_release"
FACTS = {"port": 8000, "hostname": "garden.example", "app": "garden", "clock": None}


@pytest.fixture
def site(tmp_path):
    """A site with one release, which is live."""
    site = Site("garden", tmp_path / "garden")
    for directory in ("state", "releases/1"):
        (site.root / directory).mkdir(parents=True)
    (site.root / "current").symlink_to("releases/1")
    return site


@pytest.fixture
def server(site):
    return Server(site, FACTS)


MAILS = {"problem": "", "waiting": 3, "late": 0, "undelivered": 0, "words": "", "since": ""}
MAILS["site"] = "two.example"
NONE = {"problem": "Mail is not configured"}
IN_TROUBLE = {"words": "550 No mailbox", "since": "2026-11-29T01:00Z"}


@pytest.mark.parametrize(
    ("mails", "words", "is_wrong"),
    [
        ({}, "3 waiting", False),
        (NONE, "Mail is not configured; fab secret EMAIL_HOST", False),
        (NONE | {"late": 1}, "Mail is not configured; fab secret EMAIL_HOST", False),
        (IN_TROUBLE | {"late": 2}, "2 wait; the last, of two.example: 550 No mailbox", True),
        (
            IN_TROUBLE | {"undelivered": 4, "lately": 0},
            "3 waiting, 4 not delivered, see E-mails in the admin",
            False,
        ),
        (
            NONE | IN_TROUBLE | {"undelivered": 1, "late": 2},
            "1 not delivered, see E-mails in the admin; the last, of two.example: 550 No mailbox",
            True,
        ),
    ],
)
def test_mail_that_is_not_delivered_is_wrong_and_a_site_without_mail_is_not(
    server, monkeypatch, mails, words, is_wrong
):
    monkeypatch.setattr(checks_of_site.virtualenv, "problem_of", lambda *_: "")
    monkeypatch.setattr(checks, "several", lambda *_: {"mail": MAILS | mails})
    row = checks.ask(Check(checks_of_site.mail, "Is mail delivered?", ()), server)
    assert (row["answer"], row["ok"]) == (words, not is_wrong)
    assert row["since"] == (IN_TROUBLE["since"] if is_wrong else "")


def test_a_release_that_keeps_no_mail_has_no_row_for_it(server, monkeypatch):
    monkeypatch.setattr(checks_of_site.virtualenv, "problem_of", lambda *_: "")
    monkeypatch.setattr(checks, "several", lambda *_: {"mail": {}})
    assert checks.ask(Check(checks_of_site.mail, "Is mail delivered?", ()), server) is None


def test_the_release_is_asked_once_and_what_one_answer_lacks_hides_no_other(server, monkeypatch):
    asked = []
    answers = {"mail": MAILS, "migrations": {"error": "no database"}}
    monkeypatch.setattr(checks, "several", lambda *_: asked.append(1) or answers)
    assert server.release_says("mail") == MAILS
    with pytest.raises(Refused, match="no database"):
        server.release_says("migrations")
    assert len(asked) == 1


def test_scripts_are_run_in_one_process_and_one_that_fails_says_why(site, monkeypatch):
    sources = {"mail": "print('x'); print('{\"waiting\": 3}')", "feeds": "raise KeyError('token')"}
    monkeypatch.setattr(release_python, "source_of", sources.get)
    ran = subprocess.run(
        [sys.executable, IN_RELEASE / "several.py"],
        input=json.dumps(sources),
        capture_output=True,
        text=True,
        check=True,
    )
    monkeypatch.setattr(release_python, "ask", lambda *_: json.loads(ran.stdout))
    assert release_python.several(site, "garden", "mail", "feeds") == {
        "mail": {"waiting": 3},
        "feeds": {"error": "the release cannot be asked (feeds): 'token'"},
    }
