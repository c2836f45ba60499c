"""What fab does with several hosts of one site, of which one is away, behind, cut off or new."""

import pytest
from hosts_of_no_machine import (
    FakeHost,
    Hosts,
    NoLeases,
    answering,
    common,
    database,
    deploying,
    due,
    going_back,
    plans,
    releases,
    removing,
    secret_settings,
    server,
    three,
)
from invoke import Exit

NOTHING = {"live": "", "made": False, "hosts": [], "alive": [], "common": 0, "me": ""}
MAINTENANCE = "echo $by >$root/state/maintenance"
AS_LIVE = {"live": "new", "fabric": [], "changes": [], "wrong": [], "rename": {}}


@pytest.fixture(autouse=True)
def no_leases(monkeypatch):
    for module in (deploying, going_back):
        monkeypatch.setattr(module, "Leases", NoLeases)
    monkeypatch.setattr(removing, "Lease", NoLeases)


@pytest.mark.parametrize("command", [deploying.create, deploying.everything, deploying.deploy])
def test_new_hosts_make_no_secrets_while_one_that_may_have_some_is_away(command):
    hosts = three(away="a", b=NOTHING, c=NOTHING)
    with pytest.raises(Exit, match="a, which is away, may have some"):
        command(hosts)
    assert {name for host in hosts for name, _parameters in host.calls} == {"stand"}


# What is common


def test_a_host_that_cannot_ask_the_database_comes_last():
    hosts = three(a={"asks": False})
    assert hosts.lead.name == "b"


def test_an_old_version_of_what_is_common_is_carried_over_no_newer_one():
    hosts = three(b={"common": 2, "behind": True})
    common.carry(hosts)
    taken = {host.name: host.asked("take_common") for host in hosts}
    assert taken["a"] == [{"things": {"secrets": "of b"}, "given": 2}]  # no settings: a leads
    things = {"secrets": "of b", "settings": "of a"}
    assert taken["b"] == taken["c"] == [{"things": things, "given": 2}]


def test_what_is_common_comes_to_a_host_that_was_away_without_a_new_release():
    hosts = three(c={"common": 2})
    common.carry_newest(hosts)
    assert [len(host.asked("take_common")) for host in hosts] == [1, 1, 0]
    common.carry_newest(hosts := three())
    assert [len(host.asked("take_common")) for host in hosts] == [0, 0, 0]


# Deploying


@pytest.mark.parametrize(
    ("key", "away", "words"),
    [
        ("DATABASE", "c", "another DATABASE needs all hosts, and c is away"),
        ("UPLOADS", "", "UPLOADS can only become another with one of HOSTS alone"),
    ],
)
def test_what_is_common_becomes_no_other_behind_the_back_of_a_host(key, away, words):
    hosts = three(away=away)
    now = {host.name: AS_LIVE | {"fabric": [(key, "here", "there")]} for host in hosts}
    with pytest.raises(Exit, match=words):
        due.refuse_to_move(hosts, now)


def test_the_database_may_become_another_while_all_hosts_are_there():
    hosts = three()
    now = {host.name: AS_LIVE | {"fabric": [("DATABASE", "here", "there")]} for host in hosts}
    due.refuse_to_move(hosts, now)


def test_a_rollback_moves_no_uploads_of_several_hosts():
    hosts = three()
    for host in hosts:
        host.answers["uploads_differ"] = {"differ": True}
    with pytest.raises(Exit, match="UPLOADS can only become another"):
        going_back.rollback(hosts, "old", False, True)
    assert not any(host.asked("relay") for host in hosts)


@pytest.mark.parametrize("stand", [{"settings": "y"}, {"live": "old"}])
def test_a_deploy_is_due_on_a_host_that_has_other_settings_or_another_release(stand):
    hosts = three(b=stand)
    now = {host.name: AS_LIVE | {"live": host.stand["live"]} for host in hosts}
    found = due.behind(hosts, now)
    assert [host.name for host in found] == ["b"]
    assert due.is_as_found(hosts, found, now)
    now["b"]["wrong"] = [{"name": "packages"}]
    assert due.is_as_found(hosts, found, now) == (stand.get("live") == "old")


