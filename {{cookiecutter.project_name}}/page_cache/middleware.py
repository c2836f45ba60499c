"""Public pages are kept by NGINX for a second, and in the cache until something on them changes."""

import gzip
import time
from contextlib import nullcontext

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers

from . import dates, edits, generation, kept, keys, missing, reads, room, shared
from .heartbeat import heartbeat
from .locking import only_one
from .rules import (
    JUST_SENT,
    asked_for_more,
    has_opened_session,
    is_logged_in,
    is_public,
    is_public_so_far,
)

PATIENCE = 10  # seconds for which a visitor waits for a page that is being made for another

LAST_GOOD_SECONDS = 600  # how long the last good page is shown while no new one can be made

# For NGINX alone, which tells browsers to keep nothing: how many seconds it may show the page while
# it asks for the next, by which an edit of others than staff may come late, and for how many while
# Django does not answer. RFC 5861.
CACHE_CONTROL = f"max-age=1, stale-while-revalidate=1, stale-if-error={LAST_GOOD_SECONDS}"


class PageCacheMiddleware:
    """Decide whether each page is public or private; keep what is public, and tell NGINX.

    Stands right after the middleware that finds the site and CommonMiddleware, outside of all that
    could make a page private. Sets request.is_public, for templates: a public page holds no token,
    since its forms are accepted by their Origin (process_view).
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self.failing_since = {}  # time.monotonic() of the first of the latest failures, by key

    def __call__(self, request):
        # What an outer middleware has written may be taken back.
        request.is_public = is_public_so_far(request) and not generation.written.get()
        if request.is_public:
            response = self.find_or_make(request)
        else:
            shared.prepare(request)
            with reads.recorded(None), generation.noticed() as writes:
                response = self.get_response(request)
            if request.method == "POST" and response.status_code < 400:
                # The page that a form leads to would otherwise be that of before, for a second.
                response.set_cookie(JUST_SENT, "1", 10, secure=request.is_secure(), httponly=True)
                if writes and getattr(request, "user", None) and request.user.is_staff:
                    edits.note(request.site_id, writes)
        if not request.is_public:
            response["X-Accel-Expires"] = "0"
            if settings.SESSION_COOKIE_NAME in request.COOKIES and "Cache-Control" not in response:
                # Or a browser's way back would lead to it, after its visitor has logged out.
                add_never_cache_headers(response)
        return response

    def find_or_make(self, request):
        """Return the kept page, or make it; while others do, wait for it, or show the last one."""
        deadline = time.monotonic() + PATIENCE
        while True:
            begun = time.time()  # what is written from now on may not be on the page
            key, page = find(request)
            if page and (stands_in(page, request, begun) or kept.is_current(page, request, begun)):
                return as_response(request, page, begun)
            if not page or time.monotonic() > deadline:
                return self.make(request, key, begun, page)
            with only_one(key) as free:
                if free:
                    return self.renew_or_make(request)
            if begun < page["checked"] + 1:
                return as_response(request, page, None)  # not for NGINX: another may come first
            time.sleep(0.01)

    def renew_or_make(self, request):
        """Return the page, for which a lock is held."""
        begun = time.time()
        key, page = find(request)
        if page and kept.is_current(page, request, begun):  # since the lock was tried
            return as_response(request, page, begun)
        if page and kept.renew(page, request.generation, begun):
            kept.store(key, page)
            return as_response(request, page, begun)
        if page and stands_in(page, request, begun):  # as was noticed by asking
            return as_response(request, page, begun)
        return self.make(request, key, begun, page)

    def make(self, request, key, begun, last):
        now, is_late = request.generation, reads.current.get().has_begun()
        with generation.noticed() as writes, heartbeat.limit_kept() if last else nullcontext():
            response = self.get_response(request)
        if last and response.status_code == 500 and stands_in(last, request, begun):
            request.is_public = True  # as it was when that page was made
            return as_response(request, last, begun)
        request.is_public = is_public(request, response)
        if last and (not request.is_public or hasattr(response, "of_site")):
            cache.delete(key)  # so that nobody waits for what is not shared
        if not request.is_public:
            self.limit_failures(key, response)
            return response
        self.failing_since.pop(key, None)
        if response.status_code == 404:
            return marked(response, begun)  # compressed by NGINX, or that would cost the most
        page = kept.new(response, now, begun, last)
        if is_late:  # an outer middleware has asked, maybe before this generation: checked first
            page["generation"] = None
        page["depends_on"] = keys.asked_by_views(request)
        if now and request.method == "GET" and not writes:
            place = keys.place_for(request, page["depends_on"])
            if last and place != key:
                cache.delete(key)
            kept.store(place, page)
        return as_response(request, page, begun)

    def limit_failures(self, key, response):
        """Make a 500, for which NGINX shows the last good page, a 503 when that gets too old."""
        if response.status_code == 500:
            if len(self.failing_since) > 1000:
                self.failing_since.clear()
            since = self.failing_since.setdefault(key, time.monotonic())
            if time.monotonic() - since > LAST_GOOD_SECONDS:
                response.status_code = 503

    def process_view(self, request, view, args, kwargs):
        """Find out who asks, before the view and Django's protection of forms do."""
        if request.is_public:
            is_known = has_opened_session(request) or is_logged_in(request)
            request.is_public = not is_known and not asked_for_more(request)
        elif sent_from_here(request):
            request.csrf_processing_done = True


def find(request):
    """Return the key and the page that is kept for a request, or None.

    What else is kept and may be needed is found by the same question, and put on the request.
    """
    places, missing_key = keys.places_of(request), missing.key_of(request)
    dates_key = dates.key(request.site_id)
    request.generation, found = generation.current_with(*places, missing_key, dates_key)
    request.pages_of_missing, request.dates_of_site = found.get(missing_key), found.get(dates_key)
    for key in places:
        if key in found and keys.fits(found[key], request):
            return key, found[key]
    return places[0], None


def stands_in(page, request, now):
    """Return whether a page is shown without a question, since the database does not respond.

    Nothing was written since, as far as this server knows, or it held in the last minutes.
    """
    is_good = page["generation"] == request.generation or now < page["checked"] + LAST_GOOD_SECONDS
    return heartbeat.is_missing() and is_good


def as_response(request, page, known):
    """Return a kept page as an HttpResponse that NGINX may show until the second is over.

    That is the second in which the page was known to hold, a Unix time; None for one that is over.
    """
    accepts_gzip = "gzip" in dict.get(request.META, "HTTP_ACCEPT_ENCODING", "")
    content = page["content"] if accepts_gzip else gzip.decompress(page["content"])
    response = HttpResponse(content, headers=page["headers"], status=page["status"])
    if accepts_gzip:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    return marked(response, known)


def marked(response, known):
    """Say for NGINX until when it may show a response, where it has room for it."""
    known = known if room.is_left_for(response.content) else None
    # In this order: NGINX reads no more of Cache-Control when it has seen the other.
    response["Cache-Control"] = CACHE_CONTROL if known else "no-cache"
    response["X-Accel-Expires"] = f"@{int(known)}" if known else "0"
    return response


def sent_from_here(request):
    """Return whether somebody who is not logged in sends a form of this very site.

    A public page cannot hold a visitor's token. Browsers say, and pages cannot change,
    where a form comes from; Django checks that before the token (OWASP: "Verifying Origin With
    Standard Headers"). Whoever has logged in is asked for the token as well.
    """
    return (
        request.method == "POST"
        and request.META.get("HTTP_ORIGIN") == f"{request.scheme}://{request.get_host()}"
        and not request.user.is_authenticated
    )
