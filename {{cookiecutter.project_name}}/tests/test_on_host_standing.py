"""What a host of several tells of itself: how new what it has is, and what it needs."""

import os
from pathlib import Path

import pytest

from deploy.on_host import common, connections, standing
from deploy.on_host.site import Refused, Site


@pytest.fixture
def site(tmp_path, monkeypatch):
    for folder in ("state", "shared"):
        (tmp_path / folder).mkdir()

    def take(site, things):
        (site.shared / "secrets.json").write_text(things["secrets"])
        return {"changed": list(things)}

    monkeypatch.setattr(common, "take", take)
    monkeypatch.setattr(standing, "write", lambda path, text, **_options: path.write_text(text))
    return Site("garden", tmp_path)


def test_each_change_of_what_is_common_is_a_version_more(site):
    assert standing.version(site) == 0
    (site.shared / "secrets.json").write_text("one")
    assert [standing.version(site), standing.version(site)] == [1, 1]
    (site.state / "backup-keys.json").write_text("two")
    assert standing.version(site) == 2


def test_a_host_takes_the_version_with_what_is_given_and_none_that_is_older(site):
    standing.take(site, {"secrets": "newer"}, 3)
    assert standing.version(site) == 3
    with pytest.raises(Refused, match="newer here: version 3, not 2"):
        standing.take(site, {"secrets": "older"}, 2)
    assert (site.shared / "secrets.json").read_text() == "newer"


def test_the_connections_of_a_host_are_counted_as_gunicorn_opens_them(monkeypatch):
    template = Path(connections.__file__).parents[1] / "gunicorn.conf.py.template"
    settings = {}
    text = template.read_text() % {"gunicorn_port": 8000, "project_name": "garden"}
    for cpus in (1, 4, 64):
        monkeypatch.setattr(os, "cpu_count", lambda cpus=cpus: cpus)
        exec(text, settings)
        each = settings["threads"] + 1
        assert connections.needed() == (settings["workers"] + connections.STANDBY) * each


def test_what_to_write_for_postgresql_is_told_where_hosts_need_more_than_it_allows():
    assert connections.refusal(97, 3, 97) == ""
    assert "3 hosts may open 98 connections" in connections.refusal(98, 3, 97)
    assert connections.cure(297) == (
        "max_connections = 400 in the configuration of PostgreSQL, and restart that"
    )
