"""The cache backend against a real memcached, which each test may stop, freeze and start again."""

import os
import pickle
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest
from django.core.cache import CacheHandler, InvalidCacheKey, caches
from django.core.signals import request_finished
from django.utils.safestring import SafeString, mark_safe

DAY = 24 * 60 * 60
TOO_LARGE = "x" * (1024 * 1024 + 1)


class Memcached:
    """A memcached process. Its location is "host:port", or "unix:" and a path."""

    def __init__(self, executable, location):
        self.executable = executable
        self.location = location
        self.process = None

    def start(self):
        if self.location.startswith("unix:"):
            where = ["-s", self.location.removeprefix("unix:")]
        else:
            where = ["-l", "127.0.0.1", "-p", self.location.rpartition(":")[2]]
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen([self.executable, *where, *user])
        wait_until(self.answers)

    def stop(self):
        self.process.kill()
        self.process.wait()

    @contextmanager
    def frozen(self):
        """The server takes connections and commands and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def answers(self):
        assert self.process.poll() is None, "memcached ended by itself"
        try:
            return self.ask("version").startswith(b"VERSION")
        except OSError:
            return False

    def ask(self, command):
        """The answer to one line of memcached's protocol, sent past the backend."""
        if self.location.startswith("unix:"):
            connection = socket.socket(socket.AF_UNIX)
            address = self.location.removeprefix("unix:")
        else:
            connection = socket.socket()
            address = ("127.0.0.1", int(self.location.rpartition(":")[2]))
        with connection:
            connection.settimeout(5)
            connection.connect(address)
            connection.sendall(f"{command}\r\nquit\r\n".encode())
            return b"".join(iter(lambda: connection.recv(4096), b""))

    def connections(self):
        lines = self.ask("stats").decode().splitlines()
        return int(next(line for line in lines if " curr_connections " in line).split()[2])


def wait_until(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)


def free_location():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(scope="module")
def executable():
    path = shutil.which("memcached") or shutil.which("memcached", path="/usr/bin")
    if path is None:
        reason = "these tests need memcached: apt-get install memcached"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return path


@pytest.fixture
def start(executable):
    """Start a memcached that ends with the test."""
    started = []

    def start(location=None):
        started.append(Memcached(executable, location or free_location()))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def server(start):
    return start()


@pytest.fixture
def configure(settings):
    """Make a cache from the same parameters that CACHES takes."""
    backend = f"{settings.PROJECT_APP}.cache.MemcachedCache"

    def configure(location, **params):
        params = {"BACKEND": backend, "LOCATION": location, **params}
        return CacheHandler({"default": params})["default"]

    return configure


@pytest.fixture
def cache(configure, server):
    return configure(server.location)


# What is stored


@pytest.mark.parametrize(
    "value", [None, 0, 7, -7, True, "", "café", b"\x00\r\n", {"a": [1.5, None]}, 10**30]
)
def test_a_value_comes_back_as_it_was_stored(cache, value):
    cache.set("key", value)
    assert cache.get("key", "default") == value
    assert type(cache.get("key", "default")) is type(value)
    assert cache.get_many(["key", "missing"]) == {"key": value}


def test_safe_html_stays_safe(cache):
    cache.set("key", mark_safe("<b>"))
    assert isinstance(cache.get("key"), SafeString)


def test_a_stored_none_is_there(cache):
    cache.set("key", None)
    assert "key" in cache
    assert cache.get_or_set("key", "default") is None


def test_objects_are_pickled_with_the_newest_protocol(cache, server):
    cache.set("key", [1])
    assert pickle.dumps([1], pickle.HIGHEST_PROTOCOL) in server.ask("get :1:key")


class Removed:
    """A class that the next version of the code no longer has."""


def test_a_value_of_a_class_that_is_gone_is_a_miss(cache, monkeypatch):
    cache.set_many({"key": Removed(), "other": "value"})
    monkeypatch.delitem(globals(), "Removed")
    assert cache.get("key", "default") == "default"
    assert cache.get_or_set("key", "default") == "default"
    assert cache.get_many(["key", "other"]) == {"other": "value"}


