"""Private pages are made of parts that are the same for everybody, and show nothing of others."""

import uuid
from functools import cache

import pytest
from bs4 import BeautifulSoup
from django.conf import settings as project_settings
from django.contrib import messages
from django.db import connection
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.template import engines
from django.test.utils import CaptureQueriesContext
from mezzanine.pages.models import Page, RichTextPage
from page_cache_views import ONE_VISITORS, urlpatterns
from test_page_cache_edits import committed  # noqa: F401
from test_page_cache_life import clock  # noqa: F401
from test_page_cache_visitors import COOKIE, ENGLISH, GERMAN, LOOKS, PLACES, languages, place  # noqa: F401

from page_cache import rules, shared
from page_cache.rules import fresh

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "keep_pages")

SENT = "just-sent=1"  # who has sent a form gets private pages
PART = "{% load page_cache_tags %}{% public x %}SHOWN{% endpublic %}"


def shown(*names):
    return " ".join("{" + "{ " + name + " }" + "}" for name in names)


def without_tokens(html):
    """Return the page without what forms on private pages have besides."""
    page = BeautifulSoup(html, "html.parser")
    for field in page.select("[name=csrfmiddlewaretoken], [name=referrer]"):
        field.decompose()
    return " ".join(str(page).split())


@pytest.fixture
def put(monkeypatch):
    """Return a function that lets /public/ show such values in a part, after view(request).

    source is a template in the place of the part.
    """

    def put(*names, view=lambda request: {}, source=PART):
        template = engines["django"].from_string(source.replace("SHOWN", shown("made", *names)))

        def page(request):
            values = {"made": uuid.uuid4().hex} | view(request)
            response = HttpResponse(template.render(values, request))
            for name, value in values.get("headers", {}).items():
                response[name] = value
            for name, value in values.get("cookies", {}).items():
                response.set_cookie(name, value)
            return response

        pattern = next(each for each in urlpatterns if str(each.pattern) == "public/")
        monkeypatch.setattr(pattern, "callback", page)

    return put


def test_a_part_is_made_once(ask, put):
    put()
    one, other = (ask("/public/", cookies=SENT).text for _ in range(2))
    assert one == other
    assert ask("/public/?page=2", cookies=SENT).text != one


def test_a_public_page_is_made_anew(ask, put):
    put()
    assert ask("/public/", cookies=SENT).text != ask("/public/").text


def has_headers(**headers):
    return lambda request: {
        "headers": {name.replace("_", "-"): value for name, value in headers.items()}
    }


def showing_a_message(request):
    messages.info(request, "Hello you")
    return {"shown": lambda: [*map(str, messages.get_messages(request))]}


OWN_IDEAS = {
    "keeps nothing": has_headers(Cache_Control="no-store"),
    "expires by itself": has_headers(Expires="Thu, 01 Jan 2032 00:00:00 GMT"),
    "varies": has_headers(Vary="Cookie, X-Requested-With"),
    "has a nonce": has_headers(Content_Security_Policy="script-src 'nonce-made'"),
    "sets a cookie": lambda request: {"cookies": {"ticket": "1"}},
    "adds a message": lambda request: messages.info(request, "Hello you") or {},
    "shows a message": showing_a_message,
}


@pytest.mark.parametrize("view", OWN_IDEAS.values(), ids=OWN_IDEAS)
def test_a_view_with_own_ideas_about_keeping_has_no_parts(ask, put, view):
    put("shown", view=view)
    assert ask("/public/", cookies=SENT).text != ask("/public/", cookies=SENT).text


def test_a_view_that_is_fresh_has_no_parts(ask, monkeypatch, put):
    put()
    pattern = next(each for each in urlpatterns if str(each.pattern) == "public/")
    monkeypatch.setattr(pattern, "callback", fresh(pattern.callback))
    assert ask("/public/", cookies=SENT).text != ask("/public/", cookies=SENT).text


