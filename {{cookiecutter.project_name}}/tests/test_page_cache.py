"""Pages that are kept: the same for everybody, and nobody's page for another."""

import gzip
import re
from datetime import timedelta

import pytest
from addresses import BLOG, POST
from django.conf import settings as project_settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.middleware.csrf import get_token
from django.urls import get_resolver
from django.utils import timezone
from mezzanine.blog.models import BlogPost
from page_cache_views import ONE_VISITORS, answer, is_marked
from test_pages import patterns

from page_cache.rules import is_public, observe, visitors_cookies

pytestmark = pytest.mark.usefixtures("keep_pages")

SESSION = project_settings.SESSION_COOKIE_NAME


@pytest.mark.parametrize("view", ONE_VISITORS)
def test_a_private_page_is_never_kept(ask, view):
    address = f"/{view.replace(' ', '-')}/"
    assert not is_marked(ask(address))
    assert [key for key in cache._cache if "page_cache.1." in key] == []


def test_who_opens_the_session_or_takes_a_token_gets_a_page_of_their_own(rf):
    def request_with(**attributes):
        request = rf.get("/")
        observe(request)
        vars(request).update(is_public=True, session=SessionStore(), **attributes)
        return request

    request = request_with()
    assert is_public(request, answer())
    request.session.get("seen")
    assert not is_public(request, answer())
    request = request_with()
    get_token(request)
    assert not is_public(request, answer())


@pytest.mark.usefixtures("mezzanines_base")
def test_a_page_that_is_one_visitors_before_its_view_is_reached_has_their_token(ask, settings):
    assert "csrfmiddlewaretoken" not in ask("/contact/").content.decode()
    cache.clear()
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "page_cache_views.reading_a_cookie"]
    response = ask("/contact/")
    assert not is_marked(response)
    assert "csrfmiddlewaretoken" in response.content.decode()


def test_a_public_page_is_made_once(ask):
    first, second = ask("/public/"), ask("/public/")
    assert is_marked(first)
    assert is_marked(second)
    assert first.content == second.content


@pytest.mark.parametrize(
    "request_of",
    [
        dict(user="member"),
        dict(user="admin"),
        dict(cookies=f"{SESSION}=unknown"),
        dict(cookies=f"a=1;{SESSION} = x ;b=2"),
        dict(cookies="messages=x"),
        dict(cookies=f"{project_settings.LANGUAGE_COOKIE_NAME}=de"),
        dict(cookies="mezzanine-rating=blog.blogpost.1"),
        dict(cookies="just-sent=1"),
        dict(method="post"),
        dict(method="options"),
        dict(SITE_SOURCE="session"),
        dict(SITE_SOURCE="default"),
        dict(SITE_SOURCE="environment"),
        dict(CONTENT_LENGTH="3"),
        dict(HTTP_TRANSFER_ENCODING="chunked"),
    ],
    ids=str,
)
def test_who_is_known_is_neither_shown_a_kept_page_nor_is_theirs_kept(ask, request_of):
    public = ask("/public/").content
    response = ask("/public/", **request_of)
    assert response.content != public
    assert not is_marked(response)
    assert ask("/public/").content == public


def test_cookies_that_nobody_reads_are_no_reason_to_make_a_page_anew(ask):
    cookies = f"_ga=1; {project_settings.CSRF_COOKIE_NAME}={32 * 'x'}"
    assert ask("/public/", cookies=cookies).content == ask("/public/").content


@pytest.mark.parametrize(
    "headers",
    [
        dict(HTTP_X_FORWARDED_HOST="evil.example"),
        dict(HTTP_X_HOST="evil.example"),
        dict(HTTP_X_ORIGINAL_URL="/admin/"),
        dict(HTTP_X_REWRITE_URL="/admin/"),
        dict(HTTP_X_HTTP_METHOD_OVERRIDE="POST"),
        dict(HTTP_X_FORWARDED_PORT="1337"),
        dict(HTTP_FORWARDED="host=evil.example"),
        dict(HTTP_REFERER="http://evil.example/"),
        dict(HTTP_USER_AGENT="evil"),
        dict(HTTP_RANGE="bytes=0-3"),
        dict(HTTP_IF_NONE_MATCH="*"),
        dict(HTTP_ACCEPT_LANGUAGE="de"),
        dict(HTTP_ACCEPT="text/markdown"),
        dict(HTTP_AUTHORIZATION="Basic ZXZpbDpldmls"),
    ],
    ids=str,
)
@pytest.mark.parametrize("address", [BLOG, "/about/", POST, "/contact/", "/link/"])
@pytest.mark.usefixtures("mezzanines_base")
def test_no_header_gets_into_a_page_that_is_kept(ask, address, headers):
    long_ago = timezone.now() - timedelta(days=1000)  # or the minutes since then may change
    BlogPost.objects.update(publish_date=long_ago)
    poisoned = ask(address, **headers)
    assert is_marked(poisoned)
    cache.clear()
    clean = ask(address)
    for word in ("evil", "1337"):
        assert word not in poisoned.content.decode()
    changing = r'(value="\d{10}"|value="[0-9a-f]{40}")'  # the time in the form for comments
    assert re.sub(changing, "", poisoned.content.decode()) == re.sub(
        changing, "", clean.content.decode()
    )


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1337", "127.0.0.1"])
def test_a_forged_host_is_on_no_page_of_others(ask, host):
    ask("/link/", HTTP_HOST=host)
    assert ask("/link/").content == b"http://127.0.0.1:8000/"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/query/?a=1", "/query/?a=2"),
        ("/query/?a=1", "/query/?a=1&"),
        ("/query/?a=1", "/query/?a%3D1"),
        ("/query/?a=1", "/query/?A=1"),
        ("/query/", "/query/?"),
        ("/public/", "//public/"),
        ("/public/", "/public/%3Fa"),
        ("/public/", "/./public/"),
        ("/public/?x", "/public%3Fx"),
    ],
)
def test_another_address_is_another_page(ask, one, other):
    expected = ask(other).content
    cache.clear()
    ask(one)
    got = ask(other).content
    assert got == expected or got != ask(one).content


