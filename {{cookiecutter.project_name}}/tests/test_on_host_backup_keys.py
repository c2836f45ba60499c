"""What opens the backups: made on the server, or brought to it from home."""

import json
import shutil
import stat

import pytest

from deploy.on_host import backup_keys, files, restic, secret_settings
from deploy.on_host.site import Refused, Site

HOME = {"password": "of the lost server", "ssh_key": "", "credentials": {"BACKUP_REST_USER": "me"}}


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr(files.os, "fchown", lambda *_: None)
    site = Site("garden", tmp_path / "garden")
    for directory in ("state", "shared"):
        (site.root / directory).mkdir(parents=True)
    return site


def test_they_are_made_once_and_are_for_root_alone(site):
    assert backup_keys.make(site, None) == {"made": True, "ours": False}
    password = backup_keys.read(site)["password"]
    assert len(password) >= 32
    assert backup_keys.make(site, None)["made"] is False
    assert backup_keys.read(site)["password"] == password
    assert stat.S_IMODE(backup_keys.place(site).stat().st_mode) == 0o600


def test_a_new_server_takes_those_of_home(site):
    assert backup_keys.make(site, HOME) == {"made": False, "ours": True}
    assert backup_keys.read(site) == HOME | {"ssh_key": backup_keys.read(site)["ssh_key"]}


def test_those_that_open_backups_here_already_stay(site):
    backup_keys.make(site, None)
    backup_keys.change(site, "BACKUP_S3_REGION", "eu")
    (site.root / "snapshots").mkdir()
    assert backup_keys.make(site, HOME) == {"made": False, "ours": False}
    shutil.rmtree(site.root / "snapshots")
    assert backup_keys.make(site, HOME) == {"made": False, "ours": True}
    kept = {"BACKUP_REST_USER": "me", "BACKUP_S3_REGION": "eu"}
    assert backup_keys.read(site)["credentials"] == kept


def test_credentials_come_and_go_and_only_their_names_are_told(site):
    assert backup_keys.change(site, "BACKUP_S3_KEY_ID", "AKIA") == {"changed": True}
    assert backup_keys.change(site, "BACKUP_S3_KEY_ID", "AKIA") == {"changed": False}
    assert secret_settings.show(site)["names"] == ["BACKUP_S3_KEY_ID"]
    backup_keys.change(site, "BACKUP_S3_KEY_ID", None)
    assert secret_settings.show(site)["names"] == []
    with pytest.raises(Refused, match="there is no secret BACKUP_S3_KEY_ID"):
        backup_keys.change(site, "BACKUP_S3_KEY_ID", None)


def test_they_reach_restic_by_its_environment_alone(site):
    for name in backup_keys.CREDENTIALS:
        backup_keys.change(site, name, f"{name} a/b")
    place = restic.Repository(site, "BACKUP_TO", "rest:https://one.example/x/")
    environment = place.environment
    assert environment["AWS_SECRET_ACCESS_KEY"] == "BACKUP_S3_SECRET_KEY a/b"
    login = "BACKUP_REST_USER%20a%2Fb:BACKUP_REST_PASSWORD%20a%2Fb@"
    assert environment["RESTIC_REPOSITORY"] == f"rest:https://{login}one.example/x/"
    assert environment["RESTIC_PASSWORD"] == backup_keys.read(site)["password"]
    assert place.options() == []


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="there is no ssh-keygen")
def test_the_key_for_sftp_lies_in_the_same_file_and_is_shown_where_it_is_not_let_in(
    site, monkeypatch
):
    place = restic.Repository(site, "BACKUP_TO", "sftp://me@nas.example:2222//srv/x")
    command = place.options()[1]
    assert command.endswith(" -p 2222 me@nas.example -s sftp")
    assert f"-i {site.state}/backup-ssh-key" in command
    kept = json.loads(backup_keys.place(site).read_text())
    assert (site.state / "backup-ssh-key").read_text() == kept["ssh_key"]
    denied = "echo 'me@nas.example: Permission denied (publickey).' >&2; exit 255"
    monkeypatch.setattr(place, "ssh", lambda: ["sh", "-c", denied])
    told = place.reason("Fatal: unable to start the sftp session, error: EOF")
    assert told == (
        "BACKUP_TO does not let the server in; add to its authorized_keys: "
        + backup_keys.public_key(site)
    )
    assert told.count("\n") == 0
    assert "ssh-ed25519 " in told
