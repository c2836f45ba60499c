"""What runs with libraries that an upgrade has replaced, and how the site gets the new ones."""

import os
from types import SimpleNamespace

import pytest

from deploy.on_host import checks, checks_of_server, upgraded
from deploy.on_host.checks import Wrong
from deploy.on_host.site import Refused, Site

REPLACED = "7f00-7f01 r-xp 00000000 fd:00 1234    /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n"
CURRENT = "7f00-7f01 r-xp 00000000 fd:00 1234    /usr/lib/x86_64-linux-gnu/libssl.so.3\n"
OWN = "7f00-7f01 r-xp 00000000 fd:00 1234    /srv/garden/venvs/1/lib/a.so (deleted)\n"
DATA = "7f00-7f01 rw-s 00000000 fd:00 1234    /usr/share/a (deleted)\n"
WHERE = {"port": 8000, "hostname": "garden.example", "app": "garden"}


@pytest.fixture
def process(tmp_path, monkeypatch):
    """A function that lets a process of the site's user run, with a name and what it has mapped."""
    monkeypatch.setattr(upgraded, "PROC", tmp_path / "proc")
    user = SimpleNamespace(pw_uid=os.getuid())
    monkeypatch.setattr(upgraded.pwd, "getpwnam", lambda name: user)

    def make(name, maps):
        folder = tmp_path / f"proc/{len(list(tmp_path.glob('proc/*'))) + 1}"
        folder.mkdir(parents=True)
        (folder / "comm").write_text(f"{name}\n")
        (folder / "maps").write_text(maps)

    return make


@pytest.fixture
def relayed(tmp_path, monkeypatch):
    """A live site, and a list of what was relayed there; .result is what comes of it."""
    site = Site("garden", tmp_path)
    site.current.symlink_to("releases/1")
    found = SimpleNamespace(site=site, relays=[], result={"result": "done"})

    def start(site, release, port, host, app, rename):
        found.relays.append((release, port, host, app, rename))
        return found.result

    monkeypatch.setattr(upgraded.relay, "start", start)
    monkeypatch.setattr(upgraded.lease, "holder", lambda state: None)
    return found


def test_the_live_release_takes_over_from_itself(process, relayed):
    process("gunicorn", CURRENT + REPLACED)
    upgraded.renew(relayed.site, **WHERE)
    assert relayed.relays == [("1", 8000, "garden.example", "garden", False)]


@pytest.mark.parametrize("maps", [CURRENT, OWN, DATA])
def test_what_no_upgrade_has_replaced_is_left_alone(process, relayed, maps):
    process("gunicorn", maps)
    process("memcached", REPLACED)
    upgraded.renew(relayed.site, **WHERE)
    assert relayed.relays == []


def test_whoever_is_at_work_there_is_not_disturbed(process, relayed, monkeypatch):
    process("gunicorn", REPLACED)
    monkeypatch.setattr(upgraded.lease, "holder", lambda state: {"who": "alice"})
    upgraded.renew(relayed.site, **WHERE)
    assert relayed.relays == []


def test_a_relay_that_fails_is_told(process, relayed):
    process("gunicorn", REPLACED)
    relayed.result = {"result": "1 is live as before", "error": "no memory"}
    with pytest.raises(Refused, match="no memory"):
        upgraded.renew(relayed.site, **WHERE)


def test_the_table_of_checks_names_what_waits_for_a_reboot(process):
    assert "upgrades" in {each.name for each in checks.TABLE}
    assert checks_of_server.upgrades(None) is None
    process("nginx", REPLACED)
    process("bash", REPLACED)
    with pytest.raises(Wrong, match="^nginx: as before an upgrade") as wrong:
        checks_of_server.upgrades(None)
    assert wrong.value.type == "fab sudo reboot"
