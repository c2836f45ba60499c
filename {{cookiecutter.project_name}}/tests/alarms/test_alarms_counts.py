"""What the alarms count from round to round: the home pages of all sites, answers, kills."""

import subprocess
from types import SimpleNamespace

import pytest

from deploy.on_host import checks, postgres
from deploy.on_host.alarms import measures, sites
from deploy.on_host.checks import Check, Wrong
from deploy.on_host.site import Site

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


def test_a_domain_of_two_lines_keeps_no_other_site_from_being_asked(monkeypatch, tmp_path):
    rows = "1|one.example\0" + "2|two.\u2028example\nand more\0" + "3|three.example:8000\0"
    monkeypatch.setattr(postgres, "run", lambda *words, stdin, at: rows)
    known = dict(sites.known_sites(Site("garden", tmp_path)))
    assert (known[1], known[3]) == ("one.example", "three.example")
    assert list(known) == [1, 2, 3]


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


def test_a_systemd_that_is_silent_makes_no_unit_of_before_a_new_one(monkeypatch, tmp_path):
    def units(*shown):
        if not shown:
            raise subprocess.TimeoutExpired("systemctl", 20)
        return list(shown)

    site, kept = SimpleNamespace(name="garden", state=tmp_path), {}
    for shown in (["old.service"], [], ["old.service", "new.service"]):
        monkeypatch.setattr(measures, "failed_units", lambda shown=shown: units(*shown))
        measures.take(site, kept, 0)
    assert kept["units"] == ["old.service"]
