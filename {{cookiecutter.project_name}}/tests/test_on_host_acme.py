"""What the agent of certificates decides: for which names it orders, when, and what it tells."""

import os
import time
from contextlib import suppress
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from deploy.on_host.acme import domains, leading, ledger, order, place, telling
from deploy.on_host.acme.ledger import DAY, HOUR, MINUTE, Ledger
from deploy.on_host.site import Site

NOW = 1_800_000_000.0
WORDS_OF_CA = """ValueError: Error finalizing order:
Url: https://ca.example/new-order
Data: b'{...}'
Response Code: %s
Response: {'type': 'urn:ietf:params:acme:error:%s', 'detail': '%s', 'status': %s}
"""


def last_two_labels(name):
    return ".".join(name.split(".")[-2:])


@pytest.fixture
def kept(tmp_path):
    """A ledger that knows the names one.example and two.example, the second the newest."""
    kept = Ledger(tmp_path / "ledger", last_two_labels)
    kept.note_names(["two.example", "one.example"], NOW)
    return kept


def due(kept, now=NOW):
    return [row["name"] for row in kept.due(now)]


def row_of(kept, name):
    return kept.all("SELECT * FROM name WHERE name = :name", name=name)[0]


@pytest.mark.parametrize(
    "name",
    [
        "../two.example",
        "two.example/..",
        "two..example",
        ".two.example",
        "two.example.",
        "two",
        "127.0.0.1",
        "::1",
        "-two.example",
        "two.example\n",
        "TWO.example",
        "zwölf.example",
        "*.two.example",
        f"{'a' * 64}.example",
        f"{'a.' * 130}example",
        "a.b\0.example",
        "",
    ],
)
def test_what_is_no_name_gets_no_certificate(name):
    assert not place.is_name(name)


@pytest.mark.parametrize("name", ["two.example", "xn--zwlf-6qa.example", f"{'a' * 63}.example"])
def test_what_is_a_name_gets_one(name):
    assert place.is_name(name)


@pytest.mark.parametrize("project", ["garden", "g" * 27, "g" * 28, "g" * 31])
def test_the_agents_user_has_a_name_that_debian_takes(project):
    assert len(place.user(project)) <= 32
    assert place.user("g" * 30) != place.user("g" * 31)


def test_the_newest_name_is_the_first(kept):
    assert due(kept) == ["two.example", "one.example"]
    kept.note_names(["one.example", "two.example", "new.example"], NOW + 60)
    assert due(kept, NOW + 60) == ["new.example", "two.example", "one.example"]


def test_a_name_that_is_no_sites_is_ordered_no_more_and_forgotten_after_a_day(kept):
    kept.note_names(["one.example"], NOW + 60)
    assert due(kept, NOW + 60) == ["one.example"]
    assert kept.forget(NOW + DAY) == []
    assert kept.forget(NOW + DAY + 61) == ["two.example"]


def test_a_name_that_comes_back_within_a_day_keeps_its_certificate(kept):
    kept.note_certificate("two.example", NOW, NOW + 90 * DAY, False)
    kept.note_names(["one.example"], NOW + 60)
    kept.note_names(["one.example", "two.example"], NOW + 120)
    assert kept.forget(NOW + 3 * DAY) == []
    assert due(kept, NOW + 120) == ["one.example"]


def test_a_list_that_is_empty_removes_nothing(kept):
    kept.note_names([], NOW + 60)
    assert kept.forget(NOW + 3 * DAY) == []
    assert len(due(kept)) == 2


@pytest.mark.parametrize(
    ("life", "renewed"), [(90, 60.1), (64, 42.8), (45, 30.1), (6.6, 3.4), (1, 0.6)]
)
def test_a_certificate_is_renewed_by_the_fraction_of_its_life(kept, life, renewed):
    kept.note_certificate("two.example", NOW, NOW + life * DAY, False)
    assert due(kept, NOW + (renewed - 0.2) * DAY) == ["one.example"]
    assert due(kept, NOW + renewed * DAY) == ["one.example", "two.example"]


def test_an_order_is_noted_before_it_is_placed_and_waits_longer_each_time(tmp_path, kept):
    waits = []
    now = NOW
    for _ in range(9):
        kept.note_order("two.example", now)
        after_a_crash = Ledger(tmp_path / "ledger", None)
        waits.append(row_of(after_a_crash, "two.example")["next"] - now)
        now += waits[-1]
    assert waits[:4] == [15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR]
    assert waits[-1] == DAY
    assert row_of(kept, "two.example")["failing"] == NOW


