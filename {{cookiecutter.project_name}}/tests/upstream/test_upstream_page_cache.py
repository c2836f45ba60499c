"""What a page cache cannot know of Django."""

import pytest
from django.core.cache import cache
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
