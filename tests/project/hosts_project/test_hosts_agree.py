"""The hosts of a site agree in its database: who leads, and what all are to have live."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from deploy.on_host import (
    agreement,
    aside,
    bucket,
    connections,
    handed_on,
    lead,
    moving_uploads,
    peers,
    secret_settings,
    standing,
)
from deploy.on_host.agreement import Row, Stand
from deploy.on_host.lead import must_stand_aside
from deploy.on_host.site import Refused, Site

OLD = Stand("old", "x")
HOSTS = [("a", "192.0.2.1"), ("b", "192.0.2.2")]
KEEP = lead.keep


def refuse(words):
    raise Refused(words)


@pytest.fixture
def site(tmp_path):
    for folder in ("state", "shared"):
        (tmp_path / folder).mkdir()
    return Site("garden", tmp_path)


@pytest.fixture
def asked(monkeypatch):
    """A function that asks a new database of the site; it is what the hosts ask."""

    def psql(*statements, **_at):
        rows = []
        for sql in statements:
            words = ["psql", "-XAtq", "--set=ON_ERROR_STOP=1"]
            run = subprocess.run(words, input=sql, capture_output=True, text=True)
            if run.returncode:
                raise Refused(run.stderr)
            rows = run.stdout.splitlines()
        return rows

    psql("DROP OWNED BY mysite CASCADE")
    for module in (agreement, handed_on):
        monkeypatch.setattr(module, "psql", psql)
    return psql


@pytest.fixture
def host(site, asked, monkeypatch):
    """The host a of two, on which the release new is live and answers."""
    site.current.symlink_to("releases/new")
    lead.path(site).write_text(json.dumps({"me": "a", "hosts": HOSTS}))
    agreement.enter(site, HOSTS)
    monkeypatch.setattr(lead, "write", lambda path, text: path.write_text(text))
    monkeypatch.setattr(lead, "keep", lambda *_: None)
    monkeypatch.setattr(aside, "serves", lambda site: True)
    monkeypatch.setattr(aside, "follow", lambda site, *_: None)
    monkeypatch.setattr(handed_on, "follow", lambda *_: None)
    monkeypatch.setattr(handed_on, "catch_up", lambda site: None)
    return site


def other_shows_life(asked, site, stand=None, closed=False):
    """Let the host b show life, with what this one has, or something else."""
    agreement.sign(site, "b", stand or lead.mine(site), closed)


def test_a_host_that_was_lost_in_a_maintenance_opens_when_another_one_is_open(
    host, asked, monkeypatch
):
    lead.note(host)
    aside.closed(host).write_text("restore")
    monkeypatch.setattr(aside, "behind", lambda site: site.root / "behind")
    for closed in (True, False):
        other_shows_life(asked, host, closed=closed)
        lead.follow(host)
        assert aside.closed(host).exists() == closed
    assert [row.closed for row in agreement.look(host)[0]] == [True, False]
    lead.follow(host)
    assert not any(row.closed for row in agreement.look(host)[0])


def test_what_serve_sh_asks_before_gunicorn_starts(host, asked, tmp_path):
    """The words of the database itself, by the statement that is in the script."""

    def serves():
        words = ["sh", host.shared / "serve.sh", "no-such-project", "echo", "gunicorn"]
        return subprocess.run(words, capture_output=True, text=True).stdout == "gunicorn\n"

    shutil.copy(Path(lead.__file__).with_name("serve.sh"), host.shared)
    (host.shared / "secrets.json").write_text("{}")
    (host.root / "releases/new").mkdir(parents=True)
    keys = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER"}
    lines = [f"{key}={os.environ[name]}" for key, name in keys.items()]
    (host.current / "pg_service.conf").write_text("\n".join(["[site]", *lines]))
    lead.note(host)
    assert serves()
    other_shows_life(asked, host, OLD)
    agreement.note(host, OLD)
    assert not serves()
    lead.note(host)
    assert serves()
    asked("DELETE FROM deployed_hosts WHERE name = 'a'")
    assert not serves()


def test_a_table_of_before_learns_which_hosts_are_closed(host, asked):
    asked("ALTER TABLE deployed_hosts DROP COLUMN closed")
    lead.follow(host)
    assert [row.closed for row in agreement.look(host)[0]] == [False, False]


def test_what_was_put_live_last_is_one_thing_however_often_it_is_noted(host, asked):
    for _ in range(2):
        lead.note(host)
    assert asked("SELECT count(*) FROM deployed_release") == ["1"]
    rows, wanted = agreement.look(host)
    assert [row.name for row in rows] == ["a", "b"]
    assert wanted == lead.mine(host)


def test_somebody_leads_also_where_no_host_has_what_was_put_live_last(host, asked):
    lead.note(host)
    asked("UPDATE deployed_release SET release = 'newest'")
    lead.follow(host)
    assert lead.is_to_lead(host)


def test_a_host_whose_gunicorn_does_not_answer_is_nobodys_reserve_and_does_not_lead(
    host, asked, monkeypatch
):
    lead.note(host)
    other_shows_life(asked, host)
    lead.follow(host)
    assert lead.is_to_lead(host)
    monkeypatch.setattr(aside, "serves", lambda site: False)
    lead.follow(host)
    assert not lead.is_to_lead(host)
    rows, wanted = agreement.look(host)
    assert not must_stand_aside("b", OLD, [rows[0], Row("b", "", OLD, True)], wanted)


def test_a_host_leads_when_the_one_that_led_has_given_it_up_or_shows_no_life(host, asked):
    def claims(*wanted):
        return [agreement.claim_the_lead(host, *each) for each in wanted]

    asked("UPDATE deployed_hosts SET seen = now()")
    assert claims(("b", True), ("a", True), ("b", False), ("a", True), ("b", True)) == [
        *[True, False, False, True, False]
    ]
    asked("UPDATE deployed_hosts SET seen = now() - interval '5 minutes' WHERE name = 'a'")
    assert claims(("b", True)) == [True]
    asked("DELETE FROM deployed_hosts")
    assert claims(("a", False), ("a", True)) == [False, False]


@pytest.mark.parametrize("status", [0, 503])
def test_a_host_that_cannot_serve_has_another_asked_first_while_that_can(
    site, monkeypatch, tmp_path, status
):
    def are(here, others):
        monkeypatch.setattr(aside, "health", lambda site: here)
        monkeypatch.setattr(aside, "others_serve", lambda site: others)
        aside.follow_alone(site)
        return flag.exists()

    flag = tmp_path / "stand-aside"
    monkeypatch.setattr(aside, "use_others", lambda site: flag)
    assert [are(200, True), are(status, False), are(status, True)] == [False, False, True]
    assert [are(status, False), are(200, True)] == [True, False]
    aside.mark(site).touch()
    assert not are(status, True)


def test_a_host_that_misses_the_database_looks_whether_others_can_serve(host, monkeypatch):
    looked = []
    monkeypatch.setattr(aside, "follow_alone", looked.append)
    monkeypatch.setattr(agreement, "ask", lambda *_: refuse("connection timed out"))
    with pytest.raises(Refused, match="timed out"):
        lead.follow(host)
    assert looked == [host]


def test_a_secret_is_what_all_hosts_are_to_have_from_when_it_is_kept(host, asked, monkeypatch):
    def change(site, setting, app, value):
        secret_settings.in_force(site).write_text(value)
        return {"changed": True}

    monkeypatch.setattr(secret_settings, "change", change)
    lead.note(host)
    assert lead.change_secret(host, "API_KEY", "garden", '{"API_KEY": "1"}') == {"changed": True}
    assert agreement.look(host)[1] == lead.mine(host)
    host.current.unlink()
    host.current.symlink_to("releases/old")  # which the others have gone on from
    lead.change_secret(host, "API_KEY", "garden", '{"API_KEY": "2"}')
    assert agreement.look(host)[1].release == "new"
    assert agreement.look(host)[1] != lead.mine(host)


@pytest.mark.parametrize(("before", "is_left"), [("old", True), ("new", False)])
def test_where_a_site_goes_to_another_database_it_says_so_in_the_one_before(
    host, asked, monkeypatch, before, is_left
):
    (host.state / "fabric").mkdir()
    for release, name in (("old", before), ("new", "new")):
        text = json.dumps({"DATABASE": f"postgresql://me@db.example/{name}"})
        (host.state / "fabric" / f"{release}.json").write_text(text)
    host.release("old").mkdir(parents=True)
    (host.state / "releases.json").write_text('{"old": "", "new": "old"}')
    left = []
    monkeypatch.setattr(agreement, "let_go", lambda site, release: left.append(release))
    lead.note(host)
    assert left == ["old"] * is_left


def test_in_a_database_that_the_site_has_left_nobody_serves_or_leads(host, asked, monkeypatch):
    lead.note(host)
    other_shows_life(asked, host)
    agreement.let_go(host, "")
    told = []
    monkeypatch.setattr(aside, "follow", lambda site, *what: told.append(what))
    lead.follow(host)
    assert told == [(False, True)]
    assert not lead.is_to_lead(host)


def test_where_nginx_is_not_told_of_a_host_it_is_told_again_and_all_else_is_done(
    host, asked, monkeypatch
):
    lead.note(host)
    agreement.enter(host, [*HOSTS, ("c", "192.0.2.3")])

    def refuse(site, others):
        raise Refused("NGINX refuses the other hosts")

    monkeypatch.setattr(lead, "keep", KEEP)
    monkeypatch.setattr(peers, "make", lambda site: None)
    monkeypatch.setattr(peers, "put", refuse)
    for _ in range(2):  # it is not known by then
        with pytest.raises(Refused, match="NGINX refuses"):
            lead.follow(host)
    assert lead.is_to_lead(host)
    monkeypatch.setattr(peers, "put", lambda site, others: None)
    lead.follow(host)
    assert lead.names(host) == ["a", "b", "c"]
    asked("DELETE FROM deployed_hosts WHERE name <> 'a'")
    monkeypatch.setattr(peers, "put", refuse)
    for _ in range(2):
        with pytest.raises(Refused, match="NGINX refuses"):
            lead.follow(host)
    monkeypatch.setattr(peers, "put", lambda site, others: None)
    lead.follow(host)
    assert lead.names(host) == []


def test_what_this_host_has_left_of_uploads_that_moved_is_forgotten_where_another_has_gone_on(
    host, asked
):
    other_shows_life(asked, host)
    marks = moving_uploads.mark(host), bucket.behind(host)
    for mark in marks:
        mark.touch()
    moving_uploads.forget(host, older=moving_uploads.DAY)
    assert all(mark.exists() for mark in marks)
    lead.join(host, "a", HOSTS, first=False)
    assert [mark.exists() for mark in marks] == [True, False]  # what still may come along
    for mark in marks:
        mark.touch()
        os.utime(mark, (1, 1))
    lead.note(host)
    asked("UPDATE deployed_release SET release = 'newest'")
    other_shows_life(asked, host, Stand("newest", lead.mine(host).settings))
    lead.follow(host)
    assert not any(mark.exists() for mark in marks)


# What a host tells fab


def test_a_host_tells_who_is_alive_and_whether_it_can_ask_the_database(host, asked, monkeypatch):
    monkeypatch.setattr(standing, "write", lambda path, text, **_options: path.write_text(text))
    (host.shared / "secrets.json").write_text("{}")
    lead.sign(host, "a")
    told = standing.tell(host)
    assert (told["asks"], told["alive"], told["me"], told["common"]) == (True, ["a"], "a", 1)
    other_shows_life(asked, host)
    assert standing.tell(host)["alive"] == ["a", "b"]
    asked("DROP OWNED BY mysite CASCADE")
    assert standing.tell(host)["asks"]  # the tables are yet to be made

    def refuse(*_statements, **_at):
        raise Refused("connection to server failed: timeout expired")

    monkeypatch.setattr(agreement, "psql", refuse)
    assert not standing.tell(host)["asks"]


def test_the_database_says_how_many_connections_it_allows(host, asked, monkeypatch):
    monkeypatch.setattr(connections, "psql", asked)
    allowed = connections.count(host)["allowed"]
    assert allowed == int(asked("SHOW max_connections")[0]) - 3
