"""Observes each request before all middleware, wherever PageCacheMiddleware stands among them."""

from functools import wraps

from django.core.cache.backends.base import BaseCache
from django.core.handlers.base import BaseHandler
from django.utils import timezone, translation

from . import generation, heartbeat, reads
from .middleware import CACHE_CONTROL
from .rules import OWN_IDEAS, asked_for_more, has_just_sent, is_worth_observing, observe

MARK = "X-Accel-Expires"
OURS = {"Cache-Control", "Content-Encoding", MARK}  # headers of a public page
PRIVATE = "private, no-cache"  # no shared cache keeps it, whatever it does without a word


def observing(get_response):
    """Let middleware outside of PageCacheMiddleware learn nothing without the page being private.

    What it learns before is known to PageCacheMiddleware. What it learns afterwards, and may have
    put into the answer, is known here. NGINX keeps nothing that it has answered by itself.
    """

    @wraps(get_response)
    def limited(handler, request):
        with heartbeat.limited(request.method), generation.noticed():
            return observed(handler, request)

    def observed(handler, request):
        if is_worth_observing(request):
            translation.deactivate()  # a view of before may have left the thread with its visitor's
            timezone.deactivate()
            observe(request)
            with reads.recorded(None if has_just_sent(request) else reads.Reads()):
                response = get_response(handler, request)
            if response.get(MARK, "0") != "0" and is_changed_for_the_visitor(request, response):
                response[MARK] = "0"
                if response.get("Cache-Control") == CACHE_CONTROL:
                    response["Cache-Control"] = PRIVATE
        else:
            response = get_response(handler, request)
        response.headers.setdefault(MARK, "0")
        if response[MARK] == "0":  # or a CDN would have its own idea: RFC 9111, 4.2.2
            response.headers.setdefault("Cache-Control", PRIVATE)
        return response

    return limited


def is_changed_for_the_visitor(request, response):
    return (
        asked_for_more(request)
        or response.cookies
        or response.get("Cache-Control") != CACHE_CONTROL
        or any(response.has_header(name) for name in {*OWN_IDEAS} - OURS)
        or response.get("Vary", "").lower() not in ("", "accept-encoding")
    )


def noticing(make_key):
    """Let a page that is made of what lies in the cache last as long as what is there, at most."""

    @wraps(make_key)
    def noticed(cache, key, *args, **kwargs):
        page = reads.current.get()
        if page and not str(key).startswith("page_cache."):
            page.complete = False
        return make_key(cache, key, *args, **kwargs)

    return noticed


def install():
    BaseHandler.get_response = observing(BaseHandler.get_response)
    BaseCache.make_key = noticing(BaseCache.make_key)
