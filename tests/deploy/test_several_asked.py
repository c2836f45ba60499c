"""Which of several hosts a command is for, and in which order; no server answers here."""

import sys
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from invoke import Exit
from support import TEMPLATE

sys.path.insert(0, str(TEMPLATE / "{{cookiecutter.project_name}}"))
sys.dont_write_bytecode = True  # cookiecutter would take it for a part of the template
from deploy import common, deploying, relay, releases, server  # noqa: E402
from deploy.connecting import Away  # noqa: E402
from deploy.hosts import Hosts, answering, entry_of  # noqa: E402

HOSTS = ["me@a.example", "b.example:2222", "c.example"]
KNOWN = {"hosts": [], "alive": [], "me": "", "asks": True, "settings": "x", "common": 1}
GOOD = KNOWN | {"live": "two", "behind": False, "made": True}
NEW = KNOWN | {"live": "", "behind": False, "made": False}
BEHIND = KNOWN | {"live": "one", "behind": True, "made": True}


def host(entry, stand=GOOD, away=False):
    """Return what stands in for a Host."""
    name, _colon, port = entry.rpartition("@")[2].partition(":")

    def connect():
        if away:
            raise Away(f"{name}: nothing answers", 3)

    return SimpleNamespace(
        name=name,
        environment="production",
        connect=connect,
        call=lambda _command: stand,
        connection=SimpleNamespace(original_host=name, port=int(port or 22)),
        config=SimpleNamespace(hosts=HOSTS, live_hostname="www.example.com", database=""),
    )


def test_a_host_that_does_not_answer_is_left_out(capsys):
    hosts = answering([host(HOSTS[0], away=True), host(HOSTS[1])])
    assert hosts.names == "b.example"
    assert capsys.readouterr().err == "a.example: nothing answers: left out\n"
    with pytest.raises(Exit, match="3"):
        hosts.refuse_without_all("A restore")
    with pytest.raises(Exit):
        answering([host(HOSTS[0], away=True), host(HOSTS[1], away=True)])


@pytest.mark.parametrize(
    ("stands", "leads"),
    [
        ([GOOD, GOOD], "a.example"),
        ([BEHIND, GOOD], "b.example"),
        ([NEW, GOOD], "b.example"),
        ([NEW, NEW], "a.example"),
        ([NEW, NEW | {"made": True}], "b.example"),
    ],
)
def test_the_first_leads_that_has_live_what_was_put_live_last(stands, leads):
    hosts = Hosts([host(entry, stand) for entry, stand in zip(HOSTS, stands, strict=False)])
    assert hosts.lead.name == leads
    assert [each.name for each in hosts.abreast][0] == leads


def test_a_part_of_HOSTS_is_not_enough_to_deploy_to():
    hosts = [host(entry) for entry in HOSTS]
    assert [entry_of(HOSTS, each) for each in hosts] == HOSTS
    Hosts(hosts).refuse_other_than_all("A deploy")
    Hosts(hosts[:1], hosts[1:]).refuse_other_than_all("A deploy")
    for part in (hosts[:2], [*hosts, host("d.example")]):
        with pytest.raises(Exit) as refused:
            Hosts(part).refuse_other_than_all("A deploy")
        assert refused.value.code == 2


def test_where_a_relay_fails_those_before_it_go_back(monkeypatch):
    relayed = []

    def switch(host, release, rename=True):
        relayed.append((host.name, release))
        if (host.name, release) == ("c.example", "two"):
            raise Exit("c.example: it is not well", 1)

    monkeypatch.setattr(relay, "switch", switch)
    hosts = [host(entry) for entry in HOSTS]
    before = {"a.example": "one", "b.example": "", "c.example": "one"}
    with pytest.raises(Exit) as failed:
        relay.switch_all(hosts, "two", before)
    assert failed.value.message.splitlines() == [
        "c.example: it is not well",
        "b.example: it had nothing live before, and keeps what it has now",
        "a.example: one is live again",
    ]
    assert relayed == [
        *[("a.example", "two"), ("b.example", "two"), ("c.example", "two")],
        ("a.example", "one"),
    ]


NOW = {"revision": "1" * 40, "live": "two", "changes": [], "wrong": [], "rename": {}}


@pytest.fixture
def deployed(monkeypatch):
    """A function that deploys to hosts with such stands; it returns what was built and where."""

    def deploy(*nows, revision="1" * 40, **options):
        built = []
        hosts = Hosts([host(entry) for entry in HOSTS[: len(nows)]])
        for each in hosts:
            each.config.hosts = HOSTS[: len(nows)]
        found = {each.name: now for each, now in zip(hosts, nows, strict=True)}
        monkeypatch.setattr(deploying, "look", lambda *_: (found, revision))
        lease = SimpleNamespace(note=lambda **_: None)
        monkeypatch.setattr(deploying, "Leases", lambda *_: nullcontext(lease))
        for name in ("prepare", "put_live"):
            monkeypatch.setattr(deploying, name, lambda *_: None)
        monkeypatch.setattr(common, "agree", lambda hosts: built.append("agreed"))
        monkeypatch.setattr(deploying, "tell_connections", lambda hosts: None)
        monkeypatch.setattr(server, "end_maintenance_of_deploy", lambda host: None)
        monkeypatch.setattr(releases, "finish", lambda host: [])
        monkeypatch.setattr(releases, "prune", lambda host: None)

        def build(_lead, due, revision, name):
            built.append((name, [each.name for each in due]))
            return name or "three", "packages"

        monkeypatch.setattr(deploying, "build", build)
        deploying.deploy(hosts, **options)
        return built

    return deploy


def test_what_is_live_everywhere_is_not_built_again(deployed):
    assert deployed(NOW, NOW) == ["agreed"]


def test_a_host_that_is_behind_gets_the_release_that_the_others_have(deployed):
    old = NOW | {"live": "one", "wrong": [{"name": "hosts"}]}
    assert deployed(NOW, old, NOW) == [("two", ["b.example"]), "agreed"]


def test_what_is_new_is_built_under_one_name_on_all(deployed):
    old, all_ = NOW | {"live": "one"}, ["a.example", "b.example"]
    assert deployed(NOW, old, revision="2" * 40) == [("", all_), "agreed"]
    assert deployed(NOW, NOW | {"changes": ["x"]}) == [("", all_), "agreed"]
    assert deployed(NOW, old, force=True) == [("", all_), "agreed"]
    assert deployed(NOW | {"live": "", "revision": ""}, NOW | {"live": ""}) == [
        ("", all_),
        "agreed",
    ]