def test_add_says_whether_it_stored(cache):
    assert cache.add("key", "first") is True
    assert cache.add("key", "second") is False
    assert cache.get("key") == "first"


@pytest.mark.parametrize("change", ["incr", "decr"])
def test_counting_a_missing_key_is_a_value_error(cache, change):
    with pytest.raises(ValueError, match="not found"):
        getattr(cache, change)("key")


def test_the_options_of_the_project_win(configure, server):
    options = {"socket_timeout": 7, "dead_retry": 8, "pickleProtocol": 2}
    client = configure(server.location, OPTIONS=options)._cache
    assert {name: getattr(client, name) for name in options} == options


# A server that is away

MISSES = {
    "get": (lambda cache: cache.get("key"), None),
    "get with a default": (lambda cache: cache.get("key", "default"), "default"),
    "get_many": (lambda cache: cache.get_many(["key", "other"]), {}),
    "get_or_set": (lambda cache: cache.get_or_set("key", "default"), "default"),
    "has_key": (lambda cache: cache.has_key("key"), False),
    "in": (lambda cache: "key" in cache, False),
    "set": (lambda cache: cache.set("key", "new"), None),
    "add": (lambda cache: cache.add("key", "new"), False),
    "touch": (lambda cache: cache.touch("key"), False),
    "delete": (lambda cache: cache.delete("key"), False),
    "delete_many": (lambda cache: cache.delete_many(["key", "other"]), None),
    "clear": (lambda cache: cache.clear(), None),
}


def same(answer, expected):
    return answer == expected and type(answer) is type(expected)


misses = pytest.mark.parametrize(("act", "answer"), MISSES.values(), ids=MISSES)


@misses
def test_a_server_that_was_never_there_is_a_miss(configure, act, answer):
    assert same(act(configure(free_location())), answer)


@misses
def test_a_server_that_stops_is_a_miss(cache, server, act, answer):
    cache.set("key", "value")
    server.stop()
    assert same(act(cache), answer)


@misses
def test_a_server_that_hangs_is_a_miss(configure, server, act, answer):
    cache = configure(server.location, OPTIONS={"socket_timeout": 0.1})
    cache.set("key", "value")
    with server.frozen():
        assert same(act(cache), answer)


@misses
def test_what_a_hanging_server_says_too_late_is_no_answer(configure, server, act, answer):
    cache = configure(server.location, OPTIONS={"socket_timeout": 0.1, "dead_retry": 0})
    cache.set_many({"key": "value", "mine": "mine", "yours": "yours"})
    with server.frozen():
        act(cache)
    wait_until(server.answers)
    assert cache.set_many({"mine": "mine", "yours": "yours"}) == []
    assert [cache.get("mine"), cache.get("yours"), cache.get("nobody's")] == ["mine", "yours", None]


def test_a_server_that_hangs_costs_about_a_second_once(cache, server):
    cache.set("key", "value")
    begin = time.monotonic()
    with server.frozen():
        for _ in range(20):
            cache.get("key")
    assert time.monotonic() - begin < 2.5


def test_set_many_names_the_keys_that_a_stopped_server_did_not_take(cache, server):
    cache.set("key", "value")
    server.stop()
    cache.get("key")
    assert sorted(cache.set_many({"key": "new", "other": "new"})) == ["key", "other"]


def test_set_many_survives_a_server_that_hangs(configure, server):
    cache = configure(server.location, OPTIONS={"socket_timeout": 0.1})
    cache.set("key", "value")
    with server.frozen():
        cache.set_many({"key": "new", "other": "new"})
    assert cache.get("key") is None


@pytest.mark.parametrize("change", ["incr", "decr"])
def test_counting_while_the_server_is_down_is_a_value_error(cache, server, change):
    cache.set("key", 1)
    server.stop()
    with pytest.raises(ValueError, match="not found"):
        getattr(cache, change)("key")