def test_each_host_but_that_of_the_revision_fetches_it(monkeypatch):
    a, b, c = three(fabric={"repo_url": "https://code.example/garden"})
    monkeypatch.setattr(releases, "build", lambda _host, _begun: "")
    deploying.build(a, [c], "1" * 40, "newer")
    deploying.build(b, [a, b, c], "1" * 40, "")
    assert [len(host.asked("fetch")) for host in (a, b, c)] == [1, 0, 2]


def test_a_release_that_was_there_stays_where_another_host_cannot_build_it(monkeypatch):
    a, b, c = three()
    b.answers["releases"] = c.answers["releases"] = {"live": "", "before": "", "proven": []}
    removed = []

    def build(host, _begun):
        if host is c:
            raise Exit("no room", 1)

    monkeypatch.setattr(releases, "build", build)
    monkeypatch.setattr(releases, "discard", lambda host, _name: removed.append(host.name))
    with pytest.raises(Exit, match="no room"):
        deploying.build(a, [a, b, c], "1" * 40, "new")
    assert sorted(removed) == ["b", "c"]


def test_a_release_that_a_host_cannot_run_any_more_is_built_there_again(monkeypatch):
    a, b, _c = three(b={"live": "old"})
    b.answers["releases"] = {"live": "old", "before": "", "proven": ["new", "old"]}
    b.answers["live"] = {"live": "old", "problem": "its packages are of another Python"}
    built = []
    monkeypatch.setattr(releases, "build", lambda host, _begun: built.append(host))
    deploying.build(a, [b], "1" * 40, "new")
    assert built == [b]
    assert any("rm -rf" in script for script, _variables in b.calls)


def test_a_deploy_that_finds_all_as_it_should_be_ends_what_a_restore_has_left(monkeypatch):
    hosts = three()
    now = {host.name: AS_LIVE | {"revision": "1" * 40} for host in hosts}
    monkeypatch.setattr(deploying, "look", lambda *_arguments: (now, "1" * 40))
    deploying.deploy(hosts)
    assert all(is_open(host) for host in hosts)


def test_a_sick_host_is_named_with_what_to_type_to_go_on_without_it(monkeypatch):
    hosts = three()

    def refuse(host, _now):
        raise Exit(f"{host.name}: no room", 1)

    monkeypatch.setattr(due.checks, "before_deploy", refuse)
    with pytest.raises(Exit, match="b: no room.* fab deploy --without b"):
        due.before_deploy(hosts, hosts[1], AS_LIVE)


def test_a_host_that_is_left_out_is_not_even_asked():
    """Such as one that shows another key, or refuses the log-in."""
    a, b, c = three()
    for host in (a, c):
        host.connect = lambda: None
    hosts = answering([a, b, c], "b")  # which has no way to connect
    assert (hosts.names, hosts.away) == ("a, c", [b])
    with pytest.raises(Exit, match="--without: nobody is none of a, b, c"):
        answering([a, b, c], "nobody")
    with pytest.raises(Exit, match="leaves no host"):
        answering([b], "b")


def test_hosts_that_HOSTS_has_no_longer_go_first():
    a = FakeHost("a", entries=["a"], alive=["a", "b"])
    with pytest.raises(Exit, match="git pull .* else fab -H b remove"):
        Hosts([a]).refuse_other_than_all("A deploy")
    a.stand["alive"] = ["a"]
    Hosts([a]).refuse_other_than_all("A deploy")


def test_more_connections_than_the_database_allows_are_told(capsys):
    hosts = three()
    for host, needs in zip(hosts, (27, 36, 36), strict=True):
        host.answers["connections"] = {"needs": needs, "allowed": 97}
    due.tell_connections(hosts)
    assert "3 hosts may open 99 connections" in capsys.readouterr().out
    hosts[2].answers["connections"] = {"needs": 34, "allowed": 97}
    due.tell_connections(hosts)
    assert capsys.readouterr().out == ""


def dies_after_its_relay(host):
    def relay(**_parameters):
        host.is_lost = True
        return {"result": "done"}

    host.answers["relay"] = relay


