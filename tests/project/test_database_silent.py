"""The live site behind NGINX, while its database takes all that is sent and answers nothing."""

import socket
import socketserver
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event, Thread
from types import SimpleNamespace

import pytest
from servers import SESSION_COOKIE, wait_until
from webserver import new_page

RENAME = """
from mezzanine.pages.models import Page
Page.objects.filter(slug="/").update(title="Back again")
"""
BEGIN = "from page_cache import generation; generation.begin()"
PRIVATE = {"Cookie": f"{SESSION_COOKIE}=x"}
SOON = 10  # seconds, however slow this machine is; NGINX would wait for 60


class Relay(socketserver.ThreadingTCPServer):
    """In front of PostgreSQL, at .port; passes nothing on while it is not .open."""

    daemon_threads = True

    def finish_request(self, request, client_address):
        self.open.wait()
        with socket.create_connection(("127.0.0.1", self.port)) as server:
            back = Thread(target=self.pump, args=(server, request), daemon=True)
            back.start()
            self.pump(request, server)
            back.join()

    def pump(self, source, target):
        with suppress(OSError):
            while data := source.recv(65536):
                self.open.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def database(database):
    with Relay(("127.0.0.1", 0), None) as relay:
        relay.port, relay.open = database.port, Event()
        relay.open.set()
        Thread(target=relay.serve_forever, daemon=True).start()
        port = relay.server_address[1]
        yield SimpleNamespace(host="127.0.0.1", port=port, sql=database.sql, relay=relay)
        relay.open.set()
        relay.shutdown()


@contextmanager
def silent(database, nginx):
    wait_until(lambda: is_known(nginx))
    database.relay.open.clear()
    try:
        yield
    finally:
        database.relay.open.set()
    wait_until(lambda: is_known(nginx))


def is_known(nginx):
    """Return whether the database responds to all processes of gunicorn, in time.

    The relay is in this process, beside twenty visitors: on a slow machine it may be late itself.
    """
    with ThreadPoolExecutor(20) as visitors:
        statuses = [*visitors.map(lambda _: nginx.open("/", **PRIVATE).status, range(40))]
    return set(statuses) == {200}


def visit(nginx, path, **headers):
    """Return the status, the text, and for how many seconds the visitor has waited."""
    begun = time.monotonic()
    answer = nginx.open(path, **headers)
    return answer.status, answer.text, time.monotonic() - begun


@pytest.mark.parametrize("to_check", [False, True], ids=["current", "of an earlier generation"])
def test_visitors_of_a_kept_page_wait_for_nothing(nginx, live, database, to_check, figures):
    good, found = new_page(nginx).text, []
    if to_check:
        live.manage("shell", "-c", BEGIN)
    with silent(database, nginx), ThreadPoolExecutor(20) as visitors:
        for _ in range(6):
            found += visitors.map(lambda _: visit(nginx, "/"), range(20))
            time.sleep(0.5)
    assert {(status, text) for status, text, _ in found} == {(200, good)}
    longest = max(waited for *_, waited in found)
    figures(f"longest wait for a kept page while the database does not respond: {longest:.2f} s")
    assert longest < SOON


def test_who_asks_for_what_is_not_kept_is_told_soon_and_holds_up_nobody(nginx, database):
    good = new_page(nginx).text
    with silent(database, nginx), ThreadPoolExecutor(40) as visitors:
        failed = [*visitors.map(lambda _: visit(nginx, "/", **PRIVATE), range(40))]
        again, kept = visit(nginx, "/", **PRIVATE), visit(nginx, "/")
    assert {status for status, *_ in [*failed, again]} == {500}
    assert max(waited for *_, waited in failed) < SOON
    assert kept[:2] == (200, good)


def test_an_edit_is_seen_when_the_database_is_back(nginx, live, database):
    new_page(nginx)
    with silent(database, nginx):
        assert nginx.open("/").status == 200
    live.manage("shell", "-c", RENAME)
    wait_until(lambda: "Back again" in nginx.open("/").text, 5)
