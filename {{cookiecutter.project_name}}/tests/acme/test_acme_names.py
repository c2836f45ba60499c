"""Which names get a certificate, whether they lead here, and what is told of them."""

import os
import time
from contextlib import suppress
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from ledgers import NOW

from deploy.on_host.acme import leading, place, telling
from deploy.on_host.acme.ledger import DAY


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
        (["0.0.0.0"], "the name leads to 0.0.0.0"),
        (["::"], "the name leads to ::"),
        (["::ffff:127.0.0.1"], "the name leads to ::ffff:127.0.0.1"),
    ],
)
def test_an_address_that_each_machine_has_is_none(monkeypatch, found, words):
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
