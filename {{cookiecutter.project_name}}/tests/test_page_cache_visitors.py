"""What any middleware learns of a visitor, wherever it stands, is on the page of nobody else."""

import pytest
from django.conf import settings as project_settings
from django.conf.urls.i18n import i18n_patterns
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import path
from django.utils import timezone, translation
from django.utils.translation import get_language
from page_cache_views import is_marked

PAGE_CACHE = "page_cache.middleware.PageCacheMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"
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


def setting_a_cookie(response):
    response.set_cookie("visitor", "x")


def header(name, value):
    return lambda response: response.__setitem__(name, value)


SETS = {
    "a cookie": setting_a_cookie,
    "a cookie by a header": header("Set-Cookie", "visitor=x"),
    "that nobody stores it": header("Cache-Control", "no-store"),
    "that it is private": header("Cache-Control", "private"),
    "when it expires": header("Expires", "0"),
}


def setting(change):
    """Return a middleware that changes each answer."""

    def middleware(get_response):
        def changed(request):
            response = get_response(request)
            change(response)
            return response

        return changed

    return middleware


for number, change in enumerate(SETS.values()):
    globals()[f"sets_{number}"] = setting(change)


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
@pytest.mark.parametrize("number", range(len(SETS)), ids=SETS)
def test_what_a_middleware_sets_is_for_one_visitor(ask, place, successor, number):
    place(f"{HERE}sets_{number}", successor)
    for _ in range(2):
        response = ask("/public/")
        assert (response.status_code, is_marked(response)) == (200, False)
        assert "max-age" not in response["Cache-Control"]


def test_robots_that_are_refused_leave_the_pages_public(ask):
    assert is_marked(ask("/public/", HTTP_USER_AGENT="a robot"))


def test_what_a_view_has_activated_for_its_visitor_is_on_no_public_page(ask, in_english):
    with translation.override("de"), timezone.override("Asia/Tokyo"):
        text = ask("/language/").text
    assert text == ask("/language/").text == f"en {timezone.get_default_timezone_name()}"


class Refuses:
    """A middleware that lets nobody in, before anybody has asked who it is."""

    reason = PermissionDenied

    def __init__(self, get_response):
        pass

    def __call__(self, request):
        raise self.reason


class FindsNothing(Refuses):
    reason = Http404


@pytest.mark.parametrize(("name", "status"), [("Refuses", 403), ("FindsNothing", 404)])
def test_middleware_may_refuse_a_visitor_before_all_others(ask, settings, name, status):
    settings.MIDDLEWARE = [HERE + name, *settings.MIDDLEWARE]
    assert ask("/about/").status_code == status
