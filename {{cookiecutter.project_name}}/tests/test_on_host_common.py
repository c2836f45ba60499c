"""What the hosts of a site have in common, as one takes it from another, without a server."""

import json
import stat
from base64 import b64encode

import pytest

from deploy.on_host import certificate, common, configuration, lost_server
from deploy.on_host.acme.place import Place
from deploy.on_host.site import Site

KEYS = {"secret_key": "old-key", "nevercache_key": "same", "db_pass": "x"}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A host that has joined: it has secrets of its own, and a release that was built with them."""
    site = Site("garden", tmp_path / "garden")
    for folder in (site.shared, site.state / "configuration", Place(site).private):
        folder.mkdir(parents=True)
    (site.shared / "secrets.json").write_text(json.dumps(KEYS))
    monkeypatch.setattr(certificate, "SSL", tmp_path / "ssl")
    monkeypatch.setattr(certificate, "combine", lambda site: None)

    def write(path, text, owner="root:root", mode=0o644, beneath=None):
        path.write_text(text)
        path.chmod(mode)

    for module, name in (
        *[(common, "write_file"), (lost_server, "write")],
        *[(configuration, "write")],
    ):
        monkeypatch.setattr(module, name, write)
    return site


def take(site, **things):
    packed = {name: b64encode(text.encode()).decode() for name, text in things.items()}
    return common.take(site, packed)["changed"]


def test_nginx_may_read_the_certificate_that_came_from_another_host(site):
    assert take(site, certificate="of the first host") == ["certificate"]
    assert stat.S_IMODE(certificate.SSL.stat().st_mode) == 0o755


def test_secrets_that_are_replaced_stay_for_root_alone(site):
    secrets = site.shared / "secrets.json"
    before = secrets.read_text()
    assert take(site, secrets=json.dumps(KEYS | {"db_pass": "y"}), settings="{}") == [
        *["secrets", "settings"]
    ]
    kept = secrets.with_name("secrets.json.before")
    assert kept.read_text() == before
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not (site.shared / "settings.json.before").exists()  # there were none


def test_the_releases_of_a_host_get_the_secret_key_that_came_from_another_one(site, tmp_path):
    settings, kept = tmp_path / "local_settings.py", site.state / "configuration/one.json"
    settings.write_text("SECRET_KEY = 'old-key'")
    file = {"path": str(settings), "content": settings.read_text(), "owner": "x:x", "mode": 0o640}
    kept.write_text(json.dumps([file]))
    take(site, secrets=json.dumps(KEYS | {"secret_key": "new-key"}))
    assert settings.read_text() == "SECRET_KEY = 'new-key'"
    assert "new-key" in kept.read_text()
