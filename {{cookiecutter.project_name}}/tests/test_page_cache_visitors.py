"""What any middleware learns of a visitor, wherever it stands, is on the page of nobody else."""

import json

import pytest
from django.conf import settings as project_settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse, QueryDict
from django.urls import path
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from page_cache_views import is_marked

from page_cache.observed import Observed, Parameters

PAGE_CACHE = "page_cache.middleware.PageCacheMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"
SECOND_FACTOR = "second_factor.middleware.SecondFactorMiddleware"
HERE = "test_page_cache_visitors."
ENGLISH, GERMAN = dict(HTTP_ACCEPT_LANGUAGE="en"), dict(HTTP_ACCEPT_LANGUAGE="de-DE,de;q=0.9")
COOKIE = dict(cookies=f"{project_settings.LANGUAGE_COOKIE_NAME}=de")


def language(request):
    return HttpResponse(get_language())


class Plain:
    """URLs of which none says a language."""

    urlpatterns = [path("page/", language)]


class Prefixed:
    urlpatterns = i18n_patterns(path("page/", language))


def looking(look):
    """Return a middleware that shows on each page what it has learned before."""

    def middleware(get_response):
        def shown(request):
            request.learned = look(request)
            response = get_response(request)
            response.content += str(request.learned).encode()
            return response

        return shown

    return middleware


def looking_afterwards(look):
    """Return a middleware that learns after the page was made."""

    def middleware(get_response):
        def shown(request):
            response = get_response(request)
            response.content += str(look(request)).encode()
            return response

        return shown

    return middleware


LOOKS = {
    "a header": lambda request: request.META.get("HTTP_ACCEPT_LANGUAGE"),
    "a header by its name": lambda request: request.headers.get("Accept-Language"),
    "the environment": lambda request: request.environ["HTTP_ACCEPT_LANGUAGE"],
    "a cookie": lambda request: request.COOKIES.get("theme"),
    "the cookie of forms": lambda request: request.COOKIES.get(project_settings.CSRF_COOKIE_NAME),
    "the user agent": lambda request: request.META.get("HTTP_USER_AGENT"),
    "the address": lambda request: request.META["REMOTE_ADDR"],
}
for number, look in enumerate(LOOKS.values()):
    globals()[f"before_{number}"] = looking(look)
    globals()[f"after_{number}"] = looking_afterwards(look)


def another_path(request):
    if request.path.startswith("/m/"):
        request.path = request.path_info = request.path_info[2:]
        request.learned = "one"


def another_query(request):
    parameters = request.GET.copy()
    request.learned = parameters.pop("by", ["nothing"])[0]
    request.GET, request.META["QUERY_STRING"] = parameters, parameters.urlencode()


def other_parameters(request):
    parameters = request.GET.copy()
    request.learned, request.GET = parameters.pop("by", ["nothing"])[0], parameters


def fewer_parameters(request):
    request.GET._mutable = True
    request.learned = request.GET.pop("by", ["nothing"])[0]
    request.GET._mutable = False


def another_host(request):
    request.learned = request.META["HTTP_HOST"][:3]
    request.META["HTTP_HOST"] = "127.0.0.1:8000"


REWRITES = {
    another_path: "/m/learned/",
    another_query: "/learned/?by=one",
    other_parameters: "/learned/?by=one",
    fewer_parameters: "/learned/?by=one",
}


def doing(something):
    """Return a middleware that does something to each request."""

    def middleware(get_response):
        def done(request):
            something(request)
            return get_response(request)

        return done

    return middleware


for rewrite in (*REWRITES, another_host):
    globals()[f"to_{rewrite.__name__}"] = doing(rewrite)


def member():
    return get_user_model().objects.get(username="member")


def found(request):
    if "by" in request.GET:
        request.user = member()


def found_when_needed(request):
    is_found = "by" in request.GET
    request.user = SimpleLazyObject(lambda: member() if is_found else AnonymousUser())


def logged_in(request):
    if "by" in request.GET:
        login(request, member(), backend="django.contrib.auth.backends.ModelBackend")


FINDS = [found, found_when_needed, logged_in]
for find in FINDS:
    globals()[f"user_{find.__name__}"] = doing(find)


def setting_a_cookie(get_response):
    def middleware(request):
        response = get_response(request)
        response.set_cookie("visitor", "x")
        return response

    return middleware


@pytest.fixture
def place(settings, keep_pages):
    """Return a function that puts a middleware in front of the one of that name, or first."""

    def put(middleware, successor=None):
        names = [name for name in settings.MIDDLEWARE if name != LOCALE]
        index = names.index(successor) if successor else 0
        settings.MIDDLEWARE = [*names[:index], middleware, *names[index:]]

    return put


PLACES = {
    "first of all": None,
    "where Django has it": "django.middleware.common.CommonMiddleware",
    "right before the page cache": PAGE_CACHE,
    "where Mezzanine has it": "django.middleware.csrf.CsrfViewMiddleware",
    "last of all": "mezzanine.pages.middleware.PageMiddleware",
}
everywhere = pytest.mark.parametrize("successor", PLACES.values(), ids=PLACES)


@pytest.fixture
def languages(settings):
    settings.LANGUAGE_CODE, settings.LANGUAGES = "en", [("en", "English"), ("de", "German")]


