"""The page for addresses that there are not is one of no address: it shows nothing of the first."""

from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings as project_settings
from django.contrib import messages
from test_page_cache_edits import renderings  # noqa: F401
from test_page_cache_visitors import PLACES, everywhere, place  # noqa: F401

from page_cache import missing

pytestmark = pytest.mark.usefixtures("mezzanines_base", "keep_pages")
HERE = "test_page_cache_missing_parts"


def shown(name):
    """Return what a template has to show a variable."""
    return "{" + "{ " + name + " }" + "}"


def section(request):
    return "shop" if request.path.startswith("/shop/") else "all"


def theme(request):
    return request.GET.get("theme", "light")


def noting(look):
    """Return a middleware that puts on the request what it has learned of the address."""

    def middleware(get_response):
        def noted(request):
            request.learned = look(request)
            return get_response(request)

        return noted

    return middleware


noting_section, noting_theme = noting(section), noting(theme)


@pytest.fixture
def template(settings, tmp_path):
    """Return a function that makes a text the template of the page."""

    def put(text):
        Path(tmp_path, "errors").mkdir()
        Path(tmp_path, "errors/404.html").write_text(text)
        engine, *others = settings.TEMPLATES
        settings.TEMPLATES = [engine | {"DIRS": [tmp_path, *engine["DIRS"]]}, *others]

    return put


CONDITIONS = {
    "is in it": "{% if '/shop/' in request.path %}shop{% endif %}",
    "is in it, in small letters": "{% if '/shop/' in request.path|lower %}shop{% endif %}",
    "is it": "{% if request.path == '/shop/no/' %}shop{% endif %}",
    "is its beginning": "{% if request.path|slice:':6' == '/shop/' %}shop{% endif %}",
    "is in it with the query": "{% if '/shop/' in request.get_full_path %}shop{% endif %}",
    "is its length": "{% if request.path|length == 9 %}shop{% endif %}",
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_template_that_asks_for_a_part_of_the_address_is_rendered_for_each(
    ask, template, condition
):
    template(CONDITIONS[condition])
    for address, text in [("/no/", ""), ("/shop/no/", "shop")] * 2:
        assert ask(address).text == text


WHOLE = [
    shown("request.path"),
    shown("request.path_info|urlencode"),
    shown("request.get_full_path"),
    shown("request.build_absolute_uri"),
    "{% if request.path %}{% autoescape off %}"
    f"{shown('request.path')}"
    "{% endautoescape %}{% endif %}",
]


@pytest.mark.parametrize("text", WHOLE)
def test_a_template_that_shows_the_whole_address_is_rendered_once(
    ask,
    template,
    renderings,  # noqa: F811
    text,
):
    template(text)
    ask("/no/")
    renderings.clear()
    assert "/shop/no/" in ask("/shop/no/").text
    assert renderings == []


def greeting(get_response):
    def middleware(request):
        if request.path.startswith("/shop/"):
            messages.info(request, "shop")
        return get_response(request)

    return middleware


def test_what_a_middleware_says_to_one_visitor_is_not_said_to_the_next(
    ask,
    place,  # noqa: F811
    template,
):
    template("{% for message in messages %}" + shown("message") + "{% endfor %}")
    place(f"{HERE}.greeting", PLACES["last of all"])
    for address, text in [("/shop/no/", "shop"), ("/no/", "")] * 2:
        assert ask(address).text == text


def test_the_request_of_a_server_has_nothing_of_its_own(rf):
    server = import_module(f"{project_settings.PROJECT_APP}.wsgi").application
    request = server.request_class(rf.get("/no/").environ)
    assert vars(request).keys() <= missing.OF_ALL


@everywhere
@pytest.mark.parametrize(
    ("middleware", "pages"),
    [
        ("noting_section", {"/shop/no/": "shop", "/no/": "all"}),
        ("noting_theme", {"/no/?theme=dark": "dark", "/no/": "light"}),
    ],
)
def test_what_a_middleware_has_learned_of_one_address_is_not_on_the_page_of_another(
    ask,
    place,  # noqa: F811
    template,
    successor,
    middleware,
    pages,
):
    template(shown("request.learned"))
    place(f"{HERE}.{middleware}", successor)
    for address, text in [*pages.items()] * 2:
        assert ask(address).text == text
