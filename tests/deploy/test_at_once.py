"""What is done on all hosts at the same time, its failures, and its end by hand: on no machine."""

import signal
import threading

import pytest
from hosts_of_no_machine import at_once, deploying, packages, releases, three
from invoke import Exit

PATIENCE = 20  # seconds that a test waits for what has to happen


class Channel:
    """A channel of a command that goes on until it is closed."""

    def __init__(self):
        self.closed = threading.Event()
        self.close = self.closed.set


def wait_for_end(host):
    """Do what `Host` does while a command runs: wait for its end, and look how that came."""
    channel = Channel()
    host.work.note(channel)
    assert channel.closed.wait(PATIENCE)
    host.work.check()
    pytest.fail("it was not cut off")


def test_a_release_is_built_on_all_hosts_at_the_same_time(monkeypatch):
    hosts = three()
    all_are_there = threading.Barrier(len(hosts), timeout=PATIENCE)

    def build(host, begun):
        all_are_there.wait()
        return f"{begun.name} on {host.name}"

    monkeypatch.setattr(releases, "build", build)
    assert deploying.build(hosts[0], list(hosts), "1" * 40, "") == ("newer", "newer on a")
    assert [host.asked("begin")[0]["release"] for host in hosts] == ["", "newer", "newer"]


def test_hosts_are_installed_at_the_same_time_and_what_is_told_names_them(monkeypatch, capsys):
    hosts = three()
    all_are_there = threading.Barrier(len(hosts), timeout=PATIENCE)

    def install_on(host):
        all_are_there.wait()
        return "mail to root stays with exim\n" if host.name == "b" else ""

    monkeypatch.setattr(packages, "install_on", install_on)
    packages.install(hosts)
    assert capsys.readouterr().out == "b: mail to root stays with exim\n"


def test_where_a_build_fails_it_is_cut_off_on_the_others_and_removed_on_all(monkeypatch):
    hosts = three()
    others_are_at_work = threading.Barrier(len(hosts), timeout=PATIENCE)
    removed = []

    def build(host, _begun):
        others_are_at_work.wait()
        if host.name == "b":
            raise Exit("b: no room", 1)
        wait_for_end(host)

    monkeypatch.setattr(releases, "build", build)
    monkeypatch.setattr(releases, "discard", lambda host, name: removed.append((host.name, name)))
    with pytest.raises(Exit, match="b: no room"):
        deploying.build(hosts[0], list(hosts), "1" * 40, "")
    assert sorted(removed) == [("a", "newer"), ("b", "newer"), ("c", "newer")]
    assert [host.work for host in hosts] == [None] * 3  # they can be spoken with again


def test_where_one_is_not_installed_nobody_breaks_off_the_others(monkeypatch):
    hosts = three()
    has_failed, done = threading.Event(), []

    def install_on(host):
        if host.name == "a":
            has_failed.set()
            raise Exit("a: no such package", 1)
        assert has_failed.wait(PATIENCE)
        host.work.note(Channel())
        done.append(host.name)
        return ""

    monkeypatch.setattr(packages, "install_on", install_on)
    with pytest.raises(Exit, match="a: no such package"):
        packages.install(hosts)
    assert sorted(done) == ["b", "c"]


def test_ctrl_c_cuts_off_all_and_ends_when_all_have_ended(monkeypatch):
    hosts = three()
    ended, is_waiting = [], threading.Event()
    all_are_there = threading.Barrier(len(hosts), timeout=PATIENCE)
    wait = at_once.wait

    def noted_wait(*arguments, **options):
        is_waiting.set()
        return wait(*arguments, **options)

    def work(host):
        if not all_are_there.wait():  # one of them is the 0th
            assert is_waiting.wait(PATIENCE)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        try:
            wait_for_end(host)
        finally:
            ended.append(host.name)

    monkeypatch.setattr(at_once, "wait", noted_wait)
    with pytest.raises(KeyboardInterrupt):
        at_once.on_all(hosts, "Work", work, may_cut=False)
    assert sorted(ended) == ["a", "b", "c"]


def test_what_is_cut_off_begins_nothing_more():
    work = at_once.Work()
    work.cut()
    channel = Channel()
    with pytest.raises(Exit, match="cut off"):
        work.note(channel)
    assert channel.closed.is_set()


def test_passwords_are_asked_for_before_anything_begins():
    hosts, asked = three(), []
    for host in hosts:
        host.sudo_prefix = lambda name=host.name: asked.append((name, threading.current_thread()))
    seen = at_once.on_all(hosts, "Work", lambda _host: len(asked))
    assert asked == [(name, threading.main_thread()) for name in "abc"]
    assert set(seen.values()) == {3}


def test_with_all_that_hosts_print_one_comes_after_the_other():
    hosts, order = three(), []
    for host in hosts:
        host.verbose = True
    at_once.on_all(hosts, "Work", lambda host: order.append((host.name, threading.active_count())))
    assert [name for name, _threads in order] == ["a", "b", "c"]
    assert {threads for _name, threads in order} == {threading.active_count()}


class Terminal:
    """A standard error that notes what is written in one piece."""

    def __init__(self):
        self.pieces = []
        self.write = self.pieces.append
        self.flush, self.isatty = lambda: None, lambda: False


def test_each_line_is_written_in_one_piece(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with pytest.raises(Exit), releases.step(three()[0], "A step"):
        raise releases.CommandFailed(1, "no room\nat all")
    assert "".join(terminal.pieces) == "✗ a: A step\n  | no room\n  | at all\n"
    assert len(list(filter(None, terminal.pieces))) == 1
