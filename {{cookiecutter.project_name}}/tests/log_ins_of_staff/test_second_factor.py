"""Staff log in with a code of an app as well, where SECOND_FACTOR is on."""

import re
from base64 import b32decode
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admindocs.views import extract_views_from_urlpatterns, simplify_regex
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import translation
from django_otp.plugins.otp_totp.models import TOTPDevice
from second_factors import (
    ADMIN,
    HOST,
    PAGE,
    USERS,
    code_of,
    employ,
    is_in,
    key_on,
    log_in,
    send,
    set_up,
)
from segno import make_qr

from second_factor import views
from second_factor.devices import RECOVERY_CODES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
OPEN = {PAGE, reverse("admin:logout"), reverse("logout"), reverse("look"), reverse("manifest")}


# Without it


def test_where_it_is_off_a_password_is_enough_and_there_is_no_such_page():
    employ()
    client = log_in()
    assert is_in(client)
    assert client.get(PAGE).status_code == 404
    page = client.get(USERS).content.decode()
    assert "second" not in page.lower()
    assert "totp" not in client.get(ADMIN).content.decode()


def test_members_and_visitors_are_asked_for_no_code(asked, browse):
    for name in (None, "member"):
        client = browse(name)
        assert client.get("/").status_code == 200
        assert client.get(PAGE)["Location"].startswith(reverse("admin:login"))


# Setting it up


@pytest.mark.parametrize("where", ["admin:login", "login"])
def test_who_logs_in_without_an_app_sets_one_up_first(asked, where):
    client = log_in(where=where)
    assert not is_in(client)
    page = client.get(f"{PAGE}?next=/admin/blog/")
    assert '<img src="data:image/svg+xml' in page.content.decode()
    assert page["Cache-Control"].startswith("max-age=0")
    key = key_on(page)
    assert key_on(client.get(PAGE)) == key  # also when it is loaded again
    wrong = send(client, "000000" if code_of(key) != "000000" else "000001")
    assert "This code is wrong" in wrong.content.decode()
    assert not TOTPDevice.objects.exists()
    shown = send(client, code_of(key), f"{PAGE}?next=/admin/blog/")
    assert '<a href="/admin/blog/">' in shown.content.decode()
    assert len(re.findall(r"<code>[a-z2-7]{8}</code>", shown.content.decode())) == RECOVERY_CODES
    assert is_in(client)


def test_the_app_is_told_whose_code_it_shows(asked, monkeypatch):
    told = []
    monkeypatch.setattr(views.segno, "make_qr", lambda url: told.append(url) or make_qr(url))
    key = key_on(log_in().get(PAGE))
    (url,) = map(urlsplit, told)
    query = parse_qs(url.query)
    assert (url.scheme, url.path) == ("otpauth", "/ann")
    assert b32decode(query["secret"][0]) == key
    assert query["issuer"] == [HOST.partition(":")[0]]


def test_the_recovery_codes_are_shown_once(ann):
    client = log_in()
    send(client, ann[1][0])
    for address in (PAGE, ADMIN):
        content = client.get(address).content.decode()
        assert [code for code in ann[1] if code in content] == []


def test_the_page_runs_no_script_that_is_in_it(asked):
    page = log_in().get(PAGE)
    assert "script-src 'self';" in page["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\son\w+=", page.content.decode()) == []


def test_it_is_in_german_where_the_browser_is(asked, settings):
    settings.LANGUAGE_CODE = "de"
    with translation.override("de"):
        page = log_in().get(PAGE).content.decode()
    assert "Zweiter Faktor" in page
    assert "Geben Sie den Code ein, den sie anzeigt." in page


# Being asked


def test_the_next_log_in_asks_for_a_code_which_counts_once(ann):
    key, _ = ann
    first, second = log_in(), log_in()
    assert not is_in(first)
    code = code_of(key, later=1)
    assert send(first, f"{code[:3]} {code[3:]}")["Location"] == ADMIN
    assert is_in(first)
    assert "This code is wrong" in send(second, code).content.decode()
    assert not is_in(second)


def test_a_recovery_code_lets_in_once(ann):
    code = ann[1][3]
    first, second = log_in(), log_in()
    assert send(first, code.upper()).status_code == 302
    assert "9 recovery codes are left" in first.get(ADMIN).content.decode()
    assert send(second, code).status_code == 200
    assert is_in(first)
    assert not is_in(second)


def test_the_code_of_another_does_not_count(ann):
    employ("bob")
    key, codes = set_up(log_in("bob"))
    client = log_in()
    assert send(client, code_of(key, later=1)).status_code == 200
    assert send(client, codes[0]).status_code == 200
    assert not is_in(client)


def test_a_session_is_another_one_once_the_code_is_given(ann, settings):
    client = log_in()
    old = Client(HTTP_HOST=HOST)
    old.cookies[settings.SESSION_COOKIE_NAME] = client.session.session_key
    assert not is_in(old)
    send(client, ann[1][0])
    assert old.get(ADMIN)["Location"].startswith(reverse("admin:login"))


def test_a_code_leads_to_no_other_site(ann):
    client = log_in()
    assert send(client, ann[1][0], f"{PAGE}?next=https://evil.example/")["Location"] == ADMIN


# With a password alone


def addresses():
    for _, route, _, _ in extract_views_from_urlpatterns(get_resolver().url_patterns):
        yield "/" + re.sub(r"<(?:\w+:)?\w+>", "1", simplify_regex(route)).lstrip("/")


@pytest.mark.parametrize("has_app", [False, True])
def test_with_a_password_alone_no_address_shows_or_does_anything(asked, has_app):
    if has_app:
        set_up(log_in())
    client, found = log_in(), {*addresses()} - OPEN
    assert {"/edit/", "/set_site/", "/admin/media-library/upload_file/", USERS, "/"} <= found
    for address in found:
        for method in ("get", "post", "put"):
            response = getattr(client, method)(address)
            if address.startswith("/.nginx/"):
                assert response.status_code == 403, address
            else:
                assert response.status_code == 302, (method, address)
                assert response["Location"].startswith(PAGE), (method, address)


def test_who_has_an_app_cannot_set_up_another_without_a_code(ann):
    client = log_in()
    page = client.get(PAGE).content.decode()
    assert "data:image" not in page
    assert "second_factor_key" not in client.session
    assert "Type the code that the app" in page


def test_superusers_who_are_no_staff_edit_in_the_page_and_are_asked_as_well(asked):
    employ("root", is_staff=False)
    assert log_in("root", "login").get("/")["Location"] == f"{PAGE}?next=/"


def test_staff_are_asked_at_a_site_that_is_not_theirs_too(asked, sites):
    employ("eve", is_superuser=False)
    client = log_in("eve", host="two.example")
    assert client.get(PAGE).status_code == 200
    set_up(client)
    assert client.get(ADMIN).status_code == 403


def test_public_pages_stay_public(asked, ask):
    assert ask("/public/").headers["X-Accel-Expires"] != "0"
