"""HTTPS of each name: what browsers are told, and what the server tells of certificates."""

import json

import pytest
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.test import Client

from multisite.certificates import Certificates
from multisite.hosts import hosts


@pytest.fixture
def trusted(db, settings, tmp_path):
    """A directory of certificates in which one.example is trusted for a day."""
    settings.CERTIFICATES = str(tmp_path)
    settings.SECURE_SSL_REDIRECT = False
    (tmp_path / "trusted").mkdir()
    (tmp_path / "trusted/one.example").write_text("86400")
    for domain in ("one.example", "two.example"):
        Site.objects.create(domain=domain, name=domain)
    hosts.expire()
    return tmp_path


def strict(host, secure=True):
    answer = Client().get("/robots.txt", secure=secure, headers={"host": host})
    assert answer.status_code in (200, 301, 400, 404)
    return answer.headers.get("Strict-Transport-Security")


def test_browsers_insist_on_https_for_the_names_that_they_trust(trusted):
    assert strict("one.example") == "max-age=86400"
    assert strict("ONE.example:443") == "max-age=86400"
    assert strict("two.example") is None
    assert strict("one.example", secure=False) is None
    (trusted / "trusted/one.example").rename(trusted / "trusted/www.one.example")
    assert strict("www.one.example") == "max-age=86400"  # which leads to one.example
    assert strict("one.example") is None


@pytest.mark.parametrize("host", ["../one.example", "..", "", "one.example/../x", "x\\one.example"])
def test_a_host_leads_to_no_other_file(trusted, host):
    (trusted / "one.example").write_text("9")
    assert strict(host) is None


@pytest.mark.parametrize(
    ("seconds", "sent"), [(300, "max-age=300; includeSubDomains"), (0, "max-age=0")]
)
def test_one_setting_holds_it(trusted, settings, seconds, sent):
    settings.SECURE_HSTS_SECONDS = seconds
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    assert strict("one.example") == sent
    assert strict("two.example") is None


def test_the_names_of_all_sites_are_told_the_newest_first(client, trusted):
    names = client.get("/healthz/names").content.decode().split()
    assert names[:4] == ["two.example", "www.two.example", "one.example", "www.one.example"]


def test_what_the_server_tells_is_seen_at_once(settings, tmp_path):
    settings.CERTIFICATES = str(tmp_path)
    certificates = Certificates()
    assert certificates.told("one.example") == ""
    tell(tmp_path, {"xn--zwlf-6qa.example": "trusted until 2027-02-01"})
    assert certificates.told("ZWÖLF.example:443") == "trusted until 2027-02-01"
    tell(tmp_path, {"one.example": "waiting: it has no address in the DNS"})
    assert certificates.told("one.example").startswith("waiting")
    (tmp_path / "status/names.json").write_text("{")
    assert certificates.told("one.example") == ""


def tell(folder, names):
    (folder / "status").mkdir(exist_ok=True)
    (folder / "status/names.json").write_text(json.dumps({"paused": "", "names": names}))


def test_staff_see_how_it_is_with_each_name(trusted, admin_client):
    tell(trusted, {"one.example": "trusted until 2027-02-01", "two.example": "waiting: nowhere"})
    page = admin_client.get("/admin/sites/site/", headers={"host": "one.example"}).content.decode()
    assert "trusted until 2027-02-01" in page
    assert "waiting: nowhere" in page


def test_checksites_names_what_a_ca_refuses(trusted, capsys):
    tell(trusted, {"one.example": "refused since 2027-01-15T08:00Z: CAA forbids it"})
    with pytest.raises(SystemExit):
        call_command("checksites")
    assert "one.example" in capsys.readouterr().err