@everywhere
def test_each_visitor_reads_the_own_language(ask, place, settings, languages, successor):
    place(LOCALE, successor)
    settings.ROOT_URLCONF = Plain
    for _ in range(2):
        for visitor, expected in ((ENGLISH, b"en"), (GERMAN, b"de"), (COOKIE, b"de"), ({}, b"en")):
            response = ask("/page/", **visitor)
            assert response.content == expected
            assert not is_marked(response)


@everywhere
def test_where_the_address_says_the_language_pages_are_kept(
    ask, place, settings, languages, successor
):
    place(LOCALE, successor)
    settings.ROOT_URLCONF = Prefixed
    for code in ("en", "de"):
        for visitor in (ENGLISH, GERMAN, {}):
            response = ask(f"/{code}/page/", **visitor)
            assert response.content == code.encode()
            assert is_marked(response)
        assert ask(f"/{code}/page/", **COOKIE).content == code.encode()


def test_who_is_led_to_a_language_is_led_to_the_own_one(ask, place, settings, languages):
    place(LOCALE, PLACES["where Django has it"])
    settings.ROOT_URLCONF = Prefixed
    for visitor, code in ((ENGLISH, "en"), (GERMAN, "de"), (COOKIE, "de")):
        response = ask("/page/", **visitor)
        assert response["Location"] == f"/{code}/page/"
        assert not is_marked(response)


@everywhere
@pytest.mark.parametrize("number", range(len(LOOKS)), ids=LOOKS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_middleware_that_looks_at_the_visitor_makes_pages_private(
    ask, place, successor, number, when
):
    place(f"{HERE}{when}_{number}", successor)
    visitors = [
        dict(
            HTTP_ACCEPT_LANGUAGE=name,
            HTTP_USER_AGENT=name,
            REMOTE_ADDR=name,
            cookies=f"theme={name}; {project_settings.CSRF_COOKIE_NAME}={name}",
        )
        for name in ("o" * 32, "t" * 32)  # as long as the token of a form
    ]
    for visitor in [*visitors, *visitors]:
        response = ask("/public/", **visitor)
        assert visitor["REMOTE_ADDR"].encode() in response.content
        assert not is_marked(response)
        assert "max-age" not in response.get("Cache-Control", "")


@everywhere
@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda rewrite: rewrite.__name__)
def test_a_page_of_an_address_that_a_middleware_changes_is_not_the_page_of_another(
    ask, place, successor, rewrite
):
    place(f"{HERE}to_{rewrite.__name__}", successor)
    for address, learned in ((REWRITES[rewrite], b"one"), ("/learned/", b"nothing")) * 2:
        assert ask(address).content == learned


def test_a_page_of_a_host_that_a_middleware_changes_is_not_the_page_of_another(ask, place):
    place(f"{HERE}to_another_host")
    assert ask("/learned/", HTTP_HOST="m.example").content == b"m.e"
    assert ask("/learned/").content == b"127"


@pytest.mark.parametrize("successor", [SECOND_FACTOR, PLACES["last of all"]])
@pytest.mark.parametrize("find", FINDS, ids=lambda find: find.__name__)
def test_a_user_whom_a_middleware_finds_by_the_address_has_a_page_of_their_own(
    ask, place, settings, successor, find
):
    settings.SECOND_FACTOR = True
    place(f"{HERE}user_{find.__name__}", successor)
    for _ in range(2):
        answer, other = ask("/user/?by=token"), ask("/user/")
        assert (answer.content, is_marked(answer)) == (b"True", False)
        assert (other.content, is_marked(other)) == (b"False", True)


@everywhere
def test_a_cookie_that_a_middleware_sets_is_for_one_visitor(ask, place, successor):
    place(f"{HERE}setting_a_cookie", successor)
    assert not is_marked(ask("/public/"))


@pytest.mark.parametrize("kind", ["application/json", "text/html; charset=latin-1"])
def test_who_says_which_type_a_request_has_gets_no_page_of_others(ask, kind):
    for _ in range(2):
        for headers in ({}, {"CONTENT_TYPE": kind}):
            response = ask("/type/", **headers)
            assert (response.content == b"{}") == is_marked(response) == (not headers)


def test_parameters_that_a_page_has_as_json_are_those_of_its_visitor(ask):
    for _ in range(2):
        assert ask("/json/").content == b'{"parameters": {}}'
        assert ask("/json/?by=one").content == b'{"parameters": {"by": "one"}}'


@pytest.mark.parametrize("query", ["", "by=one"])
def test_a_request_without_parameters_or_cookies_is_seen_as_empty(query):
    for observed, plain in (
        (Parameters(query), QueryDict(query)),
        (Observed(dict(QueryDict(query))), dict(QueryDict(query))),
    ):
        assert (bool(observed), len(observed), repr([*observed])) == (
            *[bool(plain), len(plain)],
            repr([*plain]),
        )
        assert {**observed} == {**plain}
        assert observed == plain
        assert (observed | {"a": ["b"]}) == (plain | {"a": ["b"]})
        assert json.dumps(observed, indent=1) == json.dumps(plain, indent=1)


def test_robots_that_are_refused_leave_the_pages_public(ask):
    assert is_marked(ask("/public/", HTTP_USER_AGENT="a robot"))
