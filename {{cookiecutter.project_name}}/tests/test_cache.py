"""The cache on a real memcached of each test's own, which it may stop, freeze and start again."""

import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from django.core.cache import InvalidCacheKey, caches, close_caches
from django.utils.safestring import mark_safe

DAY = 24 * 60 * 60


class Memcached:
    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = probe.getsockname()
        self.location = f"127.0.0.1:{self.address[1]}"
        self.start()
        return self

    def __exit__(self, *error):
        self.stop()

    def start(self):
        # With one thread, what came while it was frozen is done before what comes afterwards.
        command = ["memcached", "-l", self.location, "-u", "nobody", "-t", "1"]
        self.process = subprocess.Popen(command)
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            with suppress(ConnectionRefusedError):
                return self.ask("version")
            time.sleep(0.01)
        pytest.fail("memcached does not start")

    def stop(self):
        self.process.kill()
        self.process.wait()

    @contextmanager
    def frozen(self):
        """It takes connections and commands, and answers when this is over."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)  # until it has stopped
        yield
        self.process.send_signal(signal.SIGCONT)
        self.ask("version")

    def ask(self, command):
        """The answer to a line of memcached's protocol, past the cache."""
        with socket.create_connection(self.address, timeout=60) as connection:
            connection.sendall(f"{command}\r\nquit\r\n".encode())
            return connection.makefile("rb").read()


@pytest.fixture
def server():
    if not shutil.which("memcached"):
        reason = "the tests of the cache need memcached: apt-get install memcached"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with Memcached() as server:
        yield server


def configure(settings, *servers, **options):
    """Return the project's cache after giving it these servers and OPTIONS."""
    backend = f"{settings.PROJECT_APP}.cache.MemcachedCache"
    location = [server.location for server in servers]
    settings.CACHES = {"default": dict(BACKEND=backend, LOCATION=location, OPTIONS=options)}
    return caches["default"]


@pytest.fixture
def cache(settings, server):
    """The cache, which waits longer for its server than a slow machine needs."""
    return configure(settings, server, socket_timeout=60)


@contextmanager
def impatient(cache):
    """The cache waits a tenth of a second for each answer."""
    servers = cache._cache.servers
    patience = [server.socket_timeout for server in servers]
    for server in servers:
        server.socket_timeout = 0.1
        if server.socket:
            server.socket.settimeout(0.1)
    yield
    for server, seconds in zip(servers, patience, strict=True):
        server.socket_timeout = seconds
        server.close_socket()


def same(value, expected):
    return value == expected and type(value) is type(expected)


@pytest.mark.parametrize("value", [None, 0, True, "é", b"\r\n", {"a": [1.5]}, mark_safe("<b>")])
def test_a_value_comes_back_as_it_was_stored(cache, value):
    cache.set("key", value)
    assert same(cache.get("key", "default"), value)
    assert cache.get_many(["key", "missing"]) == {"key": value}


def test_each_version_of_a_key_is_added_once(cache):
    assert cache.add("key", "one") is True
    assert cache.add("key", "two", version=2) is True
    assert cache.add("key", "three") is False
    assert [cache.get("key"), cache.get("key", version=2)] == ["one", "two"]


def test_the_newest_pickle_protocol_is_used_unless_the_options_say_otherwise(settings, server):
    for options, protocol in [({}, pickle.HIGHEST_PROTOCOL), ({"pickleProtocol": 2}, 2)]:
        configure(settings, server, **options).set("key", [1])
        assert pickle.dumps([1], protocol) in server.ask("get :1:key")


class Removed:
    """A class that the next version of the code no longer has."""


def test_a_value_of_a_class_that_is_gone_is_a_miss(cache, monkeypatch):
    cache.set_many({"key": Removed(), "other": "value"})
    monkeypatch.delitem(globals(), "Removed")
    assert cache.get("key", "default") == "default"
    assert cache.get_many(["key", "other"]) == {"other": "value"}


def test_a_value_that_is_too_large_is_a_miss_and_the_others_are_stored(cache):
    too_large = "x" * (1024 * 1024 + 1)
    assert cache.set_many({"first": 1, "large": too_large, "last": 2}) == ["large"]
    assert cache.get_many(["first", "large", "last"]) == {"first": 1, "last": 2}


@pytest.mark.parametrize(
    ("timeout", "left"), [(60, 60), (31 * DAY, 31 * DAY), (None, -1), (30 * 365 * DAY, -1)]
)
def test_a_value_lives_as_long_as_asked(cache, server, timeout, left):
    cache.add("key", "value", timeout=timeout)
    seconds = int(server.ask("mg :1:key t").removeprefix(b"HD t"))  # -1 is forever
    assert seconds == pytest.approx(left, abs=0 if left < 0 else 5)


def test_no_time_to_live_removes_the_old_value(cache):
    cache.set("key", "old")
    cache.set("key", "new", timeout=0)
    assert "key" not in cache


