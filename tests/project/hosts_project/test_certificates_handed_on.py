"""Certificates come to the other hosts by the database, and no older one replaces a newer one."""

import re
import time

import pytest
from deploy.on_host import certificate, handed_on, peers
from deploy.on_host.acme.place import Place
from deploy.on_host.site import Site
from test_hosts_agree import asked  # noqa: F401  (a fixture)

NAME = "www.garden.example"


@pytest.fixture
def hosts(tmp_path, monkeypatch, asked):  # noqa: F811
    """Two hosts of a site, whose certificates say in words from when on they are good."""

    def write(path, text, *_owned, **_options):
        path.write_text(text)

    for module in (handed_on, peers):
        monkeypatch.setattr(module, "write", write)
    monkeypatch.setattr(handed_on, "since", lambda text: float(re.findall(r"\d+", text)[0]))
    hosts = [Site("garden", tmp_path / name) for name in "ab"]
    for host in hosts:
        for folder in (Place(host).names, Place(host).trusted, host.shared, host.state):
            folder.mkdir(parents=True)
    pair = peers.make(hosts[0])["pem"]
    peers.pair(hosts[1]).write_text(pair)
    return hosts


def put(host, day, name=NAME):
    Place(host).pem(name).write_text(f"good from {day} on")


def of(host):
    """Return the certificates of a host, by name."""
    return {path.stem: path.read_text() for path in Place(host).names.iterdir()}


def test_a_certificate_comes_to_the_others_and_goes_again(hosts):
    a, b = hosts
    put(a, 1)
    handed_on.follow(a, leads=True)
    handed_on.follow(b, leads=False)
    assert of(b) == of(a)
    Place(a).pem(NAME).unlink()
    handed_on.follow(a, leads=True)
    assert of(a) == {}
    assert handed_on.table(a) == {}


def test_a_host_that_was_off_for_weeks_and_leads_gets_what_was_renewed_meanwhile(hosts):
    a, b = hosts
    put(a, 1)
    put(b, 2)
    put(b, 2, "new.garden.example")
    handed_on.follow(b, leads=True)
    handed_on.catch_up(a)  # before it leads
    handed_on.follow(a, leads=True)
    handed_on.follow(b, leads=False)
    newest = {name: "good from 2 on" for name in (NAME, "new.garden.example")}
    assert (of(a), of(b)) == (newest, newest)


def test_what_is_older_takes_the_place_of_nothing_whoever_leads(hosts):
    a, b = hosts
    put(a, 1)
    handed_on.follow(a, leads=True)
    put(b, 2)
    handed_on.follow(b, leads=False)
    assert of(b) == {NAME: "good from 2 on"}
    handed_on.follow(b, leads=True)
    handed_on.follow(a, leads=True)  # for a minute both may
    assert of(a) == {NAME: "good from 2 on"}


def test_a_date_that_somebody_has_written_into_the_table_is_not_believed(hosts, asked):  # noqa: F811
    a, b = hosts
    put(a, 1)
    handed_on.follow(a, leads=True)
    put(b, 2)
    asked("UPDATE deployed_certificates SET since = 9")
    handed_on.follow(b, leads=False)
    assert of(b) == {NAME: "good from 2 on"}


def test_the_date_is_that_of_the_certificate(tmp_path):
    key, path = tmp_path / "key", tmp_path / "crt"
    certificate.make_key(key)
    words = ["req", "-x509", "-key", key, "-subj", "/CN=x", "-out", path]
    certificate.openssl(*words)
    assert abs(handed_on.since(key.read_text() + path.read_text()) - time.time()) < 600
    assert handed_on.since("31536000") == 0
