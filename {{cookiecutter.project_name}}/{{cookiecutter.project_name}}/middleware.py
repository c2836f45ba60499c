"""Middleware of the project."""

import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import DatabaseError, DataError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.urls import NoReverseMatch
from django.utils.datastructures import MultiValueDictKeyError
from django.utils.deprecation import MiddlewareMixin

from multisite.hosts import hosts

# What SQLite's and PostgreSQL's adapters say, and Django of a field.
TOO_LARGE = re.compile("too large to convert|out of range")
LONG_NUMBER = re.compile("-?[0-9]{10,}")
NO_NUMBER = re.compile("expected a number but got '(.*)'", re.DOTALL)


class HealthMiddleware:
    """Answer /healthz, which a deploy asks before it lets visitors in: 200, or 503 and why.

    The text is the name of the release. It stands first, so it works under any host name. At
    /healthz/names are the names of all sites, for the server, which has their certificates signed.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info == "/healthz/names":
            return HttpResponse("\n".join(hosts.names()), content_type="text/plain")
        if request.path_info != "/healthz":
            return self.get_response(request)
        wrong = what_is_wrong()
        text = wrong or settings.BASE_DIR.parent.name
        return HttpResponse(f"{text}\n", content_type="text/plain", status=503 if wrong else 200)


def what_is_wrong():
    """Return a line about what keeps this process from serving the site, or None."""
    try:
        executor = MigrationExecutor(connection)
        if pending := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return f"not migrated: {pending[0][0]}"
    except DatabaseError as error:
        return f"the database does not answer: {error}"
    if getattr(staticfiles_storage, "hashed_files", None) == {}:
        return "there is no manifest of static files: collectstatic makes it"
    return None


class StrictTransportMiddleware:
    """Let browsers insist on HTTPS (RFC 6797) for a name that has a certificate that they trust.

    In CERTIFICATES/trusted such a name has a file, which says for how many seconds: more with each
    renewal that works. SECURE_HSTS_SECONDS, where it is a number, counts instead, and 0 takes back
    what browsers were told.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if settings.CERTIFICATES and request.is_secure():
            seconds = trusted_seconds(request.META.get("HTTP_HOST", ""))
            if not seconds:
                del response["Strict-Transport-Security"]
            elif settings.SECURE_HSTS_SECONDS is None:
                response["Strict-Transport-Security"] = f"max-age={seconds}"
            elif settings.SECURE_HSTS_SECONDS == 0:
                response["Strict-Transport-Security"] = "max-age=0"
        return response


def trusted_seconds(host):
    """Return for how long browsers may insist on HTTPS for a host, 0 where they do not trust it."""
    name = host.partition(":")[0].rstrip(".").lower()
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", name):
        return 0
    try:
        return int(Path(settings.CERTIFICATES, "trusted", name).read_text())
    except (OSError, ValueError):
        return 0


class UnicodeMiddleware:
    """Answer 400 to a NUL anywhere, which PostgreSQL takes in no text, and to another encoding.

    Browsers send UTF-8 alone, of which Django replaces what is wrong. wsgi.py says whether a
    request claims another encoding. Stands before all that asks the database about a visitor.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        # Asked without a trace, or the page would be private: see page_cache/observed.py.
        query = dict.get(request.META, "QUERY_STRING", "")
        cookies = [text for pair in dict.items(request.COOKIES) for text in pair]
        if "%00" in query or has_nul([request.path_info, *cookies]):
            return HttpResponseBadRequest("A NUL in the address or in a cookie", "text/plain")
        if not getattr(request, "is_utf_8", True):
            return HttpResponseBadRequest("Not UTF-8", "text/plain")
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if request.method == "POST":
            for name, values in request.POST.lists():
                if has_nul([name, *values]):
                    return HttpResponseBadRequest("A NUL in a form", "text/plain")
        return None


class NumberMiddleware(MiddlewareMixin):
    """Answer 404, not 500, to a number in an address or a form that no row of a database has.

    Views of Django's admin and of Mezzanine look for an ID that is no number, or is larger than
    the database's integers, as it was sent.
    """

    def process_exception(self, request, exception):
        is_number = isinstance(exception, (OverflowError, DataError))
        if not (is_number or type(exception) is ValueError):
            return  # or the page of a 404 would depend on the parameters: see page_cache/missing.py
        sent = {*request.path_info.split("/"), *all_values(request.GET), *all_values(request.POST)}
        if is_number:
            is_ours = TOO_LARGE.search(str(exception)) and any(map(LONG_NUMBER.fullmatch, sent))
        else:
            found = NO_NUMBER.search(str(exception))
            is_ours = found and found[1] in sent
        if is_ours:
            raise Http404("There is nothing with that number")


def all_values(query):
    return (value for _, values in query.lists() for value in values)


def has_nul(texts):
    return any("\0" in text for text in texts)


class MissingParameterMiddleware(MiddlewareMixin):
    """Answer 400, not 500, when a view asks for a parameter that the visitor left out.

    Several of Mezzanine's views take request.POST["id"] and the like for granted, and that "next"
    is an address.
    """

    def process_exception(self, request, exception):
        if isinstance(exception, MultiValueDictKeyError):
            return HttpResponseBadRequest(f"Missing parameter: {exception}", "text/plain")
        if isinstance(exception, NoReverseMatch):
            leads_to = request.GET.get("next", request.POST.get("next")) or ""
            names = [leads_to, *leads_to.split(":")]  # a namespace that there is not is named alone
            if any(f"'{name}'" in str(exception) for name in names):
                return HttpResponseBadRequest("No address: next", "text/plain")
        return None
