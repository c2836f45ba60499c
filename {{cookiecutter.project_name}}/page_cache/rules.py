"""Which pages are public? Only these are ever kept; in doubt a page is private.

A page is public if nothing but its address was asked for in making it: no cookie, no header, no
session. What is asked for is observed while the page is made, so this holds for views and packages
that have never heard of it.
"""

from contextlib import suppress
from functools import partial, wraps

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.views.decorators.cache import never_cache

from .observed import Observed, Parameters

JUST_SENT = "just-sent"  # a cookie of ten seconds, for who has sent a form

CONTENT_TYPES = {"text/html", "application/rss+xml", "application/atom+xml"}
CONTENT_TYPES |= {"application/xml", "text/plain"}  # site maps, and robots.txt

REDIRECTS = {301, 308}  # those that are for a while are for one visitor: to log in, say

# Whoever sets one of these has own ideas about keeping the page, or it is no plain page.
OWN_IDEAS = (
    *["Cache-Control", "Expires", "Pragma", "X-Accel-Expires", "X-Accel-Redirect"],
    *["Content-Disposition", "Content-Encoding", "Content-Range", "WWW-Authenticate"],
    *["Set-Cookie", "Clear-Site-Data"],
)

NO_TYPE = "text/plain"  # what runserver says of a request that has no type

# What the address of a page consists of.
ADDRESS = {
    *["HTTP_HOST", "PATH_INFO", "QUERY_STRING", "REQUEST_METHOD", "SCRIPT_NAME"],
    *["SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme"],
}


def visitors_cookies():
    """Return the names of the cookies with which a page is private, as in nginx.conf.template."""
    return {
        settings.SESSION_COOKIE_NAME,
        settings.LANGUAGE_COOKIE_NAME,
        "messages",
        "mezzanine-rating",
        JUST_SENT,
    }


def is_worth_observing(request):
    """Return whether the answer, or what it shares with others, may be public: not observed yet."""
    return (
        settings.PAGE_CACHE_SECONDS > 0
        and request.method in ("GET", "HEAD")
        and request.META.get("CONTENT_LENGTH") in (None, "", "0")
        and "HTTP_TRANSFER_ENCODING" not in request.META
        and request.META.get("CONTENT_TYPE", "") in ("", NO_TYPE)
        and (visitors_cookies() - {JUST_SENT}).isdisjoint(request.COOKIES)
    )


def has_just_sent(request):
    return dict.__contains__(request.COOKIES, JUST_SENT)


def is_public_so_far(request):
    """Return whether the answer may be public, by all that was asked for until now."""
    is_known = not asked_for_more(request) and getattr(request, "site_source", None) == "host"
    return is_known and not has_just_sent(request)


def observe(request):
    """Observe, from now on, which cookies and headers anybody asks the request for."""
    request.COOKIES = Observed(request.COOKIES)
    request.environ = request.META = Observed(request.META)
    request.content_type, request.content_params = "", {}  # read of the headers already
    query = dict.get(request.META, "QUERY_STRING", "")
    with suppress(SuspiciousOperation):  # too many, for which the view will be answered with 400
        request.GET = Parameters(query.encode("latin-1", "replace"), encoding=request.encoding)
    request.as_sent = address_of(request), vars(request).get("GET")


def address_of(request):
    """Return what keys.py makes of the address, which a middleware may change."""
    header = partial(dict.get, request.META)
    return request.method, request.path, header("QUERY_STRING"), header("HTTP_HOST")


def is_as_sent(request):
    """Return whether a request has the address that the visitor asked for.

    Where it has another, a page would be kept at that one, and shown to whoever asks for it.
    """
    address, parameters = request.as_sent
    is_same = address == address_of(request) and parameters is vars(request).get("GET")
    return is_same and not getattr(parameters, "is_changed", False)


def is_observed(request):
    return isinstance(request.COOKIES, Observed) and isinstance(request.META, Observed)


def asked_for_more(request):
    """Return whether anybody asked for more than the address, or made it another."""
    if not is_observed(request) or not is_as_sent(request):
        return True  # a middleware has replaced something
    scheme = {settings.SECURE_PROXY_SSL_HEADER[0]} if settings.SECURE_PROXY_SSL_HEADER else set()
    return bool(request.COOKIES.asked - visitors_cookies() or request.META.asked - ADDRESS - scheme)


def has_opened_session(request):
    session = getattr(request, "session", None)
    return session is not None and (session.accessed or session.modified)


def is_logged_in(request):
    """Return whether anybody has found a user for a request without a session, by its address say.

    Django's own middleware looks for that into the session, which is empty and so tells nothing.
    """
    user, was_opened = vars(request).get("user"), has_opened_session(request)
    found = user is not None and user.is_authenticated
    if not was_opened and hasattr(request, "session"):
        request.session.accessed = False
    return found


def is_public(request, response):
    """Return whether the answer to a request that was observed is the same for everybody."""
    return (
        request.is_public
        and not has_opened_session(request)
        and not is_logged_in(request)
        and not asked_for_more(request)
        and not dict.__contains__(request.META, "CSRF_COOKIE_NEEDS_UPDATE")
        and (response.status_code in {200, *REDIRECTS} or hasattr(response, "of_site"))
        and not response.streaming
        and not response.cookies
        and not any(response.has_header(name) for name in OWN_IDEAS if not is_ours(response, name))
        and response.get("Vary", "").lower() in ("", "accept-encoding")
        and response.get("Content-Type", "").partition(";")[0] in CONTENT_TYPES
    )


def is_ours(response, name):
    """Return whether a header says what the page cache says of all that is public."""
    is_redirect = response.status_code in REDIRECTS
    return is_redirect and name == "Cache-Control" and response.get(name) == "no-cache"


def fresh(view):
    """Keep no answer of this view, anywhere, and give its forms a token of Django's."""

    @wraps(view)
    @never_cache
    def private_view(request, *args, **kwargs):
        request.is_public = False
        return view(request, *args, **kwargs)

    return private_view
