"""Parameters that no view asks for, and a full disk: no page is made twice, no answer is lost."""

import os
from types import SimpleNamespace

import pytest
from addresses import BLOG
from django.core.cache import cache
from growing import grow_posts
from page_cache_views import answer, is_marked, urlpatterns

from page_cache import keys

pytestmark = pytest.mark.usefixtures("mezzanines_base", "keep_pages")


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(keys, "known", set())


@pytest.fixture
def show(monkeypatch):
    """Return a function that puts a view at /public/; .made counts how often it was asked."""

    def show(view):
        def counted(request):
            show.made += 1
            return answer(str(view(request)))

        pattern = next(each for each in urlpatterns if str(each.pattern) == "public/")
        monkeypatch.setattr(pattern, "callback", counted)

    show.made = 0
    return show


def entries():
    return len([key for key in cache._cache if "page_cache.1." in key])


def test_a_thousand_parameters_that_nobody_asks_for_make_one_page(ask, show):
    show(lambda request: "The same")
    ask("/public/")
    before = entries()
    for number in range(1000):
        assert is_marked(ask(f"/public/?utm_source={number}&x{number}=y"))
    assert (show.made, entries()) == (1, before)


@pytest.mark.parametrize("address", ["/about/", BLOG, "/contact/", "/gallery/"])
def test_the_pages_of_the_project_are_kept_once(ask, address):
    grow_posts(30)
    ask(address)
    before = entries()
    for number in range(3):
        assert f"utm_source={number}" not in ask(f"{address}?utm_source={number}").content.decode()
    assert entries() == before


def test_the_parts_of_a_list_keep_what_it_was_asked_for(ask):
    grow_posts(30, title="Needle")
    text = ask("/search/?q=needle&utm_source=x&type=blog.BlogPost").content.decode()
    assert "q=needle" in text
    assert "utm_source" not in text


ASKS = {
    "one": lambda request: request.GET.get("a"),
    "one by its name": lambda request: request.GET["a"] if "a" in request.GET else "none",
    "a list": lambda request: request.GET.getlist("a"),
    "one, then another": lambda request: request.GET.get("b") if "a" in request.GET else "none",
    "all": lambda request: dict(request.GET),
    "all, unpacked": lambda request: {**request.GET},
    "all, added": lambda request: {"x": 1} | request.GET,
    "all, one by one": lambda request: [(name, request.GET[name]) for name in request.GET.keys()],
    "all items": lambda request: [
        *request.GET.items(),
        *request.GET.lists(),
        *request.GET.values(),
    ],
    "all as text": lambda request: request.GET.urlencode(),
    "a copy": lambda request: request.GET.copy().get("b"),
    "the address": lambda request: request.get_full_path(),
    "the query": lambda request: request.META["QUERY_STRING"],
    "whether there is any": lambda request: bool(request.GET),
    "how many": lambda request: len(request.GET),
    "the names": lambda request: sorted(request.GET),
    "what a parameter names": lambda request: request.GET.get(request.GET.get("a", "")),
    "none": lambda request: "none",
}
QUERIES = ["", "?a=1", "?a=2", "?a=1&a=2", "?b=1", "?a=1&b=1", "?a=b&b=3", "?b=1&a=1", "?a", "?c=1"]
QUERIES += [
    "?a=%C3%A4",
    "?a=%E4",
    "?a=+",
    "?a=1;b=2",
    "?a=1&c=2",
    "?%61=2",
    "?A=1",
    "?a[]=1",
    "??a=1",
]


@pytest.mark.parametrize("view", ASKS)
@pytest.mark.parametrize("in_turn", [1, -1])
def test_whoever_asks_gets_the_page_for_the_own_parameters(ask, rf, show, view, in_turn):
    show(ASKS[view])
    queries = QUERIES[::in_turn]
    for query in [*queries, *queries]:
        expected = str(ASKS[view](rf.get(f"/public/{query}")))
        assert ask(f"/public/{query}").content.decode() == expected, query


def test_another_process_that_knows_of_no_parameter_finds_the_right_page(ask, show):
    show(ASKS["one"])
    for query in QUERIES:
        ask(f"/public/{query}")
    keys.known.clear()
    for query in QUERIES:
        pages = {ask(f"/public/{query}").content for _ in range(2)}
        cache.clear()
        assert pages == {ask(f"/public/{query}").content}


def test_names_that_a_visitor_makes_up_do_not_fill_the_memory(ask, show):
    show(ASKS["what a parameter names"])
    for number in range(500):
        ask(f"/public/?a=x{number}")
    assert len(keys.known) <= keys.MANY


def test_more_parameters_than_django_takes_are_refused(ask, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    assert ask("/query/?a=1&b=2&c=3&d=4").status_code == 400


def test_nginx_keeps_nothing_where_it_has_no_room(ask, settings, tmp_path, monkeypatch):
    settings.PAGE_CACHE_EDITS = str(tmp_path)
    assert is_marked(ask("/public/"))
    free = SimpleNamespace(f_bavail=1000, f_frsize=4096, f_files=0, f_favail=0)
    monkeypatch.setattr(os, "statvfs", lambda path: free, raising=False)
    answer = ask("/public/")
    assert (answer.status_code, is_marked(answer)) == (200, False)
    assert answer["Cache-Control"] == "no-cache"
