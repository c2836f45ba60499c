"""Rounds of the alarms: what is asked, and what counts as wrong."""

import itertools
import json
import subprocess
import time
from types import SimpleNamespace

import pytest
from alarms_garden import ACCOUNT, ANN, BEGIN, BOB

from deploy.on_host import checks, checks_of_running
from deploy.on_host.alarms import judging, measures, neighbours
from deploy.on_host.alarms import round as rounds
from deploy.on_host.checks import Check, Wrong
from deploy.on_host.site import Site

FACTS = {"port": 8000, "hostname": "garden.example", "app": "garden"}


def test_with_nothing_wrong_a_day_brings_no_mail(garden):
    garden.configure(url="https://hook.example/x")
    garden.minutes(1440)
    assert (garden.mails, garden.posts) == ([], [])
    assert garden.asked["roof"] == 1440
    assert garden.asked["cellar"] == 24


@pytest.mark.parametrize("name", ["roof", "cellar"])
def test_what_is_wrong_is_told_once_and_once_when_it_is_over(garden, name):
    garden.minutes(5)
    garden.wrong[name] = Wrong("it leaks", "fab mend")
    garden.minutes(300)
    assert garden.subjects() == [f"garden.example: wrong: {name}"]
    assert f"WRONG  {name}: it leaks; type fab mend\n" in garden.mails[0].get_content()
    garden.wrong.clear()
    garden.minutes(1440)
    assert garden.subjects()[1:] == [f"garden.example: over: {name}"]


def test_what_changes_in_a_round_is_in_one_digest(garden):
    garden.wrong |= {"roof": Wrong("it leaks"), "walls": Wrong("they lean")}
    garden.minutes(3)
    assert garden.subjects() == ["garden.example: wrong: roof, walls"]
    del garden.wrong["roof"]
    garden.minutes(2)
    garden.wrong["door"] = Wrong("it is stuck")
    garden.minutes(2)
    assert garden.subjects()[1:] == ["garden.example: wrong: door; over: roof"]


def test_what_is_wrong_for_one_round_alone_is_not_told(garden):
    for _ in range(50):
        garden.wrong["roof"] = Wrong("it leaks")
        garden.minutes()
        garden.wrong.clear()
        garden.minutes()
    assert garden.mails == []


def test_what_flaps_for_a_day_is_told_a_few_times_and_the_last_word_is_true(garden):
    for _ in range(144):  # wrong for five minutes, right for five
        garden.wrong["roof"] = Wrong("it leaks")
        garden.minutes(5)
        garden.wrong.clear()
        garden.minutes(5)
    assert len(garden.mails) <= 4
    garden.minutes(2 * 1440)
    assert garden.subjects()[-1] == "garden.example: over: roof"


def test_what_cannot_be_told_while_something_is_wrong_is_no_alarm_of_its_own(garden):
    garden.wrong |= {"roof": Wrong("the database is away"), "walls": OSError("no database")}
    garden.minutes(10)
    assert garden.subjects() == ["garden.example: wrong: roof"]
    garden.wrong = {"walls": OSError("no way to ask")}
    garden.minutes(10)
    assert "WRONG  walls: cannot be told: no way to ask" in garden.lines()


def test_what_a_command_does_on_purpose_is_no_alarm(garden, monkeypatch):
    holder = {"when": "2027-01-15T08:00:00+00:00"}  # when the clock of the test begins
    monkeypatch.setattr(rounds.lease, "holder", lambda state: holder)
    garden.wrong["roof"] = Wrong("it is taken off")
    garden.minutes(60)
    assert garden.mails == []
    garden.minutes(5)  # it takes too long
    assert garden.subjects() == ["garden.example: wrong: roof"]


def test_a_check_that_hangs_is_told_and_keeps_no_other_from_being_asked(garden, monkeypatch):
    def database(server):
        checks.output("sleep", "60")

    monkeypatch.setattr(checks, "TABLE", [Check(database, "?", (), 1), *checks.TABLE])
    monkeypatch.setattr(checks, "SECONDS", 2)
    garden.minutes(3)
    assert garden.asked["door"] == 3
    assert garden.lines() == ["WRONG  database: cannot be told: no answer within 2 seconds"]


def test_a_database_that_hangs_keeps_no_round_from_its_end(garden, monkeypatch):
    def hang(site):
        subprocess.run(["sleep", "60"])

    monkeypatch.undo()
    monkeypatch.setattr(rounds.sites, "known_sites", hang)
    monkeypatch.setattr(rounds, "SITES", 2)
    begun = time.monotonic()
    rounds.Round(garden.site, 8000, "garden.example", "garden", garden.now).ask_sites()
    assert time.monotonic() - begun < 30