def test_a_server_that_is_back_is_used_again_within_seconds(cache, server):
    cache.set("key", "value")
    server.stop()
    assert cache.get("key") is None
    server.start()

    def works():
        cache.set("key", "value")
        return cache.get("key") == "value"

    wait_until(works, seconds=8)


# Values that are too large


def test_a_value_that_is_too_large_takes_the_old_one_with_it(cache):
    cache.set("key", "old")
    cache.set("key", TOO_LARGE)
    assert "key" not in cache


def test_adding_a_value_that_is_too_large_stores_nothing(cache):
    assert cache.add("key", TOO_LARGE) is False
    assert cache.get_or_set("key", TOO_LARGE) == TOO_LARGE
    assert "key" not in cache


def test_one_value_that_is_too_large_leaves_the_others_alone(cache):
    cache.set("large", "old")
    begin = time.monotonic()
    failed = cache.set_many({"first": 1, "large": TOO_LARGE, "last": 2})
    assert time.monotonic() - begin < 0.8, "it waited for an answer that never comes"
    assert failed == ["large"]
    assert cache.get_many(["first", "large", "last"]) == {"first": 1, "last": 2}


# Keys

KEYED = {
    "get": lambda cache, key: cache.get(key),
    "get_many": lambda cache, key: cache.get_many(["other", key]),
    "get_or_set": lambda cache, key: cache.get_or_set(key, "new"),
    "has_key": lambda cache, key: cache.has_key(key),
    "set": lambda cache, key: cache.set(key, "new"),
    "set_many": lambda cache, key: cache.set_many({"other": "new", key: "new"}),
    "add": lambda cache, key: cache.add(key, "new"),
    "touch": lambda cache, key: cache.touch(key),
    "incr": lambda cache, key: cache.incr(key),
    "delete": lambda cache, key: cache.delete(key),
    "delete_many": lambda cache, key: cache.delete_many(["other", key]),
}
INVALID = {
    "too long": "k" * 300,
    "too long in bytes": "é" * 130,
    "empty space": "two words",
    "tab": "a\tb",
    "null byte": "a\x00b",
    "delete character": "a\x7fb",
    "ends in a newline": "key\n",
    "a command": "key\r\nset :1:other 16 0 3\r\nbad\r\n",
}


@pytest.mark.parametrize("act", KEYED.values(), ids=KEYED)
@pytest.mark.parametrize("key", INVALID.values(), ids=INVALID)
def test_a_key_that_memcached_cannot_take_is_refused_and_nothing_is_sent(cache, key, act):
    cache.set("other", "value")
    with pytest.raises(InvalidCacheKey):
        act(cache, key)
    assert cache.get("other") == "value"


