"""The alarms of a server, without one: rounds with a clock of the test's own."""

import json
import smtplib
from types import SimpleNamespace

import pytest
from mail_server import mail_server

from deploy.on_host import checks, checks_of_running, files
from deploy.on_host.alarms import (
    account,
    judging,
    measures,
    memory,
    neighbours,
    outbox,
    sites,
    ways,
)
from deploy.on_host.alarms import round as rounds
from deploy.on_host.checks import Check, Wrong
from deploy.on_host.site import Site

ANN, BOB = "ann@example.com", "bob@example.com"
ACCOUNT = {"smtp": True, "configured": True, "admins": [ANN], "sender": "site@garden.example"}
ACCOUNT |= {"url": "", "ping": ""}
FACTS = {"port": 8000, "hostname": "garden.example", "app": "garden"}
BEGIN = 1_800_000_000


class Garden:
    """A live site with checks that a test answers, and the messages that it has sent."""

    def __init__(self, site):
        self.site, self.now = site, BEGIN
        self.wrong, self.asked = {}, {}
        self.mails, self.posts, self.pings = [], [], []
        self.refuse = set()

    def check(self, name, every=1):
        def ask(server):
            self.asked[name] = self.asked.get(name, 0) + 1
            if name in self.wrong:
                raise self.wrong[name]
            return "well"

        ask.__name__ = name
        return Check(ask, f"Is {name} well?", (), every)

    def minutes(self, number=1):
        for _ in range(number):
            rounds.Round(self.site, 8000, "garden.example", "garden", self.now).run()
            self.now += 60

    def mail(self, site, account, app, message):
        if message["To"] in self.refuse:
            raise ways.NotSent("450 4.2.0 Greylisted")
        self.mails.append(message)

    def subjects(self):
        return [message["Subject"] for message in self.mails]

    def lines(self):
        return [
            line for mail in self.mails for line in mail.get_content().split("\n") if "  " in line
        ]

    def configure(self, **values):
        (self.site.state / "account.json").write_text(json.dumps(ACCOUNT | values))


@pytest.fixture
def garden(tmp_path, monkeypatch):
    for name in ("fchown", "fsync"):
        monkeypatch.setattr(files.os, name, lambda *_: None)
    site = Site("garden", tmp_path / "garden")
    for directory in ("state", "releases/1"):
        (site.root / directory).mkdir(parents=True)
    (site.root / "current").symlink_to("releases/1")
    garden = Garden(site)
    garden.configure()
    table = [garden.check(name) for name in ("roof", "walls", "door")]
    monkeypatch.setattr(checks, "TABLE", [*table, garden.check("cellar", 60)])
    monkeypatch.setattr(memory, "volatile", lambda site: tmp_path / "run")
    monkeypatch.setattr(measures, "take", lambda *_: None)
    monkeypatch.setattr(rounds.Round, "ask_sites", lambda self: None)
    monkeypatch.setattr(ways, "mail", garden.mail)
    monkeypatch.setattr(ways, "post", lambda *words: garden.posts.append(words))
    monkeypatch.setattr(ways, "ping", garden.pings.append)
    return garden


# Rounds


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


def test_what_is_to_be_typed_names_the_environment(garden):
    (garden.site.state / "fabric").mkdir()
    (garden.site.state / "fabric/1.json").write_text('{"ENVIRONMENT": "staging"}')
    garden.wrong["roof"] = Wrong("it leaks", "fab restart")
    garden.minutes(2)
    assert "type fab staging restart" in garden.mails[0].get_content()
    assert "fab staging status shows" in garden.mails[0].get_content()


# Telling


def test_what_could_not_be_sent_is_tried_again_and_arrives_once(garden):
    garden.refuse.add(ANN)
    garden.wrong["roof"] = Wrong("it leaks")
    garden.minutes(120)
    assert garden.mails == []
    box = rounds.load(garden.site)["outbox"][ANN]
    assert box["words"] == "450 4.2.0 Greylisted"
    assert 5 < box["tries"] < 12
    garden.wrong.clear()
    garden.minutes(5)
    garden.refuse.clear()
    garden.minutes(60)
    assert garden.subjects() == ["garden.example: wrong: roof; over: roof"]


def test_each_recipient_gets_what_they_have_not_got(garden):
    garden.configure(admins=[ANN, BOB], url="https://hook.example/secret")
    garden.refuse.add(BOB)
    garden.wrong["roof"] = Wrong("it leaks")
    garden.minutes(10)
    garden.refuse.clear()
    garden.minutes(60)
    assert [mail["To"] for mail in garden.mails] == [ANN, BOB]
    assert [post[0] for post in garden.posts] == ["https://hook.example/secret"]


def test_the_same_digest_has_the_same_id_however_often_it_is_sent(garden):
    ids = {outbox.digest_id(ANN, ["one", "two"], 7.5) for _ in range(3)}
    assert len(ids) == 1
    assert outbox.digest_id(BOB, ["one", "two"], 7.5) not in ids