def test_http_and_https_have_pages_of_their_own(ask, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert ask("/link/").content == b"http://127.0.0.1:8000/"
    assert ask("/link/", HTTP_X_FORWARDED_PROTO="https").content == b"https://127.0.0.1:8000/"
    assert is_marked(ask("/link/", HTTP_X_FORWARDED_PROTO="https"))


def test_another_release_has_pages_of_its_own(ask, settings, tmp_path):
    before = ask("/public/").content
    settings.BASE_DIR = tmp_path / "another" / "project"
    assert ask("/public/").content != before


def test_what_a_head_is_answered_is_no_page(ask):
    assert not ask("/body/", method="head").content
    page = ask("/body/")
    assert page.content == b"A body"
    assert ask("/body/", method="head")["Content-Length"] == page["Content-Length"]


def test_a_page_is_kept_compressed_and_shown_as_asked_for(ask):
    packed = ask("/link/", HTTP_ACCEPT_ENCODING="gzip")
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == ask("/link/").content
    assert not ask("/link/").has_header("Content-Encoding")


def test_a_page_of_a_member_is_not_compressed(ask):
    assert not ask("/link/", "member", HTTP_ACCEPT_ENCODING="gzip").has_header("Content-Encoding")


@pytest.mark.parametrize("user", ["member", "admin"])
def test_browsers_keep_no_page_of_who_is_logged_in(ask, user):
    assert "no-store" in ask("/about/", user)["Cache-Control"]
    assert ask("/is-private/", user)["Cache-Control"] == "private"  # as the view has it
    assert "no-store" not in ask("/public/")["Cache-Control"]


def test_the_last_good_page_is_not_shown_for_ever(ask, monkeypatch):
    assert ask("/is-broken/").status_code == 500  # for which NGINX shows it
    monkeypatch.setattr("page_cache.middleware.LAST_GOOD_SECONDS", -1)
    assert ask("/is-broken/").status_code == 503


def test_no_page_is_kept_while_developing(ask, settings):
    settings.PAGE_CACHE_SECONDS = 0
    assert ask("/public/").content != ask("/public/").content


def test_nothing_of_a_visitor_gets_into_the_page_of_another(ask):
    """Visitors, with names, cookies and headers of their own, ask for every address of the site."""
    users = get_user_model().objects
    users.create_user("editor", is_staff=True)
    users.update(email="a-marker@example.com")
    users.exclude(username="admin").update(first_name="a-marker")  # the author of the blog
    cookies = "; ".join(f"{name}=a-marker" for name in ("theme", "mezzanine-comment-name"))
    headers = {"HTTP_REFERER": "http://a-marker/", "HTTP_USER_AGENT": "a-marker"}
    addresses = {*patterns(get_resolver("page_cache_views"), "1"), "/about/", POST}
    kept = set()
    for address in sorted(addresses | {"/contact/", "/gallery/", "/search/?q=about"}):
        marked = ask(address, cookies=cookies, **headers)
        if is_marked(marked) or is_marked(ask(address)):
            kept.add(address)
            for user in ("member", "editor", "admin"):
                assert not is_marked(ask(address, user, cookies=cookies, **headers))
            for page in (marked, ask(address)):
                assert "a-marker" not in page.content.decode(), address
    assert {"/public/", "/link/"} <= kept
    of_users = {
        address
        for address in kept
        if address.startswith(("/admin/", "/accounts/")) and ask(address).status_code != 404
    }
    assert of_users == {"/admin/displayable_links.js"}  # Mezzanine lets everybody see these links


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/signup/", "/admin/login/"])
def test_where_one_logs_in_is_always_fresh_and_holds_a_token(ask, address):
    response = ask(address)
    assert not is_marked(response)
    assert "no-cache" in response["Cache-Control"]
    assert "csrfmiddlewaretoken" in response.content.decode()


def test_nginx_asks_django_for_whoever_has_a_cookie_that_matters():
    template = (project_settings.BASE_DIR / "deploy/nginx.conf.template").read_text("utf-8")
    (names,) = re.findall(r"\(\?:\(\?:__Host-\)\?([\w|-]+)\)\\s\*=", template)
    assert set(names.split("|")) == visitors_cookies()


@pytest.mark.usefixtures("mezzanines_base")
def test_a_page_asks_the_database_at_most_five_times(ask, django_assert_max_num_queries):
    ask("/about/")
    cache.clear()
    with django_assert_max_num_queries(5):  # one of them for tweets
        ask("/about/")


@pytest.mark.usefixtures("mezzanines_base")
@pytest.mark.parametrize("address", ["/about/", BLOG, POST, "/contact/", "/gallery/"])
def test_the_pages_of_mezzanine_are_public(ask, address):
    assert is_marked(ask(address))
