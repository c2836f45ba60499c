"""A host that is behind stands aside, and what a relay does of it, without a server."""

from types import SimpleNamespace

import pytest

from deploy.on_host import aside, switch
from deploy.on_host.files import alone
from deploy.on_host.site import Site


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host of two, its .site, .states of the programs, and .others, what these answer."""
    site = Site("garden", tmp_path / "garden")
    for folder in (site.state / "fabric", site.shared, tmp_path / "run"):
        folder.mkdir(parents=True)
    site.current.symlink_to("releases/old")
    host = SimpleNamespace(site=site, states={"garden": "RUNNING"}, others=200, started=[])
    for name in ("use_others", "abreast", "behind"):
        path = tmp_path / "run" / name
        monkeypatch.setattr(aside, name, lambda site, path=path: path)
    monkeypatch.setattr(aside, "ask_others", lambda *_: host.others)
    for module in (aside.supervisor, switch):
        monkeypatch.setattr(module, "state_of", lambda program: host.states.get(program, ""))

    def start(processes, program):
        host.started.append(site.live)
        host.states[program] = "RUNNING"

    def stop(processes, program):
        host.states[program] = "STOPPED"

    monkeypatch.setattr(aside.Processes, "start", start)
    monkeypatch.setattr(aside.Processes, "stop", stop)
    return host


def follow(host, is_due=True, is_over=False):
    """Let the host follow; return whether it stands aside, and the state of its gunicorn."""
    aside.follow(host.site, is_due, is_over)
    return aside.is_aside(host.site), host.states["garden"]


def test_a_host_stands_aside_and_serves_again(host):
    assert follow(host) == (True, "STOPPED")
    assert follow(host) == (True, "STOPPED")
    assert follow(host, is_due=False) == (False, "RUNNING")


def test_a_host_serves_what_it_has_while_no_other_one_answers(host):
    host.others = 502
    assert follow(host) == (False, "RUNNING")
    host.others = 200
    follow(host)
    host.others = 502
    assert follow(host) == (False, "RUNNING")
    assert follow(host, is_over=True) == (True, "STOPPED")  # what it has is not the site


def test_a_host_that_is_behind_and_reaches_no_other_is_not_well_to_a_balancer(host):
    host.others = 502
    follow(host)
    assert aside.behind(host.site).exists()
    follow(host, is_due=False)
    assert not aside.behind(host.site).exists()
    follow(host)
    host.others = 200
    assert follow(host) == (True, "STOPPED")
    assert not aside.behind(host.site).exists()  # a balancer finds the others here


@pytest.mark.parametrize(
    ("by", "is_due", "others", "is_open"),
    [
        ("restore", False, 200, True),
        ("deploy", True, 200, True),  # it leaves visitors to the others
        ("deploy", True, 502, False),
        ("hand", False, 200, False),
    ],
)
def test_a_maintenance_that_has_ended_elsewhere_ends_where_a_host_may_be_open(
    host, by, is_due, others, is_open
):
    host.others = others
    aside.closed(host.site).write_text(f"{by}\n")
    follow(host, is_due)
    with alone(host.site.state / "lease.lock"):
        aside.reopen(host.site)
    assert aside.closed(host.site).exists()
    aside.reopen(host.site)
    assert aside.closed(host.site).exists() == (not is_open)


def test_a_gunicorn_that_supervisor_has_given_up_is_started_where_the_host_is_to_serve(host):
    host.states["garden"] = "FATAL"
    assert follow(host, is_due=False) == (False, "RUNNING")
    host.states["garden"] = "STOPPED"  # by somebody, who has a reason
    assert follow(host, is_due=False) == (False, "STOPPED")


@pytest.mark.parametrize("lock", ["switch.lock", "lease.lock"])
def test_nothing_stops_the_gunicorn_that_a_deploy_has_just_started(host, lock):
    with alone(host.site.state / lock):
        assert follow(host) == (False, "RUNNING")
    assert follow(host) == (True, "STOPPED")


@pytest.fixture
def relay(host, monkeypatch):
    """A relay from old to new on a host that stands aside."""
    follow(host)
    relay = switch.Switch(host.site, "new", 8000, "garden.example", "garden", False)
    relay.use_standby_file = host.site.root / "use-standby"
    for name in ("main_is_well", "site_is_well"):
        monkeypatch.setattr(aside.Processes, name, lambda *_: None)
    for name in ("put_back", "note"):
        monkeypatch.setattr(relay, name, lambda *_: None)
    monkeypatch.setattr(switch.bucket, "note", lambda *_: None)
    monkeypatch.setattr(relay.naming, "settle", lambda: None)
    return relay


def test_a_relay_that_is_undone_leaves_a_host_aside_that_stood_aside(host, relay):
    relay.use_standby()
    relay.restart_main()
    assert (host.site.live, aside.is_aside(host.site)) == ("new", False)
    relay.undo()
    assert host.started == ["new"]  # and never the old one
    assert (host.site.live, aside.is_aside(host.site)) == ("old", True)
    assert host.states["garden"] == "STOPPED"
    assert aside.use_others(host.site).exists()
    assert not relay.use_standby_file.exists()


def test_a_relay_that_was_killed_is_repaired_on_a_host_that_stands_aside(host, relay):
    relay.use_standby_file.touch()
    host.states["garden-standby"] = "RUNNING"
    relay.repair()
    assert host.started == []
    assert host.states["garden-standby"] == "STOPPED"
    assert not relay.use_standby_file.exists()
