"""What browsers are told that a page may load and run."""

import re
from contextlib import suppress
from importlib import import_module

import pytest
from addresses import POST
from django.conf import settings as project_settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from mezzanine.pages.models import RichTextPage

middleware = import_module(f"{project_settings.PROJECT_APP}.content_security")

pytestmark = pytest.mark.django_db
PUBLIC = ["/", POST, "/contact/", "/gallery/", "/search/?q=x", "/no/such/", "/accounts/login/"]
INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*ld\+json)|<[^>]*\son\w+=|javascript:", re.I)


def policy_of(response):
    """Return the sources by directive."""
    parts = response["Content-Security-Policy"].split("; ")
    return {name: sources for name, *sources in (part.split() for part in parts)}


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_runs_scripts_of_its_own_files_alone_and_has_no_others(client, path):
    response = client.get(path)
    policy = policy_of(response)
    assert policy["script-src"] == ["'self'"]
    assert policy["default-src"] == policy["base-uri"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert INLINE.findall(response.content.decode()) == []


def policy_for_staff():
    return project_settings.SECURE_CSP | project_settings.SECURE_CSP_ADMIN


def test_who_edits_in_the_page_has_the_policy_of_the_admin_and_members_do_not(client):
    users = get_user_model().objects
    for name, expected in (("admin", policy_for_staff()), ("member", project_settings.SECURE_CSP)):
        client.force_login(users.get(username=name))
        response = client.get("/")
        for directive in ("script-src", "style-src"):
            assert policy_of(response)[directive] == expected[directive]
        assert INLINE.findall(response.content.decode()) == []


def test_staff_in_the_admin_have_a_policy_of_their_own(admin_client):
    policy = policy_of(admin_client.get(reverse("admin:index")))
    for directive in ("script-src", "style-src"):
        assert policy[directive] == policy_for_staff()[directive]
    assert policy["default-src"] == ["'none'"]
    assert "'unsafe-eval'" not in str(policy)


@pytest.mark.parametrize("name", ["admin:login", "password_reset"])
def test_who_logs_in_to_the_admin_has_the_policy_of_public_pages(client, name):
    response = client.get(reverse(name))
    for directive in ("script-src", "style-src"):
        assert policy_of(response)[directive] == project_settings.SECURE_CSP[directive]
    assert "<style" not in response.content.decode()
    assert INLINE.findall(response.content.decode()) == []


def pages_of_the_admin():
    """Yield the addresses of the lists and the forms, and what asks before a page is deleted."""
    for model in admin.site._registry:
        for act in ("changelist", "add"):
            with suppress(NoReverseMatch):
                yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{act}")
    page = RichTextPage.objects.first()
    yield reverse("admin:pages_richtextpage_change", args=[page.pk])
    yield reverse("admin:pages_richtextpage_delete", args=[page.pk])
    yield from (reverse("admin:index"), reverse("fb_browse"))


def test_no_page_of_the_admin_has_a_script_in_it(admin_client):
    """Where one of yours has, SECURE_CSP_ADMIN needs "'unsafe-inline'" in "script-src"."""
    inline = [
        address
        for address in pages_of_the_admin()
        if INLINE.search(admin_client.get(address).content.decode())
    ]
    is_loose = "'unsafe-inline'" in policy_for_staff()["script-src"]
    assert bool(inline) == is_loose, inline


@pytest.mark.parametrize(
    ("name", "value", "source"),
    [
        ("GOOGLE_ANALYTICS_ID", "G-1", "https://www.googletagmanager.com"),
        ("COMMENTS_DISQUS_SHORTNAME", "garden", "https://*.disqus.com"),
    ],
)
def test_what_the_owner_has_chosen_from_others_is_let_in(client, settings, name, value, source):
    before = policy_of(client.get("/"))
    setattr(settings, name, value)
    after = policy_of(client.get("/"))
    assert source not in before["script-src"]
    assert source in after["script-src"]
    assert "'unsafe-inline'" not in after["script-src"]
    assert "script-src" not in after or after["default-src"] == ["'none'"]


def answer_to(view, path="/"):
    return middleware.ContentSecurityPolicyMiddleware(view)(RequestFactory().get(path))


def test_a_source_in_the_setting_is_in_the_policy(settings):
    settings.SECURE_CSP = settings.SECURE_CSP | {"script-src": ["'self'", "https://cdn.example"]}
    response = answer_to(lambda request: HttpResponse())
    assert policy_of(response)["script-src"] == ["'self'", "https://cdn.example"]


def test_a_view_may_say_its_own_and_whether_it_may_be_framed():
    own = answer_to(lambda request: HttpResponse(headers={"Content-Security-Policy": "sandbox"}))
    assert own["Content-Security-Policy"] == "sandbox"
    framed = answer_to(xframe_options_sameorigin(lambda request: HttpResponse()))
    assert policy_of(framed)["frame-ancestors"] == ["'self'"]
    assert "frame-ancestors" not in policy_of(answer_to(lambda request: HttpResponse()))


def test_an_error_needs_no_database_for_its_policy(django_assert_num_queries):
    with django_assert_num_queries(0):
        response = answer_to(lambda request: HttpResponse(status=500))
    assert policy_of(response)["script-src"] == ["'self'"]


def test_pages_of_errors_while_debug_show_what_they_have(settings):
    settings.DEBUG = True
    assert "Content-Security-Policy" not in answer_to(lambda request: HttpResponse(status=404))