def test_the_failure_of_one_name_is_no_other_names(kept):
    kept.note_order("two.example", NOW)
    kept.note_failure("two.example", "no")
    assert due(kept) == ["one.example"]


def may_order(kept, name, now):
    return [row["name"] for row in kept.allowed([row_of(kept, name)], now)] == [name]


def test_a_part_of_each_limit_is_left_for_new_names(kept):
    for number in range(ledger.ORDERS):
        kept.note_order(f"{number}.site{number}.example", NOW)
    kept.note_names(["new.test", "one.example"], NOW + 2 * HOUR)
    assert not may_order(kept, "one.example", NOW + 2 * HOUR)
    assert may_order(kept, "new.test", NOW + 2 * HOUR)
    assert may_order(kept, "one.example", NOW + 4 * HOUR)


def test_the_limit_of_a_domain_is_no_other_domains(kept):
    for number in range(ledger.OF_DOMAIN):
        kept.note_order(f"{number}.agency.example.org", NOW)
    kept.note_names(["a.example.org", "b.other.org"], NOW)
    later = NOW + 4 * HOUR
    assert not may_order(kept, "a.example.org", later)
    assert may_order(kept, "b.other.org", later)
    kept.note_certificate("a.example.org", NOW - 60 * DAY, NOW + 4 * DAY, False)
    assert may_order(kept, "a.example.org", later)  # a renewal is not counted
    kept.lose(["a.example.org"])
    assert may_order(kept, "a.example.org", NOW + 8 * DAY)


def test_the_limit_of_a_domain_is_looked_at_before_each_order(kept):
    names = [f"{number}.shared.test" for number in range(100)]
    kept.note_names(names, NOW)
    placed = 0
    for name in names:
        if kept.may_order(name, NOW + placed):
            kept.note_order(name, NOW + placed)
            placed += 1
    assert placed == ledger.OF_DOMAIN_OF_NEW


def test_a_name_whose_domain_has_met_a_limit_meanwhile_is_not_ordered(kept):
    kept.note_names(["a.shared.test", "b.shared.test", "other.test"], NOW)
    kept.note_domain("shared.test", "too many certificates", NOW + 3600)
    assert not kept.may_order("b.shared.test", NOW)
    assert kept.may_order("other.test", NOW)


def test_orders_that_fail_are_no_certificates_of_the_domain(kept):
    kept.note_names(["good.agency.test"], NOW)
    for number in range(60):
        kept.note_order(f"{number % 5}.agency.test", NOW)
        fail = kept.note_failure if number % 2 else kept.take_back
        fail(*[f"{number % 5}.agency.test", "no"][: 1 + number % 2])
    assert may_order(kept, "good.agency.test", NOW + 4 * HOUR)


def test_a_ca_of_which_no_limits_are_known_has_none(tmp_path):
    kept = Ledger(tmp_path / "other", domains.counted_by("https://ca.example/dir"))
    kept.note_names(["new.example"], NOW)
    for number in range(400):
        kept.note_order(f"{number}.example", NOW)
    assert may_order(kept, "new.example", NOW)


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("one.example", "one.example"),
        ("www.one.example", "one.example"),
        ("a.b.shop.co.uk", "shop.co.uk"),
        ("shop.co.uk", "shop.co.uk"),
        ("a.b.city.kawasaki.jp", "city.kawasaki.jp"),
        ("a.b.other.kawasaki.jp", "b.other.kawasaki.jp"),
        ("x.unknown", "x.unknown"),
    ],
)
def test_a_name_is_counted_by_the_domain_that_is_registered(tmp_path, name, registered):
    path = tmp_path / "list"
    path.write_text(
        "// a comment\n\nexample\nuk\nco.uk\njp\n*.kawasaki.jp\n!city.kawasaki.jp\n", "utf-8"
    )
    counted_by = domains.counted_by("https://acme-v02.api.letsencrypt.org/directory", path)
    assert counted_by(name) == registered


