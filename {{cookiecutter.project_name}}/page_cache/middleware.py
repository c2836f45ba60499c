"""Public pages are kept by NGINX for a second, and in the cache for a minute."""

import gzip
import time
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers

from . import edits, generation
from .rules import JUST_SENT, asked_for_more, is_public, may_be_public, observe

LAST_GOOD_SECONDS = 600  # how long the last good page is shown while no new one can be made

# For NGINX alone, which tells browsers to keep nothing: how many seconds it may show the page while
# it asks for the next, and while Django does not answer. RFC 5861.
CACHE_CONTROL = f"max-age=1, stale-while-revalidate=10, stale-if-error={LAST_GOOD_SECONDS}"


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
        request.is_public = may_be_public(request)
        if request.is_public:
            response = self.find_or_make(request)
        else:
            response = self.get_response(request)
            if request.method == "POST" and response.status_code < 400:
                # The page that a form leads to would otherwise be that of before, for a second.
                response.set_cookie(JUST_SENT, "1", 10, secure=request.is_secure(), httponly=True)
                if getattr(request, "user", None) and request.user.is_staff:
                    edits.note()
        if not request.is_public:
            response["X-Accel-Expires"] = "0"
            if settings.SESSION_COOKIE_NAME in request.COOKIES and "Cache-Control" not in response:
                # Or a browser's way back would lead to it, after its visitor has logged out.
                add_never_cache_headers(response)
        return response

    def find_or_make(self, request):
        accepts_gzip = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
        key = key_of(request)
        observe(request)
        second = int(time.time())  # when it begins: what is written from now on may not be on it
        now, page = generation.current_with(key)
        if page and page["generation"] == now:
            return as_response(page, second, accepts_gzip)
        response = self.get_response(request)
        request.is_public = is_public(request, response)
        if not request.is_public:
            self.limit_failures(key, response)
            return response
        self.failing_since.pop(key, None)
        page = {
            "generation": now,
            "headers": dict(response.items()),
            "content": gzip.compress(response.content, 6, mtime=0),
        }
        if now and request.method == "GET":
            cache.set(key, page, settings.PAGE_CACHE_SECONDS)
        return as_response(page, second, accepts_gzip)

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
            # Django looked for the token's cookie; whether it is used is another question.
            request.COOKIES.asked.discard(settings.CSRF_COOKIE_NAME)
            request.is_public = not asked_for_more(request)
        if request.is_public:
            request.user = AnonymousUser()  # known without opening the session
        elif sent_from_here(request):
            request.csrf_processing_done = True


def key_of(request):
    """Return the key of a page in the cache: its site, its address, and the release it is of."""
    release = settings.BASE_DIR.parent.name  # on a server: see deploy/releases.py
    address = (
        release,
        request.scheme,
        request.get_host(),
        request.path,
        request.META["QUERY_STRING"],
    )
    return f"page_cache.{request.site_id}.{sha256(chr(0).join(address).encode()).hexdigest()}"


def as_response(page, second, accepts_gzip):
    """Return a kept page as an HttpResponse that NGINX may show until that second is over."""
    content = page["content"] if accepts_gzip else gzip.decompress(page["content"])
    response = HttpResponse(content, headers=page["headers"])
    # In this order: NGINX reads no more of Cache-Control when it has seen the other.
    response["Cache-Control"] = CACHE_CONTROL
    response["X-Accel-Expires"] = f"@{second}"
    if accepts_gzip:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    return response


def sent_from_here(request):
    """Return whether somebody who is not logged in sends a form of this very site.

    A public page cannot hold a visitor's token. Browsers say, and pages cannot change,
    where a form comes from; Django checks that before the token (OWASP: "Verifying Origin With
    Standard Headers"). For whoever has a session, the token is asked for as well.
    """
    return (
        request.method == "POST"
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and request.META.get("HTTP_ORIGIN") == f"{request.scheme}://{request.get_host()}"
        and not request.user.is_authenticated
    )
