"""Whole backups on a server, with the real restic, and as a file at home."""

import os
import shutil
import subprocess

import pytest
from rest_server import rest_server
from site_with_backups import make_site, names

from deploy.on_host import (
    backup_keys,
    backups_at_home,
    restic,
    snapshots,
)
from deploy.on_host.site import Refused


def test_a_backup_has_all_that_a_site_needs(site, tmp_path):
    made = snapshots.make(site, "manual")
    assert made["added"] > 0
    assert names(site) == [made["name"]]
    snapshots.bring(site, made["name"], tmp_path / "back")
    assert (tmp_path / "back/shared/media/straße.jpg").read_text() == "picture"
    assert (tmp_path / "back/state/dump/database").read_text() == "a dump"
    assert (tmp_path / "back/shared/secrets.json").exists()
    assert not (site.state / "dump").exists()


def test_uploads_come_from_their_bucket_when_the_dump_is_made(site, monkeypatch):
    dumps = []
    there = site.state / "dump/database"
    bring_here = snapshots.moving_uploads, "bring_here"
    monkeypatch.setattr(*bring_here, lambda site: dumps.append(there.exists()))
    snapshots.make(site, "manual")
    assert dumps == [True]  # else a row in it might lack its file


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