def test_a_clock_that_was_ahead_holds_nothing_back(kept):
    ahead = NOW + 365 * DAY
    kept.note_names(["two.example", "one.example", "late.example"], ahead)
    kept.note_waits([("one.example", "no DNS")], ahead)
    kept.note_order("two.example", ahead)
    kept.pause("the certificate of the CA has expired", ahead)
    kept.mend_clock(NOW)
    assert kept.paused(NOW) == ""
    assert {"one.example", "two.example", "late.example"} == {*due(kept)}
    assert {row["asked"] for row in kept.due(NOW)} == {0}


def test_a_ca_that_is_down_is_no_names_fault(kept):
    kept.note_order("two.example", NOW)
    kept.take_back("two.example")
    row = row_of(kept, "two.example")
    assert (row["failures"], row["error"], row["failing"], row["next"]) == (0, "", None, 0)
    waits = []
    for _ in range(8):
        kept.pause("the CA is down", NOW)
        waits.append(kept.all("SELECT until FROM pause")[0]["until"] - NOW)
    assert waits[:3] == [MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert waits[-1] == HOUR
    assert kept.paused(NOW + 30) == "the CA is down"
    assert kept.paused(NOW + HOUR + 1) == ""
    kept.go_on()
    assert kept.paused(NOW) == ""


def test_a_certificate_that_is_lost_is_ordered_again(kept):
    kept.note_certificate("two.example", NOW, NOW + 90 * DAY, False)
    kept.lose(["two.example"])
    assert "two.example" in due(kept)


@pytest.mark.parametrize(
    ("told", "of", "domain", "until"),
    [
        (WORDS_OF_CA % (403, "unauthorized", "Invalid response from http://x", 403), "name", "", 0),
        (WORDS_OF_CA % (400, "rejectedIdentifier", "Policy forbids", 400), "name", "", 0),
        (WORDS_OF_CA % (500, "serverInternal", "Internal error", 500), "all", "", 0),
        ("Response Code: None\nResponse: <urlopen error [Errno 111] refused>", "all", "", 0),
        ("urllib.error.URLError: <urlopen error timed out>", "all", "", 0),
        ("ValueError: Challenge did not pass for x: {'detail': 'no A record'}", "name", "", 0),
        (
            "ValueError: Challenge did not pass for x: {'detail': 'DNS problem: query timed out'}",
            *("name", "", 0),
        ),
        (
            "ValueError: Challenge did not pass for x: {'detail': 'URLError Response Code: 500"
            " rateLimited retry after 2099-01-01 00:00:00 UTC'}",
            *("name", "", 0),
        ),
        (
            "ValueError: Error getting directory:\nUrl: x\nResponse Code: 404\nResponse: none",
            *("all", "", 0),
        ),
        (
            WORDS_OF_CA
            % (429, "rateLimited", "Your account is temporarily prevented from requesting", 429),
            *("name", "", 0),
        ),
        (
            WORDS_OF_CA
            % (
                429,
                "rateLimited",
                "too many new orders (300) from this account in the last 3h0m0s, retry after"
                " 2027-01-15 08:00:00 UTC: see https://letsencrypt.org",
                429,
            ),
            "all",
            "",
            1800000000,
        ),
        (
            WORDS_OF_CA
            % (
                429,
                "rateLimited",
                'too many certificates (50) already issued for "agency.example" in the last'
                " 168h0m0s, retry after 2027-01-15 08:00:00 UTC",
                429,
            ),
            "domain",
            "agency.example",
            1800000000,
        ),
        (
            WORDS_OF_CA
            % (
                429,
                "rateLimited",
                'too many failed authorizations (5) for "one.example" in the last 1h0m0s, retry'
                " after 2027-01-15 08:00:00 UTC",
                429,
            ),
            "name",
            "",
            1800000000,
        ),
    ],
)
def test_what_a_ca_refuses_is_for_the_name_its_domain_or_all(told, of, domain, until):
    refused = order.refusal(told)
    assert (refused.of, refused.domain, refused.until) == (of, domain, until)
    assert "\n" not in str(refused)
    assert str(refused)


def test_a_domain_that_has_to_wait_keeps_what_it_has(kept):
    names = ["a.agency.example", "b.agency.example", "agency.example.org", "c.agency.example"]
    kept.note_names(names, NOW)
    kept.note_certificate("c.agency.example", NOW, NOW + 90 * DAY, False)
    kept.note_domain("agency.example", "too many", NOW + HOUR)
    assert due(kept) == ["agency.example.org"]
    assert due(kept, NOW + 60 * DAY + HOUR)[-1] == "c.agency.example"


@pytest.fixture
def there(tmp_path):
    """The place of a site's certificates."""
    there = place.Place(Site("garden", tmp_path))
    for folder in (there.trusted, there.status.parent, there.challenges):
        folder.mkdir(parents=True)
    return there


def test_only_a_plain_file_is_believed(there):
    os.mkfifo(there.status)
    assert place.told(there) == {}
    there.status.unlink()
    for text in ("", "[]", "{", '{"names": {"a.example": "trusted"}}'):
        there.status.write_text(text)
    assert place.told(there) == {"a.example": "trusted"}
    there.status.rename(there.trusted / "x")
    there.status.symlink_to(there.trusted / "x")
    assert place.told(there) == {}


class Slow(BaseHTTPRequestHandler):
    """A server that sends a line each second, without an end."""

    def do_GET(self):
        with suppress(OSError):
            for number in range(61):
                self.server.sent = number
                self.wfile.write(f"HTTP/1.1 200 OK\r\nX-{number}: y\r\n".encode())
                self.server.over.wait(0.5)

    def log_message(self, *args):
        pass


def test_a_server_that_never_ends_its_answer_holds_nobody_up():
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        server.over = Event()
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://slow.example:{server.server_port}/"
        with suppress(OSError, HTTPException):
            assert leading.asked(url, "127.0.0.1", time.monotonic() + 1)[2] == ""
        assert server.sent < 60
        server.over.set()
        server.shutdown()


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (["127.0.1.1"], "the name leads to 127.0.1.1"),
        (["192.0.2.7", "::1"], "the name leads to ::1"),
    ],
)
def test_an_address_of_etc_hosts_is_none(monkeypatch, found, words):
    rows = [(None, None, None, "", (address, 80)) for address in found]
    monkeypatch.setattr(leading.socket, "getaddrinfo", lambda *args, **options: rows)
    with pytest.raises(leading.Elsewhere, match=words):
        leading.addresses("one.example")


