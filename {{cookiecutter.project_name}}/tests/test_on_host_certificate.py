"""The certificate that the server signs itself, and those that it leaves alone."""

import pytest

from deploy.on_host import certificate, deployed
from deploy.on_host.site import Site


@pytest.fixture
def site(tmp_path):
    """A site with one release, which is live."""
    site = Site("garden", tmp_path / "garden")
    for directory in ("state", "releases/1"):
        (site.root / directory).mkdir(parents=True)
    (site.root / "current").symlink_to("releases/1")
    return site


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("one.example", True),
        ("a.two.example", True),
        ("a.b.two.example", False),
        ("two.example", False),
        ("xone.example", False),
    ],
)
def test_a_wildcard_covers_one_label(name, covered):
    assert certificate.is_covered(name, {"one.example", "*.two.example"}) is covered


@pytest.fixture
def ssl(monkeypatch, tmp_path):
    """The directory of certificates; those of the site are ours."""
    monkeypatch.setattr(certificate, "SSL", tmp_path)
    monkeypatch.setattr(certificate, "require", lambda *thing: None)
    monkeypatch.setattr(certificate, "has", lambda *thing: True)
    monkeypatch.setattr(certificate, "write", lambda path, text, *_: path.write_text(text))
    return tmp_path


def sign_own(ssl, name, days="3650"):
    """Put a certificate there that somebody has signed themselves, in the way of the server."""
    key, path = ssl / "garden.key", ssl / "garden.crt"
    key.unlink(missing_ok=True)
    certificate.make_key(key)
    words = ["req", "-x509", "-key", key, "-days", days, "-subj", f"/CN={name}", "-out", path]
    certificate.openssl(*words, "-addext", f"subjectAltName=DNS:{name}")
    return path.read_text()


def expire(ssl):
    """Let the certificate that is there end in a day; its key and names stay."""
    path = ssl / "garden.crt"
    names = ",".join(f"DNS:{name}" for name in certificate.names_of(path))
    words = ["req", "-x509", "-key", ssl / "garden.key", "-days", "1", "-subj", "/CN=garden"]
    certificate.openssl(*words, "-addext", f"subjectAltName={names}", "-out", path)


def test_a_certificate_of_the_server_that_ends_is_signed_again_with_the_same_key(site, ssl):
    assert certificate.create(site, "garden.example") == {"told": ""}
    assert certificate.names_of(ssl / "garden.crt") == {"garden.example"}
    expire(ssl)
    key = (ssl / "garden.key").read_text()
    certificate.create(site, "garden.example")
    assert certificate.names_of(ssl / "garden.crt") == {"garden.example"}
    assert certificate.problem_of(ssl / "garden.crt") == ""
    assert (ssl / "garden.key").read_text() == key
    assert (ssl / "garden.key").stat().st_mode & 0o777 == 0o600
    assert (ssl / "garden.pem").read_text() == key + (ssl / "garden.crt").read_text()


def test_while_a_site_is_renamed_the_certificate_is_for_both_names(site, ssl, monkeypatch):
    certificate.create(site, "garden.example")
    monkeypatch.setattr(deployed, "kept", lambda *_: {"LIVE_HOSTNAME": "garden.example"})
    certificate.cover(site, "park.example")
    assert certificate.names_of(ssl / "garden.crt") == {"garden.example", "park.example"}
    assert (ssl / "garden.pem").read_text().endswith((ssl / "garden.crt").read_text())


@pytest.mark.parametrize("name", ["garden", "garden.example"])
def test_what_somebody_signed_is_never_replaced_whatever_it_is_called(site, ssl, name):
    certificate.create(site, "garden.example")
    own = sign_own(ssl, name)
    certificate.cover(site, "two.example")
    certificate.create(site, "garden.example")
    assert (ssl / "garden.crt").read_text() == own
    own = sign_own(ssl, name, days="1")
    told = certificate.create(site, "garden.example")["told"]
    assert "put the renewed one into deploy/" in told
    assert (ssl / "garden.crt").read_text() == own


def test_one_of_an_earlier_time_is_the_server_s_unless_it_came_from_deploy(site, ssl):
    pem = sign_own(ssl, "garden.example")
    assert certificate.is_of_server(site, ssl / "garden.crt")
    (ssl / "garden.crt").write_text(f"subject=CN = garden.example\n\n{pem}")
    assert not certificate.is_of_server(site, ssl / "garden.crt")
    sign_own(ssl, "garden")
    certificate.create(site, "garden.example")
    assert certificate.key_record(site).exists()


def test_what_cannot_be_read_is_kept_aside(site, ssl):
    (ssl / "garden.crt").write_text("no certificate")
    (ssl / "garden.key").write_text("no key")
    certificate.create(site, "garden.example")
    assert certificate.problem_of(ssl / "garden.crt") == ""
    assert (ssl / "garden.crt.before").read_text() == "no certificate"
    assert (ssl / "garden.key.before").read_text() == "no key"


def test_a_key_that_is_lost_is_made_again(site, ssl):
    certificate.create(site, "garden.example")
    (ssl / "garden.key").unlink()
    certificate.create(site, "garden.example")
    assert certificate.problem_of(ssl / "garden.crt") == ""
    assert certificate.is_of_server(site, ssl / "garden.crt")


def test_a_stale_name_of_who_deploys_is_not_signed_for(site, ssl, monkeypatch):
    monkeypatch.setattr(deployed, "kept", lambda *_: {"LIVE_HOSTNAME": "garden.example"})
    certificate.create(site, "www.stale.example")
    assert certificate.names_of(ssl / "garden.crt") == {"garden.example"}


def test_another_host_name_is_signed_for(site, ssl):
    certificate.create(site, "garden.example")
    certificate.create(site, "www.garden.example")
    assert certificate.names_of(ssl / "garden.crt") == {"www.garden.example"}