def test_what_a_round_has_no_time_to_ask_is_the_first_in_the_next(garden, monkeypatch):
    counter = itertools.count()
    monkeypatch.setattr(rounds.time, "monotonic", lambda: next(counter))
    monkeypatch.setattr(rounds, "ASKING", 1)  # the time of a single check
    garden.minutes(4)
    assert garden.asked == {"roof": 1, "walls": 1, "door": 1, "cellar": 1}


def test_a_clock_that_was_ahead_holds_nothing_back(garden):
    now, garden.now = garden.now, garden.now + 365 * 86400
    garden.refuse.add(ANN)
    garden.wrong["roof"] = Wrong("it leaks")
    garden.minutes(3)
    garden.wrong.clear()
    garden.minutes(1)
    garden.refuse.clear()
    garden.now = now
    garden.minutes(10)
    assert garden.subjects() == ["garden.example: wrong: roof", "garden.example: over: roof"]


def test_an_answer_is_one_line_whatever_a_program_has_said(garden):
    garden.wrong["roof"] = Wrong("/run/postgresql: no answer\n  two\tservers\r\n")
    row = checks.ask(checks.TABLE[0], checks.Server(garden.site, FACTS))
    assert row["answer"] == "/run/postgresql: no answer two servers"


def test_what_is_to_be_typed_names_the_environment(garden):
    (garden.site.state / "fabric").mkdir()
    (garden.site.state / "fabric/1.json").write_text('{"ENVIRONMENT": "staging"}')
    garden.wrong["roof"] = Wrong("it leaks", "fab restart")
    garden.minutes(2)
    assert "type fab staging restart" in garden.mails[0].get_content()
    assert "fab staging status shows" in garden.mails[0].get_content()


def test_a_clock_that_is_set_back_stops_no_check():
    known = judging.new()
    judging.judge(known, True, BEGIN)
    assert judging.is_due(known, 60, BEGIN - 86400)


def test_one_of_two_projects_tells_what_is_wrong_with_the_server(garden, monkeypatch, tmp_path):
    other = Site("court", tmp_path / "court")
    (other.state).mkdir(parents=True)
    (other.root / "current").symlink_to("releases/1")
    (tmp_path / "records").mkdir()
    (tmp_path / "records/court.json").write_text(json.dumps({"root": str(other.root)}))
    monkeypatch.setattr(neighbours, "RECORDS", tmp_path / "records")
    monkeypatch.setattr(Check, "is_of_server", property(lambda check: check.name == "roof"))
    heard = {"court": BEGIN}
    monkeypatch.setattr(neighbours, "heard_of", lambda site: heard[site.name])
    (other.state / "account.json").write_text(json.dumps(ACCOUNT | {"admins": [BOB]}))
    garden.wrong |= {"roof": Wrong("it leaks"), "walls": Wrong("they lean")}
    garden.minutes(1)
    assert garden.asked["roof"] == 1  # Ann hears nothing from the other
    (other.state / "account.json").write_text(json.dumps(ACCOUNT | {"admins": [BOB, ANN]}))
    garden.minutes(3)
    assert garden.asked["roof"] == 1
    assert garden.subjects() == ["garden.example: wrong: walls"]
    heard["court"] = BEGIN - 3600  # it is silent
    garden.minutes(1)
    assert garden.subjects()[1:] == ["garden.example: wrong: roof"]


# From outside


@pytest.fixture
def asked_at(garden, monkeypatch):
    """The addresses that were asked for the home page; those of `down` do not answer."""
    asked, down = [], set()

    def seen_at(server, address, connect):
        asked.append(address)
        if address in down:
            raise OSError("timed out")
        return "yes"

    monkeypatch.setattr(checks_of_running, "seen_at", seen_at)
    monkeypatch.setattr(measures, "own_address", lambda: "10.0.0.5")
    monkeypatch.setattr(checks_of_running, "trusting", lambda server: None)
    (garden.site.root / "certificates/trusted").mkdir(parents=True)
    asked_at = SimpleNamespace(asked=asked, down=down, site=garden.site)
    asked_at.server = checks.Server(garden.site, FACTS)
    return asked_at


def test_a_name_that_does_not_lead_here_yet_is_asked_at_the_servers_own_address(asked_at):
    checks_of_running.outside(asked_at.server)
    assert asked_at.asked == ["10.0.0.5"]


def test_a_name_that_leads_here_is_asked_for_as_from_outside(asked_at):
    (asked_at.site.root / "certificates/trusted/garden.example").write_text("3600")
    asked_at.down.add("garden.example")
    checks_of_running.outside(asked_at.server)  # behind a router that leads nobody back
    assert asked_at.asked == ["garden.example", "10.0.0.5"]
    asked_at.down.clear()
    checks_of_running.outside(asked_at.server)
    assert asked_at.asked[2:] == ["garden.example"]
    asked_at.down.add("garden.example")  # and now it does not, though it did
    with pytest.raises(Wrong, match="garden.example does not answer: timed out"):
        checks_of_running.outside(asked_at.server)
