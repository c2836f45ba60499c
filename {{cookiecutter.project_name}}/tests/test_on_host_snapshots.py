"""Whole backups on a server, with the real restic; PostgreSQL stands aside."""

import json
import os
import shutil
import subprocess
import time

import pytest
from rest_server import rest_server

from deploy.on_host import (
    backup,
    backup_keys,
    backups_at_home,
    checks_of_site,
    configuration,
    deployed,
    files,
    lost_server,
    nightly,
    postgres,
    restic,
    restore,
    secret_settings,
    snapshots,
)
from deploy.on_host.checks import Server, Wrong
from deploy.on_host.site import Refused, Site

FACTS = {"port": 8000, "hostname": "garden.example", "app": "garden", "clock": None}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site with uploads, whose backups also go to another folder."""
    if not shutil.which("restic"):
        pytest.skip("restic is not installed")
    site = make_site(tmp_path / "garden")
    monkeypatch.setattr(files.os, "fchown", lambda *_: None)
    monkeypatch.setattr(files.os, "umask", lambda _: None)
    monkeypatch.setattr(postgres, "run", lambda *_, stdout: stdout.write(b"a dump"))
    monkeypatch.setattr(postgres, "version", lambda: 15)
    run = backup.run
    dry = {"pg_restore": lambda *_, **__: ""}
    monkeypatch.setattr(backup, "run", lambda *words, **kw: dry.get(words[0], run)(*words, **kw))
    monkeypatch.setattr(snapshots, "psql", lambda *_, **__: ["1"])
    monkeypatch.setattr(restic, "PATH", os.environ["PATH"])
    monkeypatch.setattr(restic, "CACHE", str(tmp_path / "cache-{}"))
    there = restic.Repository(site, "BACKUP_TO", str(tmp_path / "away"))
    site.there = there
    for module in (snapshots, nightly, checks_of_site):
        monkeypatch.setattr(module, "away", lambda site: there)
    return site


def make_site(root, key="key of the lost one"):
    site = Site("garden", root)
    for directory in ("backups", "state/configuration", "shared/media", "releases/1/project"):
        (site.root / directory).mkdir(parents=True)
    (site.root / "current").symlink_to("releases/1")
    (site.shared / "media/straße.jpg").write_text("picture")
    keys = {"secret_key": key, "nevercache_key": f"{key} 2", "db_pass": f"{key} 3"}
    (site.shared / "secrets.json").write_text(json.dumps(keys))
    return site


def names(site, remote=False):
    return [each["name"] for each in snapshots.show(site, remote)["backups"]]


def test_a_backup_has_all_that_a_site_needs(site, tmp_path):
    made = snapshots.make(site, "manual")
    assert made["added"] > 0
    assert names(site) == [made["name"]]
    snapshots.bring(site, made["name"], tmp_path / "back")
    assert (tmp_path / "back/shared/media/straße.jpg").read_text() == "picture"
    assert (tmp_path / "back/state/dump/database").read_text() == "a dump"
    assert (tmp_path / "back/shared/secrets.json").exists()
    assert not (site.state / "dump").exists()


def test_another_costs_what_has_changed(site):
    for number in range(50):
        (site.shared / f"media/{number}").write_bytes(os.urandom(20_000))
    assert snapshots.make(site, "manual")["added"] > 50 * 20_000
    (site.shared / "media/7").write_bytes(os.urandom(20_000))
    assert 20_000 < snapshots.make(site, "manual")["added"] < 60_000


def test_what_is_not_in_the_other_place_goes_there_and_comes_back_from_there(site, tmp_path):
    made = [snapshots.make(site, "nightly")["name"]]
    snapshots.send(site, made[-1])
    made.append(snapshots.make(site, "manual")["name"])
    assert snapshots.send(site, made[-1]) == {"to": site.there.address}
    shutil.rmtree(site.root / "snapshots")
    assert names(site) == []
    assert names(site, remote=True) == made
    snapshots.bring(site, made[1], tmp_path / "back")
    assert (tmp_path / "back/shared/media/straße.jpg").read_text() == "picture"


def test_the_other_place_is_opened_by_the_password_of_the_lost_server_alone(site, tmp_path):
    name = snapshots.make(site, "manual")["name"]
    snapshots.send(site, name)
    keys = backup_keys.read(site)
    shutil.rmtree(site.root)
    new = make_site(site.root)
    with pytest.raises(Refused) as refused:
        snapshots.show(new, remote=True)
    assert "the password of these backups is not the one that is kept here" in str(refused.value)
    backup_keys.place(new).unlink()
    assert backup_keys.make(new, keys) == {"made": False, "ours": True}
    assert names(new, remote=True) == [name]


def test_a_place_that_fails_hides_no_secret_in_what_it_says(site):
    backup_keys.change(site, "BACKUP_REST_USER", "me")
    backup_keys.change(site, "BACKUP_REST_PASSWORD", "to p/secret")
    place = restic.Repository(site, "BACKUP_TO", "rest:http://127.0.0.1:9/x/")
    with pytest.raises(Refused) as refused:
        place.snapshots()
    assert "secret" not in str(refused.value)
    assert "127.0.0.1:9" in str(refused.value)


def test_a_place_of_rest_is_opened_by_its_login(site, tmp_path, monkeypatch):
    backup_keys.change(site, "BACKUP_REST_USER", "me")
    backup_keys.change(site, "BACKUP_REST_PASSWORD", "a secret/with: signs")
    with rest_server(tmp_path / "rest", "me:a secret/with: signs") as address:
        place = restic.Repository(site, "BACKUP_TO", f"{address}garden/")
        monkeypatch.setattr(snapshots, "away", lambda site: place)
        made = [snapshots.make(site, "manual")["name"] for _ in range(2)]
        snapshots.send(site, made[-1])
        assert [restic.label(each, "name") for each in place.snapshots()] == made
        backup_keys.change(site, "BACKUP_REST_PASSWORD", "another secret")
        with pytest.raises(Refused, match="401") as refused:
            place.snapshots()
    assert "another" not in str(refused.value)


# restic's own words; before them, it has tried for 40 seconds.
FORBIDDEN = """Remove(<snapshot/0127>) returned error, retrying after 5s: server response: 403
unable to remove <snapshot/01275b2044> from the repository
blob not removed, server response: 403 Forbidden (403)
github.com/restic/restic/internal/backend/rest.(*Backend).Remove
\t/build/rest.go:312
runtime.goexit"""


def test_a_place_that_removes_nothing_keeps_all_and_nobody_is_told_of_it(site, monkeypatch):
    told = site.there.reason(FORBIDDEN)
    assert told == (
        "BACKUP_TO: unable to remove <snapshot/01275b2044> from the repository: blob not removed,"
        " server response: 403 Forbidden (403)"
    )

    def refuse(*words):
        raise Refused(told)

    place = restic.Repository(site, "BACKUP_TO", "rest:https://one.example/")
    monkeypatch.setattr(place, "run", refuse)
    place.forget("of tonight")
    monkeypatch.setattr(site.there, "run", refuse)
    with pytest.raises(Refused):  # on the server itself nothing is forbidden
        site.there.forget("of tonight")


def test_old_ones_go_and_the_one_that_was_just_made_stays(site, monkeypatch):
    monkeypatch.setattr(restic, "KEEP", ["--keep-last", "1", "--group-by="])
    first = snapshots.make(site, "manual")["name"]
    second = snapshots.make(site, "manual")["name"]
    restic.here(site).forget(first)  # as where the clock was set back meanwhile
    assert names(site) == [first, second]
    restic.here(site).forget(second)
    assert names(site) == [second]


# Each night


@pytest.fixture
def database(site, monkeypatch):
    """What PostgreSQL is told; .rows is what is in the database that is loaded."""
    statements = []
    monkeypatch.setattr(nightly, "psql", lambda *sql, **_: statements.extend(sql))
    monkeypatch.setattr(nightly, "require", lambda *_: None)
    monkeypatch.setattr(restore, "check", lambda *_: None)
    monkeypatch.setattr(restore, "load_database", lambda *_: None)
    monkeypatch.setattr(restore, "rows_of", lambda _: {"django_site": 2})
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


# Home, and back


def test_a_backup_is_one_file_that_restore_takes_and_that_shows_damage(site, tmp_path):
    name = snapshots.make(site, "manual")["name"]
    path = tmp_path / "file"
    with path.open("wb") as file:
        backups_at_home.write(site, name, file)
    content = path.read_bytes()
    for harmed in (content[:-20], content[:-5] + b"x" + content[-4:], b"no backup"):
        give(site, harmed)
        with pytest.raises(Refused, match="the file is damaged, or no backup"):
            backups_at_home.unpack(site, "0" * 64)
    give(site, content)
    assert backups_at_home.unpack(site, "0" * 64) == site.root / "backups/.restoring/state/dump"
    assert (site.root / "backups/.restoring/shared/media/straße.jpg").exists()


def test_a_file_of_before_there_were_snapshots_is_taken_too(site, tmp_path):
    old = tmp_path / "20200101T000000Z-manual"
    old.mkdir()
    (old / "SHA256SUMS").touch()
    subprocess.run(["tar", "-C", tmp_path, "-cf", tmp_path / "old.tar", old.name], check=True)
    give(site, (tmp_path / "old.tar").read_bytes())
    assert backups_at_home.unpack(site, "0" * 64).name == old.name


def give(site, content):
    shutil.rmtree(site.root / "backups/.restoring", ignore_errors=True)
    (site.root / "backups/.restoring").mkdir()
    (site.root / "backups/.coming").mkdir(exist_ok=True)
    (site.root / "backups/.coming" / ("0" * 64)).write_bytes(content)


# The secrets of a server that is lost


@pytest.fixture
def lost(site, tmp_path, monkeypatch):
    """A backup of a lost server, unpacked, and the site that takes its place."""
    monkeypatch.setattr(lost_server, "put", lambda path, found: path.write_text(found[0]))
    for module in (lost_server, secret_settings):  # there is no group of that name
        monkeypatch.setattr(module, "write", lambda path, text, *_, **__: path.write_text(text))
    deployed.keep(site, "1", {"ENVIRONMENT": "production"})
    (site.shared / "settings.json").write_text('{"EMAIL_HOST": "1", "ADMINS": "2"}')
    name = snapshots.make(site, "nightly")["name"]
    new = make_site(tmp_path / "new", "key of the new one")
    deployed.keep(new, "1", {"ENVIRONMENT": "production"})
    settings = new.release("1") / "project/settings.py"
    settings.write_text("SECRET_KEY = 'key of the new one'")
    file = {"path": str(settings), "content": settings.read_text(), "owner": "", "mode": 0o640}
    path = new.state / "configuration/1.json"
    path.write_text(json.dumps([file | {"reload": ""}]))
    snapshots.bring(site, name, tmp_path / "unpacked")
    return new, tmp_path / "unpacked", settings


def test_they_come_to_the_one_that_takes_its_place(lost):
    site, unpacked, settings = lost
    (site.shared / "settings.json").write_text('{"ADMINS": "of here"}')
    assert lost_server.take_over(site, unpacked) == ["SECRET_KEY", "NEVERCACHE_KEY", "EMAIL_HOST"]
    assert settings.read_text() == "SECRET_KEY = 'key of the lost one'"
    assert "lost one" in configuration.kept(site, "1")[str(settings)]["content"]
    assert site.secrets["secret_key"] == "key of the lost one"
    assert site.secrets["db_pass"] == "key of the new one 3"
    kept = secret_settings.kept(secret_settings.in_force(site))
    assert kept == {"EMAIL_HOST": "1", "ADMINS": "of here"}
    assert lost_server.take_over(site, unpacked) == []


def test_none_come_to_another_environment(lost):
    site, unpacked, settings = lost
    deployed.keep(site, "1", {"ENVIRONMENT": "staging"})
    assert lost_server.take_over(site, unpacked) == []
    assert "new one" in settings.read_text()