@pytest.mark.parametrize("longest", ["k" * 247, "é" * 123 + "k"], ids=["ASCII", "UTF-8"])
def test_a_key_may_be_250_bytes_with_its_version(cache, longest):
    cache.set(longest, "value")
    assert cache.get(longest) == "value"
    with pytest.raises(InvalidCacheKey, match="longer than 250"):
        cache.get(longest + "k")


@pytest.mark.parametrize("key", ["two words", "null\x00", "k\n", "k\r\nset :1:k 0 0 3\r\nbad"])
def test_a_key_that_memcached_cannot_take_is_refused(cache, key):
    with pytest.raises(InvalidCacheKey):
        cache.get(key)


@pytest.mark.parametrize(
    ("method", "arguments", "answer"),
    [
        ("get", ["key", "default"], "default"),
        ("get_many", [["key", "other"]], {}),
        ("get_or_set", ["key", "default"], "default"),
        ("has_key", ["key"], False),
        ("set", ["key", "new"], None),
        ("add", ["key", "new"], False),
        ("touch", ["key"], False),
        ("delete", ["key"], False),
        ("delete_many", [["key", "other"]], None),
        ("clear", [], None),
    ],
)
def test_a_server_that_hangs_or_goes_is_an_empty_cache(settings, server, method, arguments, answer):
    cache = configure(settings, server, socket_timeout=60, dead_retry=0)
    cache.set("key", "value")
    with impatient(cache), server.frozen():
        assert same(getattr(cache, method)(*arguments), answer)
    # What the server says too late is no answer to what it is asked next.
    assert cache.set_many({"mine": 1, "yours": 2}) == []
    assert [cache.get("mine"), cache.get("yours"), cache.get("nobody's")] == [1, 2, None]
    server.stop()
    for _ in ["it finds out", "it knows"]:
        assert same(getattr(cache, method)(*arguments), answer)


def test_counting_while_the_server_is_gone_is_a_value_error(cache, server):
    cache.set("key", 1)
    server.stop()
    with pytest.raises(ValueError, match="not found"):
        cache.incr("key")


def test_a_server_that_hangs_costs_a_second_and_only_once(settings, server, monkeypatch):
    cache = configure(settings, server)
    assert cache._options["socket_timeout"] == 1
    with server.frozen():
        begin = time.monotonic()
        cache.get("key")
        assert time.monotonic() - begin > 0.9
        with monkeypatch.context() as patch:
            patch.setattr("memcache.socket.socket", None)  # it is not even tried
            for _ in range(5):
                assert cache.get("key") is None


def test_a_server_that_is_back_is_used_again_after_five_seconds(cache, server, monkeypatch):
    begin = time.time()
    monkeypatch.setattr("memcache.time.time", lambda: begin)
    server.stop()
    assert "key" not in cache
    server.start()
    cache.set("key", "value")
    assert "key" not in cache
    monkeypatch.setattr("memcache.time.time", lambda: begin + 5)
    cache.set("key", "value")
    assert "key" in cache


def test_clear_reaches_the_other_server_when_one_hangs(settings, server):
    numbers = {f"key{number}": number for number in range(50)}
    with Memcached() as other:
        cache = configure(settings, server, other, socket_timeout=60)
        cache.set_many(numbers)
        assert cache.get_many(numbers) == numbers
        with impatient(cache), server.frozen():
            cache.clear()
        assert other.ask("get :1:" + " :1:".join(numbers)) == b"END\r\n"


def test_the_connection_is_kept_for_the_next_request(cache, server):
    def number_of_connections():
        return int(re.search(rb"total_connections (\d+)", server.ask("stats"))[1])

    before = number_of_connections()
    for number in range(3):
        cache.set("key", number)
        assert cache.get("key") == number
        close_caches()  # as each request does when it ends
    assert number_of_connections() == before + 2  # the cache's, and the one that asks for this


def test_after_the_server_was_away_the_next_request_connects_anew(cache, server):
    cache.set("key", "old")
    close_caches()
    server.stop()
    server.start()
    assert cache.get("key", "gone") == "gone"
    cache.set("key", "new")
    assert cache.get("key") == "new"


def test_what_was_sent_for_an_earlier_request_is_no_answer_to_the_next(cache):
    cache.set("key", "value")
    (connection,) = cache._cache.servers
    connection.send_cmd("get :1:key")  # and its request ends before it reads
    connection.socket.recv(1, socket.MSG_PEEK)
    close_caches()
    assert cache.add("other", "value") is True
    assert cache.get_many(["other", "nobody's"]) == {"other": "value"}


def test_threads_get_only_their_own_values(cache):
    def ask_and_answer(key):
        for number in range(200):
            cache.set(key, (key, number))
            assert cache.get(key) == (key, number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask_and_answer, "abcdefgh"))