def test_what_is_told_of_a_name(kept, there):
    kept.note_names(["two.example", "one.example", "ends.example", "no.example"], NOW)
    kept.note_waits([("one.example", "it has no address in the DNS")], NOW)
    kept.note_certificate("two.example", NOW - DAY, NOW + 89 * DAY, False)
    kept.note_certificate("ends.example", NOW - 80 * DAY, NOW + 10 * DAY, True)
    for name in ("ends.example", "no.example"):
        kept.note_order(name, NOW)
        kept.note_failure(name, "CAA forbids it")
    rows = {row["name"]: telling.described(row, NOW) for row in kept.all("SELECT * FROM name")}
    assert rows == {
        "two.example": "trusted until 2027-04-14",
        "one.example": "waiting: it has no address in the DNS",
        "ends.example": "trusted until 2027-01-25, but renewal fails since 2027-01-15T08:00Z:"
        " CAA forbids it",
        "no.example": "refused since 2027-01-15T08:00Z: CAA forbids it; it is tried again at"
        " 2027-01-15T08:15Z",
    }


def test_a_name_is_marked_for_as_long_as_browsers_trust_it(kept, there, monkeypatch):
    monkeypatch.setattr(telling.time, "time", lambda: NOW)
    kept.note_certificate("two.example", NOW, NOW + 90 * DAY, False)
    kept.note_certificate("one.example", NOW - 90 * DAY, NOW - DAY, True)
    own = {"own.example", "other.example"}
    telling.tell(there, kept, own, {"own.example"}, NOW + DAY)
    marks = {path.name: path.read_text() for path in there.trusted.iterdir()}
    assert marks == {"two.example": "3600", "own.example": "3600"}
    told = place.told(there)
    assert told["own.example"] == "trusted until 2027-01-16, your own certificate"
    assert told["other.example"] == "under your own certificate until 2027-01-16"
    telling.tell(there, kept, set(), set(), 0)
    assert [path.name for path in there.trusted.iterdir()] == ["two.example"]


def test_browsers_insist_for_longer_with_each_renewal_that_works():
    assert [telling.insist(n) for n in range(4)] == [3600, 86400, 31536000, 31536000]
