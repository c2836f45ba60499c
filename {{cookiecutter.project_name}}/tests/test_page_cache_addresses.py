"""What a request is before a view sees it: its address, its user, what it says, also of nothing."""

import json

import pytest
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.utils.functional import SimpleLazyObject
from page_cache_views import is_marked
from test_page_cache_visitors import PLACES, everywhere, place  # noqa: F401

from page_cache.observed import Observed, Parameters

SECOND_FACTOR = "second_factor.middleware.SecondFactorMiddleware"


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


@everywhere
@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda rewrite: rewrite.__name__)
def test_a_page_of_an_address_that_a_middleware_changes_is_not_the_page_of_another(
    ask,
    place,  # noqa: F811
    successor,
    rewrite,
):
    place(f"test_page_cache_addresses.to_{rewrite.__name__}", successor)
    for address, learned in ((REWRITES[rewrite], b"one"), ("/learned/", b"nothing")) * 2:
        assert ask(address).content == learned


def test_a_page_of_a_host_that_a_middleware_changes_is_not_the_page_of_another(ask, place):  # noqa: F811
    place("test_page_cache_addresses.to_another_host")
    assert ask("/learned/", HTTP_HOST="m.example").content == b"m.e"
    assert ask("/learned/").content == b"127"


@pytest.mark.parametrize("successor", [SECOND_FACTOR, PLACES["last of all"]])
@pytest.mark.parametrize("find", FINDS, ids=lambda find: find.__name__)
def test_a_user_whom_a_middleware_finds_by_the_address_has_a_page_of_their_own(
    ask,
    place,  # noqa: F811
    settings,
    successor,
    find,
):
    settings.SECOND_FACTOR = True
    place(f"test_page_cache_addresses.user_{find.__name__}", successor)
    for _ in range(2):
        answer, other = ask("/user/?by=token"), ask("/user/")
        assert (answer.content, is_marked(answer)) == (b"True", False)
        assert (other.content, is_marked(other)) == (b"False", True)


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
