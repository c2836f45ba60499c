"""What NGINX is told of the other hosts, without it."""

import re
import stat

import pytest

from deploy.on_host import files, peers
from deploy.on_host.certificate import openssl
from deploy.on_host.site import Refused, Site


@pytest.fixture
def site(tmp_path):
    site = Site("garden", tmp_path)
    for path in (site.state, site.shared):
        path.mkdir()
    return site


@pytest.fixture
def reads(monkeypatch):
    """What NGINX was let read; a Refused in .append would be what it says."""
    found = []
    monkeypatch.setattr(peers, "let_read", lambda what: found.append(what))
    for name in ("fchown", "fsync"):
        monkeypatch.setattr(files.os, name, lambda *_: None)
    return found


def told(site):
    """Return the addresses of the others, as NGINX is told, or None where it is told of none."""
    path = peers.directory(site) / "others.conf"
    return re.findall(r"server (\S+):443 ", path.read_text()) if path.exists() else None


def test_the_hosts_know_each_other_by_what_is_made_once_and_for_root_alone(site, reads):
    made = peers.make(site)["pem"]
    assert peers.make(site)["pem"] == made
    assert stat.S_IMODE(peers.pair(site).stat().st_mode) == 0o600
    assert [*site.state.iterdir()] == []  # no key beside it
    name = openssl("x509", "-in", peers.pair(site), "-noout", "-checkhost", "garden.peers.invalid")
    assert "does match" in name
    key = openssl("pkey", "-in", peers.pair(site), "-pubout")
    assert key == openssl("x509", "-in", peers.pair(site), "-noout", "-pubkey")


def test_a_host_is_told_of_the_others_and_of_none_where_it_is_alone(site, reads):
    peers.put(site, [])
    assert (told(site), reads) == (None, [])
    peers.make(site)
    peers.put(site, ["192.0.2.7", "2001:db8::7"])
    assert told(site) == ["192.0.2.7", "[2001:db8::7]"]
    peers.put(site, [])
    assert told(site) is None
    assert [*peers.directory(site).iterdir()] == []


def test_nginx_reads_again_only_what_has_changed(site, reads):
    peers.make(site)
    for _ in range(3):
        peers.put(site, ["192.0.2.7"])
    assert len(reads) == 1
    peers.pair(site).unlink()
    peers.make(site)
    peers.put(site, ["192.0.2.7"])
    assert len(reads) == 2


def test_what_nginx_does_not_take_is_told_and_all_is_as_before(site, reads, monkeypatch):
    peers.make(site)
    peers.put(site, ["192.0.2.7"])
    before = {path: path.read_text() for path in peers.directory(site).iterdir()}

    def refuse(what):
        raise Refused(f"NGINX refuses {what}: [emerg] no memory")

    monkeypatch.setattr(peers, "let_read", refuse)
    for others in (["192.0.2.7", "192.0.2.8"], []):
        with pytest.raises(Refused, match="NGINX refuses the other hosts: .emerg. no memory"):
            peers.put(site, others)
        assert {path: path.read_text() for path in peers.directory(site).iterdir()} == before


def test_a_host_without_an_address_or_a_certificate_is_refused(site, reads):
    with pytest.raises(Refused, match=r"peer\.pem is not there"):
        peers.put(site, ["192.0.2.7"])
    peers.make(site)
    with pytest.raises(Refused, match=r"nowhere\.invalid has no address"):
        peers.put(site, ["nowhere.invalid"])
    assert (told(site), reads) == (None, [])
