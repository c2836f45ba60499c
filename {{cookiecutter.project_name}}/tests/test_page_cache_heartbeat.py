"""A database that takes a connection and never answers: nobody waits for it to show a kept page."""

import socket
from contextlib import suppress
from threading import Event, Thread
from time import monotonic, sleep
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler
from test_page_cache_locking import Page

from page_cache import generation
from page_cache import heartbeat as module
from page_cache.heartbeat import Heartbeat, ask_database, checking, heartbeat

SOON = 20  # seconds, however slow this machine is


def wait_until(condition):
    end = monotonic() + SOON
    while not condition():
        assert monotonic() < end
        sleep(0.01)


class Database:
    """What a Heartbeat asks; it responds while .there is set."""

    def __init__(self):
        self.there, self.asked = Event(), 0
        self.there.set()

    def __call__(self):
        self.asked += 1
        assert self.there.wait(5 * SOON)


@pytest.fixture
def database():
    database = Database()
    yield database
    database.there.set()


@pytest.fixture
def beat(database):
    """A Heartbeat for which the database has been there."""
    beat = Heartbeat(database)
    beat.start()
    wait_until(lambda: beat.responses)
    return beat


@pytest.fixture
def connected(beat):
    """A function that connects this thread; it returns the database's end, and the site's."""
    ends = []

    def connect():
        theirs, ours = socket.socketpair()
        ends.extend((theirs, ours))
        beat.watch_connection(SimpleNamespace(alias="default", connection=ours))
        return theirs, ours

    yield connect
    for end in ends:
        end.close()


def test_who_asks_for_a_kept_page_is_freed(beat, database, connected):
    database.there.clear()
    with beat.limit_request("GET"):
        theirs, ours = connected()
        ours.settimeout(SOON)
        with beat.limit_kept():
            assert ours.recv(9) == b""


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_others_wait_for_some_seconds(beat, database, connected, method):
    database.there.clear()
    with beat.limit_request(method):
        theirs, ours = connected()
        ours.settimeout(SOON)
        assert ours.recv(9) == b""
        assert beat.is_missing(3 if method == "POST" else 1)


def test_a_slow_answer_is_waited_for(beat, database, connected):
    with beat.limit_request("GET"), beat.limit_kept():
        theirs, ours = connected()
        wait_until(lambda: database.asked > 10)
        theirs.send(b"late")
        assert ours.recv(9) == b"late"
        assert not beat.is_missing()


def test_nobody_connects_in_vain(beat, database):
    database.there.clear()
    with beat.limit_request("GET"):
        with beat.limit_kept(), pytest.raises(OperationalError):
            beat.await_response()
        database.there.set()
        wait_until(lambda: not beat.is_missing())
        beat.await_response()


def test_a_new_process_takes_no_database_for_missing_that_is_far_away(database):
    database.there.clear()
    beat = Heartbeat(database)
    with beat.limit_request("GET"), beat.limit_kept():
        wait_until(lambda: database.asked)
        beat.await_response()
        sleep(1)  # for what is not to happen
        assert not beat.is_missing()


def test_a_command_has_no_limit(beat, database, connected):
    database.there.clear()
    with beat.limit_kept():
        connected()
        beat.await_response()
    assert (beat.sockets, beat.requests, database.asked) == ({}, {}, 1)


def test_a_fast_site_asks_nothing(beat, database):
    for _ in range(100):
        with beat.limit_request("GET"):
            pass
    assert database.asked < 5  # once, so that there is a connection for later


def test_a_handle_is_gone_with_its_connection(beat):
    class Driver(socket.socket):
        """As psycopg's connections: nothing else holds it."""

    driver = Driver()
    with beat.limit_request("GET"):
        beat.watch_connection(SimpleNamespace(alias="default", connection=driver))
        (handle,) = beat.sockets
        driver.close()
        del driver
    assert (handle.fileno(), beat.sockets) == (-1, {})


@pytest.fixture
def kept():
    """A connection to PostgreSQL of an earlier request: .server is the other end of its socket."""
    server, ours = socket.socketpair()
    driver = SimpleNamespace(closed=False, fileno=ours.fileno)
    state = {"health_check_enabled": True, "health_check_done": False, "settings_dict": {}}
    yield SimpleNamespace(vendor="postgresql", connection=driver, server=server, **state)
    server.close(), ours.close()


def is_asked(connection):
    """Return whether a connection is asked whether it is well."""
    asked = []
    checking(lambda it: asked.append(it) if not it.health_check_done else None)(connection)
    return bool(asked)


def test_a_connection_on_which_nothing_came_is_well(kept):
    assert not is_asked(kept)


def test_one_that_the_server_has_ended_or_warned_of_is_asked(kept):
    kept.server.send(b"N")
    assert is_asked(kept)
    kept.server.close()
    kept.health_check_done = False
    assert is_asked(kept)


def test_one_to_a_host_that_may_be_lost_without_a_word_is_asked(kept):
    kept.settings_dict = {"HOST": "db.example", "OPTIONS": {}}
    assert is_asked(kept)
    kept.settings_dict["OPTIONS"] = {"keepalives_idle": 3}
    assert not is_asked(kept)


def test_one_that_is_closed_is_left_to_django(kept):
    kept.connection.closed = True
    assert is_asked(kept)
    kept.connection = None
    assert is_asked(kept)


@pytest.fixture
def listener(monkeypatch, django_db_blocker):
    """A host that takes connections and answers nothing, in the place of the database."""
    pytest.importorskip("psycopg")
    with django_db_blocker.unblock(), socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SOON)
        place = {"HOST": "127.0.0.1", "PORT": listener.getsockname()[1], "NAME": "x", "USER": "x"}
        engine = {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"connect_timeout": 3}}
        monkeypatch.setattr(module, "connections", ConnectionHandler({"default": place | engine}))
        yield listener


def test_a_database_that_refuses_has_responded(listener):
    listener.close()
    ask_database()


def test_a_database_is_asked_until_it_responds(listener):
    asking = Thread(target=ask_database, daemon=True)
    asking.start()
    first, _ = listener.accept()
    second, _ = listener.accept()  # when the first was given up
    assert asking.is_alive()
    listener.close()
    for taken in (first, second):
        with suppress(OSError):
            taken.close()
    asking.join(SOON)
    assert not asking.is_alive()


@pytest.fixture
def missing(monkeypatch):
    monkeypatch.setattr(heartbeat, "ticks", 1000)


def test_a_kept_page_is_shown_but_none_of_long_before_an_edit(rf, keep_pages, missing):
    page = Page(rf)
    assert page.ask() == "Version 1"
    generation.begin()
    assert (page.ask(), page.made) == ("Version 1", 1)
    page.is_known_since(601)
    assert page.ask() == "Version 2"


def test_a_kept_page_is_shown_for_one_that_cannot_be_made(rf, keep_pages, monkeypatch):
    page = Page(rf)
    page.ask()
    generation.begin()
    make = page.middleware.get_response

    def fail(request):
        monkeypatch.setattr(heartbeat, "ticks", 1000)  # it went away just now
        response = make(request)
        response.status_code = 500
        return response

    page.middleware.get_response = fail
    assert (page.ask(), page.made) == ("Version 1", 2)
