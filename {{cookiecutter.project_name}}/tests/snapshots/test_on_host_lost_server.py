"""The secrets of a server that is lost come to the one that takes its place."""

import json

import pytest
from site_with_backups import make_site

from deploy.on_host import (
    configuration,
    deployed,
    lost_server,
    secret_settings,
    snapshots,
)


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
