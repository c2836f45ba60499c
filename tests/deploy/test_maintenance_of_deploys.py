"""fab deploy --maintenance on several hosts: nothing that was written is lost where it fails."""

import pytest
from hosts_of_no_machine import database, deploying, releases, three
from invoke import Exit

CLOSED = "echo $by >$root/state/maintenance"


@pytest.fixture
def hosts(monkeypatch):
    """Three hosts, a to c; c is lost when it is to take over."""
    hosts = three()

    def take_over(_hosts, _name, _now):
        hosts[2].is_lost = True
        raise Exit("c: connection lost", 255)

    monkeypatch.setattr(deploying, "take_over", take_over)
    monkeypatch.setattr(releases, "migrate", lambda *_arguments: None)
    for host in hosts:
        host.answers["dump"] = {"name": "a dump"}
    return hosts


def fails(hosts):
    """Deploy, and return what is told where that fails."""
    with pytest.raises(Exit) as failure:
        deploying.deploy_in_maintenance(hosts, "newer", {})
    return failure.value.message


def did(host):
    """Return what a host was told, in its order: of maintenance, that it is on or off."""
    names = {True: "closed", False: "open"}
    return [
        names[name == CLOSED] if "state/maintenance" in name else name for name, _ in host.calls
    ]


def test_one_that_fails_on_a_host_that_is_lost_ends_it_on_the_others(hosts):
    told = fails(hosts)
    assert told.splitlines() == ["c: connection lost", "The database is as it was before"]
    for host in hosts[:2]:
        assert [call["release"] for call in host.asked("relay")] == ["new"]
        assert did(host).index("relay") < did(host).index("open")


def test_the_dump_to_go_back_to_has_all_that_was_written_before_the_site_was_closed(hosts):
    fails(hosts)
    for host in hosts:
        assert "closed" in did(host)
    assert did(hosts.lead).index("closed") < did(hosts.lead).index("dump")


def test_without_a_dump_the_site_is_open_again(hosts):
    hosts.lead.answers["dump"] = Exit("a: no room", 1)
    assert fails(hosts) == "a: no room"
    assert [did(host)[-1] for host in hosts] == ["open"] * 3


def test_where_it_has_failed_the_hosts_know_again_what_is_live(hosts):
    fails(hosts)
    calls = did(hosts.lead)
    assert calls.index("swap") < calls.index("note_live") < calls.index("join_hosts")
    assert hosts[1].asked("join_hosts")


def test_where_the_leading_host_is_lost_the_way_on_is_told(hosts, monkeypatch):
    def load(*_arguments):
        raise Exit("a: connection lost", 255)

    monkeypatch.setattr(database, "load", load)
    told = fails(hosts)
    assert "a: connection lost" in told
    assert "type fab deploy --yes" in told
    assert "as it was before" not in told
