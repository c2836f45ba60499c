"""A server that asks itself, without one."""

import pytest
from alarms_garden import Garden

from deploy.on_host import checks, files
from deploy.on_host.alarms import measures, memory, ways
from deploy.on_host.alarms import round as rounds
from deploy.on_host.site import Site


@pytest.fixture
def garden(tmp_path, monkeypatch):
    for name in ("fchown", "fsync"):
        monkeypatch.setattr(files.os, name, lambda *_: None)
    site = Site("garden", tmp_path / "garden")
    for directory in ("state", "releases/1"):
        (site.root / directory).mkdir(parents=True)
    (site.root / "current").symlink_to("releases/1")
    garden = Garden(site)
    garden.configure()
    table = [garden.check(name) for name in ("roof", "walls", "door")]
    monkeypatch.setattr(checks, "TABLE", [*table, garden.check("cellar", 60)])
    monkeypatch.setattr(memory, "volatile", lambda site: tmp_path / "run")
    monkeypatch.setattr(measures, "take", lambda *_: None)
    monkeypatch.setattr(rounds.Round, "ask_sites", lambda self: None)
    monkeypatch.setattr(ways, "mail", garden.mail)
    monkeypatch.setattr(ways, "post", lambda *words: garden.posts.append(words))
    monkeypatch.setattr(ways, "ping", garden.pings.append)
    return garden
