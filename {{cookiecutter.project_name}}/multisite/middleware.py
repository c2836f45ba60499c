"""The site of a request: decided by its host first, then, for those who may, by its session."""

import logging

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sites.models import Site
from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.http import (
    FileResponse,
    HttpResponseForbidden,
    HttpResponseNotFound,
    HttpResponsePermanentRedirect,
)
from django.http.request import split_domain_port
from django.shortcuts import render
from django.urls import reverse
from mezzanine.core import middleware as mezzanine

from .allowed import PREFIX
from .current import current_request_is, own_url
from .for_settings import VARIABLE, environment_site_id
from .hosts import hosts, is_domain
from .permissions import may_use, sites_of

logger = logging.getLogger(__name__)


def put_site(request, site_id, source):
    """Say on the request which site it is for, an int and a Site, and what has decided that."""
    request.site_id, request.site_source = site_id, source
    request.site = hosts.site(site_id)


class SiteMiddleware:
    """First of all middleware: sets site_id, site, and site_source, "host" or what comes next.

    A host of no site gets 404, an alias a redirect. In the place of Mezzanine's
    CurrentRequestMiddleware, it leaves no request behind on the thread.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        hosts.refresh()
        try:
            host = request.get_host()
        except DisallowedHost:
            if not split_domain_port(request._get_raw_host())[0]:
                raise  # it is no host at all: 400
            return stranger(request)
        site_id, source = hosts.find(host), "host"
        if site_id is None:
            site_id, source = without_host()
        if site_id is None:
            return stranger(request)
        put_site(request, site_id, source)
        if source == "host" and not request.site:  # removed since it was found
            return stranger(request)
        request.get_host = lambda: host  # also if the site is removed before the answer is made
        asked_by_nginx = request.path_info.startswith(PREFIX)
        if source == "host" and not asked_by_nginx and not is_domain(host, request.site):
            return redirect_to_domain(request)
        with current_request_is(request):
            return kept_current(request, self.get_response(request))

    def process_exception(self, request, exception):
        """Answer for a site that was removed a moment ago as all processes soon will."""
        if isinstance(exception, Site.DoesNotExist):
            hosts.expire()
            return stranger(request)
        return None


def without_host():
    """Return the ID of the site for a host that none has, and where it is from, or None twice."""
    if (site_id := environment_site_id()) is not None:
        if not hosts.site(site_id):
            raise ImproperlyConfigured(f"{VARIABLE} is {site_id}, but no site has that ID")
        return site_id, "environment"
    if len(hosts) <= 1 or settings.DEBUG or settings.SITE_FALLBACK:
        return settings.SITE_ID, "default"
    return None, None


def stranger(request):
    if request.path_info.startswith(PREFIX):
        return HttpResponseForbidden()
    message = "There is no site of this name here.\n"
    if settings.DEBUG:
        message += f"To add it: nox -s manage -- addsite {request._get_raw_host()}\n"
    return HttpResponseNotFound(message, content_type="text/plain")


def redirect_to_domain(request):
    """Lead from an alias to the site's own domain; a form that was sent is sent again there.

    No browser keeps that: when the site is renamed back, it would lead in a circle.
    """
    return HttpResponsePermanentRedirect(
        own_url(request, request.get_full_path()),
        preserve_request=request.method not in ("GET", "HEAD"),
        headers={"Cache-Control": "no-cache"},
    )


def kept_current(request, response):
    """Let what is streamed, after all middleware, still see the request as the current one."""
    if response.streaming and not isinstance(response, FileResponse):
        wrap = streamed_async if response.is_async else streamed
        response.streaming_content = wrap(request, response.streaming_content)
    return response


def streamed(request, parts):
    parts = iter(parts)
    while True:
        with current_request_is(request):
            try:
                part = next(parts)
            except StopIteration:
                return
        yield part


async def streamed_async(request, parts):
    parts = aiter(parts)
    while True:
        with current_request_is(request):
            try:
                part = await anext(parts)
            except StopAsyncIteration:
                return
        yield part


class SessionSiteMiddleware:
    """After authentication: the site that staff have chosen in the admin, site_source "session".

    What the session names is believed for as long as the user may use that site. Without a session
    cookie the session is left alone, since a look into it makes the page one that varies by cookie.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if settings.SESSION_COOKIE_NAME in request.COOKIES and "site_id" in request.session:
            if site_id := session_site_id(request):
                put_site(request, site_id, "session")
            else:
                logger.warning("Site of the session refused: %r", request.session["site_id"])
                del request.session["site_id"]
        return self.get_response(request)


def session_site_id(request):
    """Return the ID in the session, an int, or None where the user may not use that site.

    A visitor who has not logged in may use any: only code of the project puts it there then.
    """
    try:
        site_id = int(request.session["site_id"])
    except (TypeError, ValueError):
        return None
    anonymous = SESSION_KEY not in request.session
    return (
        site_id if hosts.site(site_id) and (anonymous or may_use(request.user, site_id)) else None
    )


class SitePermissionMiddleware(mezzanine.SitePermissionMiddleware):
    """Staff have the admin of their own sites; at another they are told so, and stay logged in."""

    def process_view(self, request, view_func, view_args, view_kwargs):
        user = request.user
        user.has_site_permission = may_use(user, request.site_id)
        if user.has_site_permission or not user.is_staff:
            return None
        index, logout = reverse("admin:index"), reverse("admin:logout")
        if not request.path.startswith(index) or request.path == logout:
            return None
        context = {"sites": sites_of(user)}
        return render(request, "multisite/no_permission.html", context, status=403)
