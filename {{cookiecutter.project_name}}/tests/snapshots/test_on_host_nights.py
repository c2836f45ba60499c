"""What happens to backups each night, and what is told of them."""

import json
import os
import time

import pytest
from site_with_backups import names

from deploy.on_host import (
    checks_of_site,
    nightly,
    restore,
    snapshots,
)
from deploy.on_host.checks import Server, Wrong
from deploy.on_host.site import Refused

FACTS = {"port": 8000, "hostname": "garden.example", "app": "garden", "clock": None}


@pytest.fixture
def database(site, monkeypatch):
    """What PostgreSQL is told; .rows is what is in the database that is loaded."""
    statements = []
    monkeypatch.setattr(nightly, "psql", lambda *sql, **_: statements.extend(sql))
    monkeypatch.setattr(restore, "require", lambda *_: None)
    monkeypatch.setattr(restore, "check", lambda *_: None)
    monkeypatch.setattr(restore, "load_database", lambda *_: None)
    monkeypatch.setattr(restore, "rows_of", lambda *_: {"django_site": 2})
    return statements


def damage(folder):
    for path in (path for path in folder.glob("data/*/*") if path.is_file()):
        path.chmod(0o600)
        path.write_bytes(os.urandom(path.stat().st_size))


def test_each_week_the_newest_of_each_place_is_proved(site, database, monkeypatch):
    name = nightly.run(site)["name"]
    noted = snapshots.noted(site)
    assert {key: noted[key]["proved"][0] for key in noted} == {"here": name, "away": name}
    assert database[-1].startswith('DROP DATABASE IF EXISTS "garden-proving"')
    assert not (site.root / "backups/.proving").exists()
    assert not nightly.is_due(site, "here")
    noted["here"]["proved"][1] -= nightly.WEEK + 1
    (site.state / "snapshots.json").write_text(json.dumps(noted))
    assert nightly.is_due(site, "here")


def test_what_is_damaged_is_not_proved_and_the_other_place_is(site, database, tmp_path):
    snapshots.send(site, snapshots.make(site, "manual")["name"])
    damage(tmp_path / "away")
    with pytest.raises(Refused, match="BACKUP_TO: "):
        nightly.run(site)
    assert "proved" in snapshots.noted(site)["here"]
    assert "proved" not in snapshots.noted(site)["away"]


def test_where_the_other_place_is_away_the_server_has_its_backup(site, database, tmp_path):
    (tmp_path / "away").write_text("no directory")
    with pytest.raises(Refused, match="BACKUP_TO: "):
        nightly.run(site)
    assert len(names(site)) == 1
    assert list(snapshots.noted(site)) == ["here"]


# What is told of them


@pytest.fixture
def server(site, monkeypatch):
    monkeypatch.setattr(checks_of_site, "first_deploy", lambda server: time.time() - 20 * 86400)
    return Server(site, FACTS)


def note(site, **ages):
    told = {
        key: {what: (f"the {what}", time.time() - days * 86400) for what, days in each.items()}
        for key, each in ages.items()
    }
    (site.state / "snapshots.json").write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("check", "here", "away", "wrong"),
    [
        ("last_backup", {"made": 1}, {"made": 1}, ""),
        ("last_backup", {"made": 3}, {"made": 1}, "the made is the newest"),
        ("last_backup", {"made": 1}, {"made": 3}, "the made is the newest in BACKUP_TO"),
        ("last_backup", {"made": 1}, {}, "nothing is the newest in BACKUP_TO"),
        ("last_proof", {"proved": 8}, {"proved": 8}, ""),
        ("last_proof", {"proved": 16}, {"proved": 8}, "here: the proved is the last"),
        ("last_proof", {"proved": 8}, {"proved": 16}, "BACKUP_TO: the proved is the last"),
        ("last_proof", {"proved": 8}, {}, "BACKUP_TO: none is the last"),
    ],
)
def test_an_old_backup_is_told_and_an_old_proof(server, check, here, away, wrong):
    note(server.site, here=here, away=away)
    ask = getattr(checks_of_site, check)
    if not wrong:
        assert "BACKUP_TO" in ask(server)
        return
    with pytest.raises(Wrong) as told:
        ask(server)
    assert str(told.value) == wrong