def test_the_same_words_at_another_time_are_another_mail(garden):
    for _time in range(2):
        garden.wrong["roof"] = Wrong("it leaks")
        garden.minutes(10)
        garden.wrong.clear()
        garden.minutes(20)
    told = [mail for mail in garden.mails if "wrong: roof" in mail["Subject"]]
    assert told[0].get_content() == told[1].get_content()
    assert len({mail["Message-ID"] for mail in garden.mails}) == 4


def test_who_is_named_later_hears_what_is_wrong_by_then(garden):
    garden.configure(admins=[])
    garden.wrong["roof"] = Wrong("it leaks")
    garden.minutes(10)
    garden.configure()
    garden.minutes(10)
    assert garden.subjects() == ["garden.example: wrong: roof"]


def test_a_full_disk_is_told_though_nothing_can_be_kept_there(garden, monkeypatch):
    write = files.write

    def refuse(path, *rest, **options):
        if garden.site.state in path.parents:
            raise OSError(28, "No space left on device")
        write(path, *rest, **options)

    monkeypatch.setattr(memory, "write", refuse)
    garden.wrong["roof"] = Wrong("0 MB are free")
    garden.minutes(30)
    assert garden.subjects() == ["garden.example: wrong: roof"]


def test_where_nothing_can_be_kept_at_all_nobody_is_told_each_minute(garden, monkeypatch):
    def refuse(*_rest, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(memory, "write", refuse)
    garden.wrong["roof"] = Wrong("0 MB are free")
    for _ in range(5):
        with pytest.raises(OSError, match="No space"):
            garden.minutes()
    assert garden.mails == []


def test_a_sign_of_life_is_given_every_few_minutes_and_not_while_nobody_can_be_told(garden):
    garden.configure(ping="https://ping.example/secret")
    garden.minutes(60)
    assert 12 <= len(garden.pings) <= 15
    garden.refuse.add(ANN)
    garden.wrong["roof"] = Wrong("it leaks")
    garden.minutes(60)
    garden.pings.clear()
    garden.minutes(60)
    assert garden.pings == []


def test_no_url_is_told_where_it_does_not_answer():
    with pytest.raises(ways.NotSent) as told:
        ways.post("http://127.0.0.1:9/secret", "x", "y", "z")
    assert "secret" not in str(told.value)
    with pytest.raises(ways.NotSent) as told:
        ways.ping("no address at all: secret")
    assert "secret" not in str(told.value)


def test_recipients_are_the_admins_and_the_url():
    assert account.recipients(ACCOUNT | {"url": "https://x.example"}) == [ANN, account.URL]
    assert account.recipients(ACCOUNT | {"configured": False}) == []
    assert account.recipients({}) == []


# Mail, and neighbours


def smtp(server, **values):
    account = ACCOUNT | {"host": "127.0.0.1", "port": server.port, "tls": False, "ssl": False}
    return account | {"timeout": 0.3, "user": "garden", "password": "x"} | values


def test_a_mail_server_is_told_all_in_the_mail_and_its_words_come_back(garden, monkeypatch):
    monkeypatch.undo()
    with mail_server() as server:
        account = smtp(server)
        message = ways.written(account, ANN, "Über: roof", "it leaks\n", "0a")
        ways.mail(garden.site, account, "garden", message)
        for fault, words in (
            ("does not take the address", "550 5.1.1 No such mailbox"),
            ("does not take the password", "535 5.7.8 Wrong password"),
            ("does not take the text", "554 5.6.0 Spam"),
        ):
            server.fault = fault
            with pytest.raises(ways.NotSent, match=words):
                ways.mail(garden.site, account, "garden", message)
        for fault in ("is silent", "hangs up at once", "hangs up after the text", "is busy"):
            server.fault = fault
            with pytest.raises((OSError, smtplib.SMTPException, ways.NotSent)):
                ways.mail(garden.site, account, "garden", message)
        assert len(server.taken) == 1
        assert "Message-ID: <0a@garden.example>" in server.taken[0].replace("\r", "")


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


# All sites


def rounds_of_sites(number, broken, minutes, kept=None):
    """Return what was told of the sites in each minute, and how often they were asked."""
    kept = {} if kept is None else kept
    known = [(pk, f"s{pk}.example") for pk in range(1, number + 1)]
    asked, told = [], []
    for minute in range(minutes):
        now_broken = broken(minute)

        def ask(sites, now_broken=now_broken):
            asked.extend(pk for pk, _domain in sites)
            return {pk: "answers 500" if pk in now_broken else "" for pk, _domain in sites}

        sites.watch(kept, known, ask)
        told.append(sites.problem(kept))
    return told, asked


def test_each_of_ten_thousand_sites_is_asked_within_an_hour():
    _told, asked = rounds_of_sites(10_000, lambda minute: set(), 60)
    assert set(asked) == set(range(1, 10_001))
    assert len(asked) < 13_000


def test_of_ten_thousand_sites_three_hundred_break_and_one_digest_has_them_all(garden, monkeypatch):
    kept, broken = {}, set(range(5000, 5300))

    def row(server):
        if words := sites.problem(kept):
            raise Wrong(words)
        return "all"

    row.__name__ = "other_sites"
    monkeypatch.setattr(checks, "TABLE", [Check(row, "Do all answer?", (), 1)])

    def a_minute(minute):
        is_broken = 30 <= minute < 200
        rounds_of_sites(10_000, lambda _minute: broken if is_broken else set(), 1, kept)
        garden.minutes()

    for minute in range(300):
        a_minute(minute)
    words = "300 of 10,000 sites: s5000.example answers 500, s5001.example answers 500, "
    assert garden.subjects() == [
        f"garden.example: {what}: other sites" for what in ("wrong", "over")
    ]
    assert f"{words}s5002.example answers 500, and 297 more" in garden.mails[0].get_content()


def test_a_site_without_a_home_page_is_no_alarm_until_it_had_one():
    kept, known = {}, [(1, "one.example"), (2, "two.example")]
    for words in ("answers 404", "answers 404", "answers 404"):
        sites.watch(kept, known, lambda asked, words=words: {1: "", 2: words})
    assert sites.problem(kept) == ""
    sites.watch(kept, known, lambda asked: {1: "", 2: ""})
    for _ in range(3):
        sites.watch(kept, known, lambda asked: {1: "", 2: "answers 404"})
    assert sites.problem(kept) == "1 of 2 sites: two.example answers 404"
    sites.watch(kept, known[:1], lambda asked: {1: ""})  # it was removed
    assert sites.problem(kept) == ""


def test_what_a_round_has_no_time_for_the_next_one_asks():
    kept, asked = {}, []
    known = [(pk, f"s{pk}.example") for pk in range(1, 101)]

    def slow(few):
        asked.extend(pk for pk, _domain in few[:7])
        return dict.fromkeys((pk for pk, _domain in few[:7]), "")

    for _ in range(15):
        sites.watch(kept, known, slow)
    assert set(asked) == set(range(1, 101))


# What is counted


LINE = '{} - - [29/Nov/2026:08:00:00 +0000] "GET /x\\x22 HTTP/2.0" {} 5 "-" "curl" abc\n'


@pytest.fixture
def log(tmp_path, monkeypatch):
    path = tmp_path / "access.log"
    path.write_text(LINE.format("203.0.113.7", 500) * 3)
    monkeypatch.setattr(measures, "access_log", lambda site: path)
    return path


def test_answers_are_counted_once_also_over_a_rotation(log, tmp_path):
    site, kept = SimpleNamespace(state=tmp_path), {}
    measures.count_answers(site, kept, 0)
    assert measures.answered(kept) == (0, 0)  # of before we came
    with log.open("a") as file:
        file.write(LINE.format("203.0.113.7", 200) + LINE.format("::1", 502) + "half a li")
    measures.count_answers(site, kept, 60)
    measures.count_answers(site, kept, 120)
    assert measures.answered(kept) == (2, 1)
    log.rename(f"{log}.1")
    log.write_text(LINE.format("203.0.113.7", 503) + LINE.format("127.0.0.1", 503))
    measures.count_answers(site, kept, 180)
    assert measures.answered(kept) == (3, 2)
    measures.count_answers(site, kept, 720)
    assert measures.answered(kept) == (1, 1)


def test_what_the_server_looks_at_itself_is_no_answer_to_a_visitor(log, tmp_path, monkeypatch):
    monkeypatch.setattr(measures, "own_address", lambda: "198.51.100.7")
    kept = {"log": {"offset": 0}}
    addresses = ("198.51.100.7", "127.0.0.1", "203.0.113.7")
    log.write_text("".join(LINE.format(address, 502) for address in addresses))
    measures.count_answers(SimpleNamespace(state=tmp_path), kept, 0)
    assert measures.answered(kept) == (1, 1)


def test_of_a_large_log_the_end_is_read(log, monkeypatch, tmp_path):
    monkeypatch.setattr(measures, "MOST", 1000)
    kept = {"log": {"offset": 0}}
    log.write_text(LINE.format("203.0.113.7", 200) * 1000)
    measures.count_answers(SimpleNamespace(state=tmp_path), kept, 0)
    assert 5 < measures.answered(kept)[0] < 20
    assert kept["log"]["offset"] == log.stat().st_size


def test_a_number_that_rises_is_known_for_an_hour():
    kept = {}
    for now, count in ((0, 7), (60, 7), (120, 9), (180, 9)):
        measures.note_rise(kept, "kills", count, now)
    assert measures.risen(kept, "kills") == 2
    measures.note_rise(kept, "kills", 1, 240)  # the server was started
    assert measures.risen(kept, "kills") == 3
    measures.note_rise(kept, "kills", 1, 120 + 3600)
    assert measures.risen(kept, "kills") == 1


def test_a_clock_that_is_set_back_stops_no_check():
    known = judging.new()
    judging.judge(known, True, BEGIN)
    assert judging.is_due(known, 60, BEGIN - 86400)