@pytest.mark.parametrize("name", "abc")
def test_a_host_that_dies_after_its_relay_is_left_out_and_what_is_live_is_noted(name, monkeypatch):
    hosts = three()
    there = list(hosts)
    now = {host.name: AS_LIVE | {"live": "new", "revision": ""} for host in hosts}
    monkeypatch.setattr(deploying, "look", lambda *_arguments: (now, "1" * 40))
    monkeypatch.setattr(deploying, "prepare", lambda *_arguments: None)
    monkeypatch.setattr(deploying, "build", lambda *_arguments: ("newer", ""))
    monkeypatch.setattr(plans, "check_migrations", lambda *_arguments: [])
    monkeypatch.setattr(database, "dump", lambda *_arguments: "a dump")
    monkeypatch.setattr(releases, "finish", lambda host: host.call("finish") and [])
    dead = there["abc".index(name)]
    dies_after_its_relay(dead)
    deploying.deploy(hosts)
    left = [host for host in there if host is not dead]
    assert (list(hosts), hosts.away) == (left, [dead])
    assert relayed(there) == dict.fromkeys("abc", "newer")
    lead = left[0]
    assert lead.calls.index(("note_live", {})) < lead.calls.index(("finish", {}))
    assert all(host.asked("join_hosts") for host in left)


# Who serves the site


def test_a_host_that_is_alone_again_is_told_so_whatever_UPLOADS_says():
    a = FakeHost("a", entries=["a"], fabric={"uploads": ""})
    a.stand["hosts"] = ["a", "b"]
    common.agree(Hosts([a]))
    assert a.asked("join_hosts") == [{"me": "a", "hosts": [("a", "a")], "first": True}]


def test_an_address_that_nobody_has_is_told_before_anything_is_built():
    hosts = three(fabric={"network": "10.9.0.0/24"})
    for host in hosts:
        host.answers["address"] = {"address": "" if host.name == "b" else "10.9.0.1"}
    with pytest.raises(Exit, match="b: it has no address in NETWORK"):
        common.meet(hosts)
    common.meet(hosts := three(c=NOTHING))
    pairs = [("a", "a"), ("b", "b"), ("c", "c")]
    assert [host.asked("meet_hosts") for host in hosts] == [
        [{"me": name, "hosts": pairs}] for name in "abc"
    ]


# Going back


def relayed(hosts):
    """Return which release each host was last relayed to, by its name."""
    asked = {host.name: host.asked("relay") for host in hosts}
    return {name: calls[-1]["release"] for name, calls in asked.items() if calls}


def test_a_host_that_joined_later_forbids_no_rollback(capsys):
    hosts = three()
    hosts[2].answers["releases"] = {"live": "new", "before": "", "proven": ["new"]}
    going_back.rollback(hosts, "", False, True)
    assert relayed(hosts) == {"a": "old", "b": "old"}
    assert "fab rollback --release old" in capsys.readouterr().out


def test_a_rollback_without_a_name_is_refused_where_hosts_have_different_releases():
    hosts = three(a={"behind": True, "live": "newer"})
    with pytest.raises(Exit, match="a has newer, b has new, c has new: type fab rollback"):
        going_back.rollback(hosts, "", False, True)
    going_back.rollback(hosts, "old", False, True)
    assert set(relayed(hosts)) == {"a", "b", "c"}


def test_a_restore_goes_on_where_a_host_is_aside_or_lost(monkeypatch):
    hosts = three(a={"behind": True, "aside": True})
    a, b, c = hosts

    def swap(_host, _name):
        c.is_lost = True

    monkeypatch.setattr(database, "swap", swap)
    going_back.put_back(hosts, "a backup")
    assert hosts.away == [c]
    assert relayed(hosts) == {"b": "new"}
    assert b.asked("note_live")
    ended = [host.name for host in (a, b) if is_open(host)]
    assert ended == ["a", "b"]


def is_open(host):
    """Return whether the last that a host was told of maintenance is that it is over."""
    told = [name for name, _parameters in host.calls if "state/maintenance" in name]
    return told[-1] != MAINTENANCE


def test_where_the_leading_host_is_lost_while_data_is_put_in_place_the_ways_on_are_told():
    hosts = three()
    hosts[0].answers["swap"] = Exit("a: connection lost", 255)
    with pytest.raises(Exit, match="answers 503: type fab restore again, or fab maintenance off"):
        going_back.put_back(hosts, "a backup")
    assert not any(is_open(host) for host in hosts)