def test_what_is_made_for_head_is_no_part_of_a_page(ask, put):
    put("request.method")
    for method in ("head", "get", "head", "get"):
        response = ask("/public/", method=method, cookies=SENT)
        assert method == "head" or response.text.endswith("GET")


def test_a_page_for_who_has_sent_a_form_asks_for_nothing_twice(ask):
    ask("/about/", cookies=SENT), ask("/about/", cookies=SENT)  # the second looks for dates
    with CaptureQueriesContext(connection) as asked:
        ask("/about/", cookies=SENT)
    assert not [each["sql"] for each in asked if "pages_page" in each["sql"]]


@pytest.mark.parametrize("address", ["/", "/about/", "/about/team/", "/contact/", "/gallery/"])
def test_a_page_of_parts_is_as_one_that_is_made_anew(ask, settings, address):
    found = [without_tokens(ask(address, cookies=SENT).text) for _ in range(2)]
    settings.PAGE_CACHE_SECONDS = 0
    found.append(without_tokens(ask(address).text))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("successor", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("look", range(len(LOOKS)), ids=LOOKS)
def test_what_a_middleware_learns_of_a_visitor_is_in_no_part_for_others(
    ask,
    put,
    place,  # noqa: F811
    successor,
    look,
):
    place(f"test_page_cache_visitors.before_{look}", successor)
    put("request.learned")
    for name in ("one", "two", "one", "two"):
        about = dict(HTTP_ACCEPT_LANGUAGE=name, HTTP_USER_AGENT=name, REMOTE_ADDR=name)
        html = ask("/public/", cookies=f"{SENT}; theme={name}", **about).text
        assert name in html.partition(" ")[2]


LEARNED = {
    "a cookie": lambda request: request.COOKIES.get("theme"),
    "a cookie that others have not": lambda request: request.COOKIES.get("mezzanine-rating"),
    "the token": lambda request: request.COOKIES.get(project_settings.CSRF_COOKIE_NAME),
    "a header": lambda request: request.headers.get("User-Agent"),
    "all cookies": lambda request: dict(request.COOKIES),
}


@pytest.mark.parametrize("learn", LEARNED.values(), ids=LEARNED)
def test_what_a_view_learns_of_a_visitor_is_in_no_part_for_others(ask, put, learn):
    put("learned", view=lambda request: {"learned": learn(request)})
    token = project_settings.CSRF_COOKIE_NAME
    for name in ("one" * 11, "two" * 11, "one" * 11):
        cookies = "; ".join([SENT, *(f"{key}={name[:32]}" for key in ("theme", token))])
        html = ask("/public/", cookies=f"{cookies}; mezzanine-rating={name}", HTTP_USER_AGENT=name)
        assert name[:32] in html.text


def test_a_token_in_a_part_is_of_one_visitor(ask, put):
    put("csrf_token")
    tokens = {ask("/public/", cookies=SENT).text.split()[1] for _ in range(3)}
    assert len(tokens) == 3


def test_what_is_in_a_session_is_in_no_part_for_others(ask, put):
    def begin(request):
        request.session["name"] = request.GET.get("name", uuid.uuid4().hex)
        return {"name": request.session["name"]}

    put("name", view=begin)
    assert len({ask("/public/", cookies=SENT).text for _ in range(3)}) == 3


def test_who_is_logged_in_gets_no_part_of_others_and_leaves_none(ask, put):
    put("request.user.username")
    for _ in range(2):
        assert "admin" in ask("/public/", user="admin", cookies=SENT).text
        assert "admin" not in ask("/public/", cookies=SENT).text


def test_each_visitor_reads_parts_in_the_own_language(ask, put, place, languages):  # noqa: F811
    place("django.middleware.locale.LocaleMiddleware", PLACES["where Django has it"])
    put("LANGUAGE_CODE")
    german = dict(COOKIE, cookies=f"{COOKIE['cookies']}; {SENT}")
    for _ in range(2):
        for visitor, code in ((ENGLISH, "en"), (GERMAN, "de"), (german, "de")):
            assert ask("/public/", **({"cookies": SENT} | visitor)).text.split()[1] == code


def test_an_edit_is_in_the_part_that_shows_it_at_once(ask, put, committed):  # noqa: F811
    def title(request):
        return {"title": Page.objects.get(slug="about").title}

    put("title", view=title)
    ask("/public/", cookies=SENT)
    for words, slug in (("Walks", "gallery"), ("Rooms", "about")):
        before = ask("/public/", cookies=SENT).text
        with committed():
            Page.objects.filter(slug=slug).update(title=words)
        after = ask("/public/", cookies=SENT).text
        assert (before == after, "Rooms" in after) == (slug != "about", slug == "about")


def test_a_part_is_of_one_address(ask):
    for slug in ("one", "two"):
        RichTextPage.objects.create(title=f"Page {slug}", slug=slug)
    for _ in range(2):
        for slug in ("one", "two"):
            page = BeautifulSoup(ask(f"/{slug}/", cookies=SENT).text, "html.parser")
            assert page.select_one("link[rel=canonical]")["href"].endswith(f"/{slug}/")


def test_the_clock_ends_a_part(ask, put, clock):  # noqa: F811
    put()
    first = ask("/public/", cookies=SENT).text
    clock.now += 59
    assert ask("/public/", cookies=SENT).text == first
    clock.now += 2
    assert ask("/public/", cookies=SENT).text != first


def test_a_page_that_writes_keeps_no_part(ask, put):
    def write(request):
        Page.objects.filter(slug="about").update(title="Rooms")
        return {}

    put(view=write)
    assert ask("/public/", cookies=SENT).text != ask("/public/", cookies=SENT).text


@pytest.mark.parametrize("view", ONE_VISITORS.values(), ids=ONE_VISITORS)
def test_what_a_part_asks_for_itself_is_of_one_visitor(ask, put, view):
    def answered(request):
        return {"own": cache(lambda: b"".join(view(request)).decode())}

    put(view=answered, source=PART.replace("SHOWN", shown("own")) + "|" + shown("own"))
    token = f"{project_settings.CSRF_COOKIE_NAME}={'one' * 10}xx"
    of_one = dict(HTTP_USER_AGENT="one", HTTP_REFERER="one", REMOTE_ADDR="one")
    for cookies, headers in ((SENT, {}), (f"{SENT}; theme=one; {token}", of_one), (SENT, {})):
        in_the_part, own = ask("/public/", cookies=cookies, **headers).text.split("|")
        assert in_the_part == own


@pytest.fixture
def theme(monkeypatch):
    """The project has a cookie of its own by which pages differ."""
    known = rules.visitors_cookies() | {"theme"}
    monkeypatch.setattr(rules, "visitors_cookies", lambda: known)


@pytest.mark.parametrize("name", ["mezzanine-rating", "messages", "theme"])
def test_who_has_a_cookie_gets_no_part_that_asked_others_for_it(ask, put, theme, name):
    put("own", view=lambda request: {"own": lambda: request.COOKIES.get(name, "none")})
    for value in ("none", "mine", "none"):
        mine = f"{SENT}; {name}={value}" if value == "mine" else SENT
        assert ask("/public/", cookies=mine).text.endswith(value)


def test_a_part_is_not_called_public_for_who_has_a_cookie(ask, put, theme):
    own = "{% if not request.is_public %}" + shown("request.COOKIES.theme") + "{% endif %}"
    put(source=PART.replace("SHOWN", own))
    for _ in range(2):
        assert ask("/public/", cookies=SENT).text == ""
        assert ask("/public/", cookies=f"{SENT}; theme=dark").text == "dark"


def test_what_a_part_shares_with_other_pages_holds_no_token(ask, put):
    def view(request):
        return {"own": lambda: shared.if_possible("own", lambda: str(get_token(request)))}

    put("own", view=view)
    assert len({ask("/public/", cookies=SENT).text.split()[1] for _ in range(3)}) == 3
