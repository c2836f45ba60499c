"""What a page cache cannot know of Django."""

import socket
from inspect import unwrap
from time import monotonic
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.utils import ConnectionHandler
from django.http import HttpResponse
from originals import original

from page_cache import reads


@pytest.fixture
def handler():
    class Handler:
        def _middleware_chain(self, request):
            return HttpResponse(request.META.get("HTTP_ACCEPT_LANGUAGE"))

    return Handler()


def test_middleware_reads_a_header_and_leaves_no_trace(rf, handler):
    get_response = original("django.core.handlers.base.BaseHandler.get_response")
    request = rf.get("/", HTTP_ACCEPT_LANGUAGE="de")
    assert get_response(handler, request).content == b"de"
    assert not hasattr(request.META, "asked")


def test_what_is_asked_of_the_cache_leaves_no_trace(db):
    make_key = original("django.core.cache.backends.base.BaseCache.make_key")
    with reads.recorded(reads.Reads()) as page:
        make_key(cache, "a key of a page")
    assert page.complete


@pytest.fixture
def cursor():
    """A cursor of Django's, as far as it hands on to a driver, whose methods return their names."""
    names = ("callproc", "copy", "stream")
    driver = SimpleNamespace(**{name: lambda *_, name=name: name for name in names})
    return SimpleNamespace(db=connection, cursor=driver)


def test_a_procedure_is_called_past_all_wrappers(db, cursor):
    callproc = original("django.db.backends.utils.CursorWrapper.callproc")
    seen = []
    with connection.execute_wrapper(lambda *asked: seen.append(asked)):
        assert callproc(cursor, "lower") == "callproc"
    assert not seen


def test_the_methods_of_the_driver_are_called_past_all_wrappers(cursor):
    find = original("django.db.backends.utils.CursorWrapper.__getattr__")
    for name in ("copy", "stream"):
        assert find(cursor, name) is getattr(cursor.cursor, name)


def test_the_parts_of_a_list_pass_on_what_nobody_asked_for(rf):
    pagination_for = original("mezzanine.core.templatetags.mezzanine_tags.pagination_for")
    context = {"request": rf.get("/", {"utm_source": "x", "page": 2})}
    assert pagination_for(context, None)["querystring"] == "utm_source=x"


def test_an_address_that_there_is_not_is_rendered_each_time(rf, monkeypatch):
    rendered = []

    class Template:
        def render(self, context, request):
            rendered.append(request.path)
            return ""

    page_not_found = original("mezzanine.core.views.page_not_found")
    names = unwrap(page_not_found).__globals__
    monkeypatch.setitem(names, "get_template", lambda name: Template())
    for path in ("/a/", "/b/"):
        page_not_found(rf.get(path))
    assert rendered == ["/a/", "/b/"]


def test_a_host_that_does_not_respond_is_waited_for():
    connect = original("django.db.backends.base.base.BaseDatabaseWrapper.connect")
    with socket.create_server(("127.0.0.1", 0)) as host:
        place = {"HOST": "127.0.0.1", "PORT": host.getsockname()[1], "NAME": "x", "USER": "x"}
        engine = {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"connect_timeout": 2}}
        connection = ConnectionHandler({"default": place | engine})["default"]
        begun = monotonic()
        with pytest.raises(connection.Database.OperationalError):
            connect(connection)
        assert monotonic() - begun >= 2


def test_a_connection_is_asked_whether_it_is_well_by_each_request():
    name = "django.db.backends.base.base.BaseDatabaseWrapper.close_if_health_check_failed"
    asked = []

    class Connection:
        connection, health_check_enabled, health_check_done = "open", True, False

        def is_usable(self):
            return asked.append(self) or True

    original(name)(Connection())
    assert asked
