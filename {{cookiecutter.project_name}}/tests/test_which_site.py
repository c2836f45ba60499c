"""Which site a request is for: by session, host, MEZZANINE_SITE_ID or SITE_ID."""

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from mezzanine.core.models import SitePermission
from mezzanine.utils.sites import current_site_id
from site_urls import site_at

from multisite.for_settings import environment_site_id
from multisite.middleware import SessionSiteMiddleware


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("127.0.0.1:8000", "127.0.0.1:8000"),
        ("two.example", "two.example"),
        ("two.example:80", "two.example"),
        ("two.example:8000", "two.example"),
        ("TWO.Example", "two.example"),
        ("two.example.", "two.example"),
        ("two.example.:443", "two.example"),
        ("www.three.example", "www.three.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
    ],
)
def test_a_host_shows_its_own_site(sites, host, domain):
    site_id = sites[domain]
    assert site_at(host).content.decode() == f"{site_id} {site_id} host"


@pytest.mark.parametrize(
    "host",
    [
        *["example.net", "two.example.net", "a.two.example", "xtwo.example", "two.exampl"],
        *["127.0.0.1:9", "127.0.0.1", "localhost", "[::1]", "[::1]:8000", "10.0.0.1", "com", "."],
    ],
)
def test_a_host_of_no_site_is_not_answered_with_another(sites, host):
    response = site_at(host)
    assert response.status_code in (400, 404)
    assert b"host" not in response.content


@pytest.mark.parametrize("host", ["two.example/", "two.example@evil", "a b", "", "two.example:x"])
def test_what_is_no_host_is_a_bad_request(sites, host):
    assert site_at(host).status_code == 400


def test_a_forwarded_host_is_not_believed(sites):
    response = site_at("two.example", headers={"X-Forwarded-Host": "www.three.example"})
    assert response.content.decode().startswith(f"{sites['two.example']} ")


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("zwei.example", "http://two.example/shown/?a=b"),
        ("ZWEI.example.:8000", "http://two.example:8000/shown/?a=b"),
        ("www.two.example", "http://two.example/shown/?a=b"),
        ("www.zwei.example", "http://two.example/shown/?a=b"),
        ("three.example", "http://www.three.example/shown/?a=b"),
    ],
)
def test_another_name_of_a_site_leads_to_its_domain(sites, host, target):
    response = site_at(host, "/shown/?a=b")
    assert (response.status_code, response["Location"]) == (301, target)
    posted = Client(HTTP_HOST=host).post("/shown/?a=b")
    assert (posted.status_code, posted["Location"]) == (308, target)
    assert response["Cache-Control"] == posted["Cache-Control"] == "no-cache"  # names may change


def test_where_all_is_encrypted_an_alias_leads_to_an_encrypted_address(sites, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert site_at("zwei.example")["Location"] == "https://two.example/shown/"


def test_one_site_alone_answers_for_each_host_that_is_allowed(settings, db):
    settings.ROOT_URLCONF, settings.ALLOWED_HOSTS = "site_urls", ["10.0.0.1"]
    assert site_at("10.0.0.1").content == b"1 1 default"
    assert site_at("10.0.0.2").status_code == 404


@pytest.mark.parametrize("setting", ["SITE_FALLBACK", "DEBUG"])
def test_where_it_is_allowed_another_host_shows_the_first_site(sites, settings, setting):
    setattr(settings, setting, True)
    assert site_at("localhost:9").content == b"1 1 default"


def test_the_environment_decides_before_the_default(sites, settings, monkeypatch):
    settings.SITE_FALLBACK = True
    monkeypatch.setenv("MEZZANINE_SITE_ID", str(sites["two.example"]))
    site_id = sites["two.example"]
    assert site_at("example.net").content.decode() == f"{site_id} {site_id} environment"
    assert site_at("127.0.0.1:8000").content == b"1 1 host"
    assert current_site_id() == site_id


@pytest.mark.parametrize("value", ["0", "-1", "abc", "1.0", "２", "1 2", "999"])
def test_a_bad_site_in_the_environment_never_means_the_default(sites, settings, monkeypatch, value):
    settings.SITE_FALLBACK = True
    monkeypatch.setenv("MEZZANINE_SITE_ID", value)
    assert site_at("example.net").status_code == 500


@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_environment_is_none(monkeypatch, value):
    monkeypatch.setenv("MEZZANINE_SITE_ID", value)
    assert environment_site_id() is None


def test_a_bad_site_in_the_environment_is_named(monkeypatch):
    monkeypatch.setenv("MEZZANINE_SITE_ID", "abc")
    with pytest.raises(ImproperlyConfigured, match="MEZZANINE_SITE_ID is 'abc'"):
        environment_site_id()


@pytest.fixture
def editor(db):
    """A member of staff, with a function that lets them edit those sites and no other."""
    user = get_user_model().objects.create_user("editor", password="x", is_staff=True)

    def may_edit(*site_ids):
        SitePermission.objects.get_or_create(user=user)[0].sites.set(site_ids)

    user.may_edit = may_edit
    return user


def visit(username, site_id):
    """Return what the first site shows to that user, whose session names the site of that ID."""
    client = Client(HTTP_HOST="127.0.0.1:8000")
    if username:
        client.force_login(get_user_model().objects.get(username=username))
    session = client.session
    session["site_id"] = site_id
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    shown = client.get("/shown/").content.decode().split(" ", 1)[1]
    return shown, client.session.get("site_id")


def test_the_session_decides_for_those_who_may_edit_the_site(sites, editor):
    two = sites["two.example"]
    editor.may_edit(two)
    for username in ("admin", "editor", None):
        assert visit(username, two) == (f"{two} session", two)
        assert visit(username, str(two))[0] == f"{two} session"


def test_the_session_is_not_believed_for_others(sites, editor):
    two = sites["two.example"]
    assert visit("member", two) == ("1 host", None)
    assert visit("editor", two) == ("1 host", None)
    editor.may_edit(1)
    assert visit("editor", two) == ("1 host", None)


@pytest.mark.parametrize("site_id", [999, 0, -1, "abc", "", None, [2], 10**30])
def test_a_session_that_names_no_site_is_ignored(sites, site_id):
    assert visit("admin", site_id) == ("1 host", None)


def test_nobody_looks_for_a_session_where_there_is_no_cookie(rf):
    request = rf.get("/")
    assert not hasattr(request, "session")
    assert SessionSiteMiddleware(lambda request: "answer")(request) == "answer"