@pytest.mark.parametrize("character", ["k", "é", "漢", "🐘"])
def test_a_key_may_be_250_bytes_with_its_prefix_and_version(configure, server, character):
    cache = configure(server.location, KEY_PREFIX="préfix", VERSION=12)
    room = 250 - len("préfix:12:".encode())
    width = len(character.encode())
    longest = character * (room // width) + "k" * (room % width)
    cache.set(longest, "value")
    assert cache.get(longest) == "value"
    with pytest.raises(InvalidCacheKey, match="longer than 250"):
        cache.set(longest + "k", "value")


def test_versions_of_a_key_are_apart(cache):
    cache.set("key", "second", version=2)
    assert cache.get("key", "default") == "default"
    assert cache.get("key", "default", version=2) == "second"


def test_projects_with_a_prefix_each_share_a_server(configure, server):
    first = configure(server.location, KEY_PREFIX="first")
    second = configure(server.location, KEY_PREFIX="second")
    first.set("key", 1)
    second.set("key", 2)
    assert (first.get("key"), second.get("key")) == (1, 2)


# Time


@pytest.mark.parametrize("timeout", [0, -1, -40 * DAY])
def test_a_time_that_is_over_stores_nothing_and_removes_the_old_value(cache, timeout):
    cache.set_many({"key": "old", "other": "old"})
    cache.set("key", "new", timeout=timeout)
    cache.set_many({"other": "new"}, timeout=timeout)
    assert cache.get_many(["key", "other"]) == {}


@pytest.mark.parametrize(
    ("timeout", "left"),
    [
        (60, 60),
        (30 * DAY, 30 * DAY),
        (31 * DAY, 31 * DAY),
        (None, -1),
        (100 * 365 * DAY, -1),
    ],
    ids=["a minute", "30 days", "31 days", "forever", "100 years"],
)
def test_a_value_lives_as_long_as_asked(cache, server, timeout, left):
    cache.set("set", "value", timeout=timeout)
    cache.add("added", "value", timeout=timeout)
    cache.set_many({"many": "value"}, timeout=timeout)
    cache.set("touched", "value", timeout=10)
    cache.touch("touched", timeout=timeout)
    for key in ["set", "added", "many", "touched"]:
        assert cache.get(key) == "value"
        remaining = int(server.ask(f"mg :1:{key} t").split(b" t")[1].split()[0])
        assert remaining == pytest.approx(left, abs=3 if left > 0 else 0)


# Servers, connections and threads


def test_a_unix_socket_is_a_location(configure, start):
    with tempfile.TemporaryDirectory() as directory:
        if os.geteuid() == 0:
            shutil.chown(directory, "nobody")
        server = start(f"unix:{directory}/memcached.sock")
        cache = configure(server.location)
        cache.set("key", "value")
        assert b"value" in server.ask("get :1:key")


@pytest.mark.parametrize("location", [list, ";".join, ",".join], ids=["list", ";", ","])
def test_keys_are_spread_over_several_servers_and_move_when_one_stops(configure, start, location):
    servers = [start(), start()]
    cache = configure(location([server.location for server in servers]))
    data = {f"key{number}": number for number in range(100)}
    assert cache.set_many(data) == []
    assert cache.get_many(data) == data
    for server in servers:
        assert b"STAT curr_items 0\r\n" not in server.ask("stats")
    servers[0].stop()
    cache.get_many(data)
    cache.set_many(data)
    found = cache.get_many(data)
    # The client looks for another server ten times and may not find the one that is left.
    assert len(found) > 90
    assert found.items() <= data.items()
    cache.clear()
    assert cache.get_many(data) == {}


def test_clear_reaches_the_other_servers_when_one_hangs(configure, start):
    servers = [start(), start()]
    cache = configure(
        [server.location for server in servers], OPTIONS={"socket_timeout": 0.1, "dead_retry": 0}
    )
    data = {f"key{number}": number for number in range(100)}
    for number, hanging in enumerate(servers):
        cache.set_many(data)
        with hanging.frozen():
            cache.clear()
        wait_until(hanging.answers)
        other = servers[1 - number]
        assert not any(b"VALUE" in other.ask(f"get :1:{key}") for key in data)


def test_the_connection_is_closed_when_the_request_ends(settings, configure, server):
    backend = f"{settings.PROJECT_APP}.cache.MemcachedCache"
    settings.CACHES = {"default": dict(BACKEND=backend, LOCATION=server.location)}
    # The server counts a connection for an instant after closing it.
    idle = min(server.connections() for _ in range(5))
    caches["default"].set("key", "value")
    wait_until(lambda: server.connections() == idle + 1)
    request_finished.send(sender=None)
    wait_until(lambda: server.connections() == idle)
    assert caches["default"].get("key") == "value"


def test_threads_that_share_a_backend_get_only_their_own_values(cache):
    threads = 16
    together = Barrier(threads)

    def others_seen(thread):
        together.wait()
        seen = set()
        for number in range(100):
            key, value = f"key-{thread}", f"{thread}-{number}" * 100
            cache.set(key, value)
            seen |= {cache.get(key), *cache.get_many([key]).values()} - {value}
            if number % 25 == 0:
                cache.close()
        return seen

    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(others_seen, range(threads))) == [set()] * threads
