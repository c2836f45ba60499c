"""What visitors would lose by a release of before is told, and asked about."""

import json

import pytest

from deploy.on_host import going_back
from deploy.on_host.site import Refused, Site

NEWER = {"path": "/etc/nginx/sites-available/garden", "content": "js_set $certificate file;"}
OLDER = NEWER | {"content": "ssl_certificate /etc/nginx/ssl/garden.crt;"}


@pytest.fixture
def site(tmp_path):
    """A site with one trusted name, no mail that waits, and a release that has all that is new."""
    site = Site("garden", tmp_path)
    for name in ("state/configuration", "certificates/trusted", "releases/1/project/mail"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "certificates/trusted/one.test").write_text("3600")
    keep(site, NEWER)
    return site


def keep(site, file):
    (site.state / "configuration/1.json").write_text(json.dumps([file]))


def losses(site):
    return going_back.losses(site, "1")["losses"]


def test_by_a_release_of_the_same_kind_nothing_is_lost(site):
    assert losses(site) == []


def test_a_release_that_knows_no_certificates_of_names_shuts_out_who_insists_on_them(site):
    keep(site, OLDER)
    (line,) = losses(site)
    assert "1 names that browsers trust" in line
    assert "HSTS" in line
    (site.root / "certificates/trusted/one.test").unlink()
    assert losses(site) == []


def test_a_release_that_sends_no_mail_leaves_what_waits(site, monkeypatch):
    (site.root / "releases/1/project/mail").rmdir()
    monkeypatch.setattr(going_back, "psql", lambda *_, **__: ["0"])
    assert losses(site) == []
    monkeypatch.setattr(going_back, "psql", lambda *_, **__: ["2"])
    assert losses(site) == ["1 does not send the 2 mails that wait; they stay in the database"]


def test_where_there_are_no_mails_at_all_there_are_none_to_lose(site, monkeypatch):
    def refuse(*_, **__):
        raise Refused("psql: no such table")

    (site.root / "releases/1/project/mail").rmdir()
    monkeypatch.setattr(going_back, "psql", refuse)
    assert losses(site) == []
