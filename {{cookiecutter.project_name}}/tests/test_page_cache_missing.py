"""What is kept besides pages: 404s, redirects, site maps, feeds and robots.txt."""

import re

import pytest
from addresses import BLOG
from django.contrib.redirects.models import Redirect
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from growing import cost
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.pages.page_processors import processors
from page_cache_views import is_marked
from test_page_cache_edits import committed, renderings  # noqa: F401

pytestmark = pytest.mark.usefixtures("mezzanines_base", "keep_pages")


def kept_entries():
    return [key for key in cache._cache if "page_cache.1." in key]


def test_a_thousand_missing_addresses_make_one_page(ask, renderings, settings):  # noqa: F811
    settings.PAGE_CACHE_SECONDS = 3600  # a slow machine needs more than a minute for them
    first = ask("/wp-login.php/")
    assert (first.status_code, is_marked(first)) == (404, True)
    renderings.clear()
    entries = len(kept_entries())
    for number in range(1000):
        answer = ask(f"/wp-login-{number}.php/")
        assert (answer.status_code, is_marked(answer)) == (404, True)
    assert renderings == []
    assert len(kept_entries()) == entries


@pytest.mark.parametrize("path", ["/no/such/", "/about/no/such/", "/\u00e4/", "/a'b\"<i>&amp;/"])
def test_a_missing_address_is_answered_after_one_narrow_query(ask, monkeypatch, path):
    for _ in range(2):
        ask("/another/")
    with cost(monkeypatch) as found:
        assert ask(path).status_code == 404
    assert len(found.statements) == 1
    assert not any("content" in sql.replace("content_model", "") for sql in found.statements)


@pytest.mark.parametrize("path", ["/no/such/", "/about/"])
def test_all_that_is_kept_for_an_address_is_found_by_one_question(ask, monkeypatch, path):
    for _ in range(2):
        ask("/another/"), ask(path)
    questions, get = [], LocMemCache.get

    def get_many(cache, keys, version=None):
        questions.append(keys)
        found = {key: get(cache, key, version=version) for key in keys}
        return {key: value for key, value in found.items() if value is not None}

    monkeypatch.setattr(LocMemCache, "get_many", get_many)
    monkeypatch.setattr(LocMemCache, "get", lambda cache, key, *args, **kw: questions.append(key))
    ask(path)
    assert len(questions) == 1


@pytest.mark.parametrize("path", ["/no/such/", "/\u00e4/", "/a'b\"<i>&amp;/", "/x/?q=a&b", "/x/?y"])
def test_the_page_is_what_it_would_be_without_a_cache(ask, settings, path):
    for _ in range(2):
        ask("/another/")
    kept = ask(path)
    settings.PAGE_CACHE_SECONDS = 0
    token = re.compile('<input type="hidden" name="csrfmiddlewaretoken"[^>]*>')  # for languages
    one, other = ("".join(token.sub("", page.text).split()) for page in (kept, ask(path)))
    assert one == other


@pytest.mark.parametrize("path", ["/about/no/such/", f"{BLOG}no/"])
def test_the_page_is_the_same_below_another(ask, path):
    assert ask(path).content == ask("/no/").content.replace(b"/no/", path.encode())


def test_a_page_that_is_made_meanwhile_is_found(ask, committed):  # noqa: F811
    for _ in range(2):
        assert ask("/new/").status_code == 404
    with committed():
        RichTextPage.objects.create(title="New", slug="new", content="x")
    assert ask("/new/").status_code == 200
    with committed():
        Page.objects.filter(slug="new").delete()
    assert ask("/new/").status_code == 404


def test_what_changes_on_all_pages_changes_on_that(ask, committed):  # noqa: F811
    ask("/no/such/")
    with committed():
        Page.objects.filter(slug="about").update(title="New words")
    assert b"New words" in ask("/no/such/").content


def test_a_page_above_that_asks_for_a_log_in_does_so(ask):
    Page.objects.filter(slug="about").update(login_required=True)
    cache.clear()
    for _ in range(2):
        ask("/another/")
    assert ask("/about/no/").status_code == 302


def test_a_processor_of_a_page_answers_for_what_is_below(ask, monkeypatch):
    answered = []
    monkeypatch.setitem(processors, "slug:about", [(lambda *_: answered.append(1), False)])
    for _ in range(2):
        ask("/another/")
    ask("/about/no/")
    assert answered


def test_each_language_has_its_own(ask, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    texts = {}
    for code in ("en", "de", "en", "de"):
        with translation.override(code):
            texts.setdefault(code, set()).add(ask("/no/").content)
    assert len(texts["en"]) == len(texts["de"]) == 1


def test_each_site_has_its_own(ask, add_site):
    add_site("two.example", copy_from="1")
    for _ in range(2):
        assert b"two.example" not in ask("/no/").content
        assert ask("/no/", HTTP_HOST="two.example").status_code == 404


@pytest.mark.parametrize("user", ["member", "admin"])
def test_who_is_logged_in_has_a_page_of_their_own(ask, user):
    ask("/no/")
    answer = ask("/no/", user)
    assert answer.status_code == 404
    assert not is_marked(answer)
    assert "/accounts/login/" not in answer.content.decode()


@pytest.mark.parametrize(
    ("old", "asked", "new"),
    [
        ("/old.html", "/old.html/?x=1", "/about/?x=1"),
        ("/old/\u00e4/", "/old/\u00e4/", "/about/"),
        ("/old/?a=1&b=2", "/old/?a=1&b=2", "/about/"),
    ],
)
def test_a_redirect_is_found_by_the_query_for_the_page(ask, monkeypatch, old, asked, new):
    Redirect.objects.create(site_id=1, old_path=old, new_path="/about/")
    Redirect.objects.create(site_id=1, old_path="/gone/", new_path="")
    for _ in range(2):
        ask("/another/")
    with cost(monkeypatch) as found:
        answer = ask(asked)
        assert (answer.status_code, answer.get("Location")) == (301, new)
        assert ask("/gone/").status_code == 410
    assert len([sql for sql in found.statements if "redirect" in sql]) == 2


def test_a_redirect_is_kept_until_it_is_another(ask, committed):  # noqa: F811
    Redirect.objects.create(site_id=1, old_path="/old/", new_path="/about/")
    for _ in range(2):
        answer = ask("/old/")
        assert (answer.status_code, answer["Location"], is_marked(answer)) == (301, "/about/", True)
    with CaptureQueriesContext(connection) as queries:
        ask("/old/")
    assert [q for q in queries if "redirect" in q["sql"]] == []
    with committed():
        Redirect.objects.update(new_path="/contact/")
    assert ask("/old/")["Location"] == "/contact/"


@pytest.mark.parametrize(
    "address", ["/sitemap.xml", "/robots.txt", f"{BLOG}feeds/rss/", f"{BLOG}feeds/atom/"]
)
def test_what_robots_read_is_kept(ask, address):
    first = ask(address)
    assert is_marked(first)
    ask(address)
    with CaptureQueriesContext(connection) as queries:
        again = ask(address)
    assert [q["sql"] for q in queries if "multisite_" not in q["sql"]] == []
    assert (again.content, again["Content-Type"]) == (first.content, first["Content-Type"])


def test_the_site_map_has_a_page_that_is_new(ask, committed):  # noqa: F811
    ask("/sitemap.xml")
    with committed():
        RichTextPage.objects.create(title="New", slug="new", content="x")
    assert b"/new/" in ask("/sitemap.xml").content
