"""The site at hand: of the request, or of a command.

Session, host, MEZZANINE_SITE_ID, SITE_ID: the first that names a site decides, as in
https://mezzanine.readthedocs.io/en/latest/multi-tenancy.html. middleware.py decides for a request.
"""

import re
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings

from .for_settings import environment_site_id


class CurrentSite:
    """What Mezzanine asks first, in place of the thread-local of override_current_site_id.

    Overrides can be nested, and asyncio tasks see their own. While there is none, the request tells
    the site that the middleware has found, and without a request the environment or SITE_ID does.
    """

    _overrides = ContextVar("overrides", default=())

    @property
    def site_id(self):
        from mezzanine.core.request import current_request

        if overrides := self._overrides.get():
            return overrides[-1]
        if request := current_request():
            return request.site_id  # AttributeError, for Mezzanine to decide, where none is set
        return environment_site_id() or settings.SITE_ID

    @site_id.setter
    def site_id(self, value):
        self._overrides.set((*self._overrides.get(), value))

    @site_id.deleter
    def site_id(self):
        self._overrides.set(self._overrides.get()[:-1])


class CurrentRequest:
    """What Mezzanine's current_request() looks into, in place of its thread-local.

    It is looked into more than a hundred times a page. Threads and asyncio tasks see their own.
    """

    _request = ContextVar("request", default=None)

    @property
    def request(self):
        return self._request.get()

    @request.setter
    def request(self, request):
        self._request.set(request)


def get_current(manager, request=None):
    """Replace Site.objects.get_current(), which knows SITE_ID alone, in mails, feeds and more."""
    from mezzanine.utils.sites import current_site_id

    from .hosts import hosts

    if request is None:
        hosts.refresh()
    site_id = getattr(request, "site_id", None) or current_site_id()
    return hosts.site(site_id) or manager.get(pk=site_id)


def own_url(request, path="/"):
    """Return the address of that path on the own domain of the request's site.

    A port that the domain does not name is the one of the request, as with runserver.
    """
    domain = request.site.domain
    port = re.search(r":\d+$", request.get_host())
    if port and not re.search(r":\d+$", domain):
        domain += port[0]
    scheme = "https" if settings.SECURE_SSL_REDIRECT else request.scheme
    return f"{scheme}://{domain}{path}"


def install():
    """Let Mezzanine and Django ask for the current site here."""
    from django.contrib.sites.models import SiteManager
    from mezzanine.core import request
    from mezzanine.utils.sites import override_current_site_id

    request._thread_local = CurrentRequest()
    override_current_site_id.thread_local = CurrentSite()
    SiteManager.get_current = get_current


@contextmanager
def current_request_is(request):
    """Make this the request that Mezzanine's current_request() returns, and nothing afterwards."""
    from mezzanine.core import request as mezzanine

    outer = mezzanine.current_request()
    mezzanine._thread_local.request = request
    try:
        yield
    finally:
        mezzanine._thread_local.request = outer