def test_maintenance_is_on_all_hosts_or_on_none():
    hosts = three()
    hosts[1].is_lost = True
    with pytest.raises(Exit, match="connection lost"):
        going_back.close(hosts, "restore")
    assert is_open(hosts[0])


def test_a_restart_goes_past_a_host_that_is_aside_or_fails(capsys):
    hosts = three(a={"aside": True})
    hosts[1].answers["relay"] = {"result": "undone", "error": "no room"}
    with pytest.raises(Exit, match="b: no room"):
        going_back.restart(hosts)
    assert relayed(hosts) == {"b": "new", "c": "new"}
    assert "a: it leaves visitors to the others" in capsys.readouterr().err


# Secrets


def test_a_secret_is_taken_back_past_a_host_that_is_lost(monkeypatch):
    monkeypatch.setattr(secret_settings, "Leases", NoLeases)
    monkeypatch.setattr(secret_settings, "given", lambda *_arguments: "Rye")
    hosts = three()
    a, b, c = hosts

    def relay(**_parameters):
        b.is_lost = True
        raise Exit("b: connection lost", 255)

    for host in hosts:
        host.answers["secret"] = {"reads": True, "kind": "str"}
        host.answers["change_secret"] = {"changed": True}
    b.answers["relay"] = relay
    with pytest.raises(Exit, match="b: connection lost"):
        secret_settings.change(hosts, "COMPANY_NAME", remove=False, yes=True)
    before = {"things": {"settings": "of a"}}
    assert [host.asked("take_common")[-1] for host in (a, c)] == [before, before]
    assert len(a.asked("relay")) == 2
    assert a.asked("note_live")
    assert not c.asked("relay")


# Backups


def made(*names, release="old"):
    dumps = [{"name": name, "has": "all", "place": "here", "release": release} for name in names]
    return {"backups": dumps}


def test_the_newest_backup_is_that_of_the_host_which_has_led_last():
    hosts = three()
    for host, names in zip(hosts, ["20260101", "20260201 20260301", ""], strict=True):
        host.answers["backups"] = made(*names.split())
    assert database.choose(hosts, None) == {"name": "20260301"}
    assert hosts.lead.name == "b"
    hosts = three()
    for host, names in zip(hosts, ["20260101", "20260201 20260301", ""], strict=True):
        host.answers["backups"] = made(*names.split())
    assert plans.find_dump(hosts, "old") == "20260301"
    assert hosts.lead.name == "b"


# The end


@pytest.fixture
def removed(monkeypatch):
    """The hosts that are removed, each with the backup that it keeps."""
    found = []
    adopted = {"data": True, "elsewhere": ""}
    monkeypatch.setattr(server, "adopt", lambda _host: adopted)
    monkeypatch.setattr(database, "backup", lambda host, _label: f"of {host.name}")
    monkeypatch.setattr(
        server, "remove", lambda host, backup: found.append((host.name, backup)) or backup
    )
    return found


def leaving(hosts):
    names = [host.name for host in (*hosts, *hosts.away)]
    for host in hosts:
        left = [name for name in names if name != host.name]
        host.answers["leave_hosts"] = {"left": left, "told": True}
    return hosts


def test_removing_all_hosts_makes_a_last_backup_on_the_one_that_leads(removed):
    removing.remove(leaving(three()))
    assert removed == [("b", ""), ("c", ""), ("a", "of a")]


def test_a_host_that_is_dead_does_not_keep_the_last_one_from_its_backup(removed):
    alive = {"alive": ["a", "b"]}
    removing.remove(leaving(three(away="c", a=alive, b=alive)))
    assert removed == [("b", ""), ("a", "of a")]


def test_removing_one_of_several_hosts_makes_no_backup(removed):
    hosts = leaving(three())
    removing.remove(Hosts([hosts[0]]))
    assert removed == [("a", "")]


def test_a_host_that_does_not_reach_the_database_is_removed_and_it_is_said_who_tells_that(
    removed, capsys
):
    hosts = leaving(three())
    hosts[0].answers["leave_hosts"]["told"] = False
    removing.remove(Hosts([hosts[0]]))
    assert removed == [("a", "")]
    assert "a: the database is not told; fab deploy" in capsys.readouterr().err
