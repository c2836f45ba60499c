"""What browsers are told that a page may load and run."""

import re
from importlib import import_module

import pytest
from addresses import POST
from django.conf import settings as project_settings
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin

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


def test_who_edits_in_the_page_has_the_policy_of_the_admin_and_members_do_not(client):
    users = get_user_model().objects
    for name, of_whom in (("admin", "SECURE_CSP_ADMIN"), ("member", "SECURE_CSP")):
        client.force_login(users.get(username=name))
        response = client.get("/")
        expected = getattr(project_settings, of_whom)["script-src"]
        assert policy_of(response)["script-src"] == expected
        assert INLINE.findall(response.content.decode()) == []


def test_the_admin_has_a_policy_of_its_own(client):
    policy = policy_of(client.get(reverse("admin:login")))
    assert policy["script-src"] == project_settings.SECURE_CSP_ADMIN["script-src"]
    assert policy["default-src"] == ["'none'"]
    assert "'unsafe-eval'" not in str(policy)


def test_what_needs_a_looser_policy_in_the_admin_is_known(admin_client):
    """With nothing left here, "'unsafe-inline'" can go from SECURE_CSP_ADMIN."""
    names = ("admin:index", "admin:pages_page_changelist", "admin:blog_blogpost_add")
    inline = [
        name for name in names if INLINE.search(admin_client.get(reverse(name)).content.decode())
    ]
    is_loose = "'unsafe-inline'" in project_settings.SECURE_CSP_ADMIN["script-src"]
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
