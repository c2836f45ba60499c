"""The page that says that there is none at an address: made once for each site, and kept.

So a robot that tries thousands of addresses makes one page, and leaves nothing behind. Where the
page shows the address, as in a link to log in, that is put into it. A template that is another for
each address in a different way is rendered each time, as by Mezzanine.
"""

import time
from copy import copy
from functools import wraps
from urllib.parse import quote
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.contrib.redirects.models import Redirect
from django.core.cache import cache
from django.db import connections, router
from django.http import HttpResponseNotFound
from django.utils.encoding import escape_uri_path, iri_to_uri
from django.utils.html import escape
from django.utils.translation import get_language
from mezzanine.core import views as mezzanine
from mezzanine.core.request import current_request
from mezzanine.pages import page_processors
from mezzanine.pages.models import Page
from mezzanine.pages.views import page as page_view
from mezzanine.utils.urls import home_slug

from multisite.current import current_request_is
from page_addresses.middleware import addresses

from . import generation, kept, keys, reads, rules
from .locking import only_one
from .observed import EVERYTHING, Path

# The ways in which a template writes the path of a request.
FORMS = (
    str,
    escape,
    quote,
    lambda path: quote(path, ""),
    lambda path: escape(iri_to_uri(path)),
)
SIGNS = "&'é"  # each form writes them otherwise

# What Django, Mezzanine and this project put on a request. Whatever else is there, a middleware has
# made of the address, or of the parameters, and the page may show it.
OF_ALL = {
    *["COOKIES", "GET", "LANGUAGE_CODE", "META", "content_params", "content_type", "environ"],
    *["get_host", "method", "path", "path_info", "resolver_match", "session", "user", "auser"],
    *["_cached_user", "_current_scheme_host", "_dont_enforce_csrf_checks", "_encoding", "_files"],
    *["_messages", "_post", "_read_started", "_stream", "csrf_processing_done", "is_utf_8"],
    *["as_sent", "dates_of_site", "generation", "is_public", "page", "pages_of_missing"],
    *["redirects", "shared", "site", "site_id", "site_source", "start_of_keys"],
}

# Which pages have an address, or one above it, and which redirects begin at it.
ABOVE = """
SELECT slug, content_model, login_required FROM {pages} WHERE site_id = %s AND slug IN ({slugs})
UNION ALL
SELECT old_path, new_path, NULL FROM {redirects} WHERE site_id = %s AND old_path IN ({paths})
"""


def key_of(request):
    return keys.key(request, "", "404")


def page_not_found(request, exception=None, **kwargs):
    """Answer 404: handler404 of urls.py."""
    if not hasattr(request, "user"):  # middleware says so before anybody has asked who it is
        request.user = AnonymousUser()
    vars(request).pop("page", None)  # one above it, which menus would mark: this is no page of it
    page = of_site(request) if may_be_kept(request) else None
    if not page or "made_for" not in page or not page["asked"].isdisjoint(request.GET):
        return mezzanine.page_not_found(request, exception, **kwargs)
    text = put(page["content"], page["made_for"], request.path)
    response = HttpResponseNotFound(text, headers=page["headers"])
    response.of_site = page
    return response


def may_be_kept(request):
    """Return whether nothing but the path of a request is known until now, that pages may show."""
    if not getattr(request, "is_public", False) or rules.is_logged_in(request):
        return False
    has_own = not vars(request).keys() <= OF_ALL or request.GET.asked or has_message(request)
    is_usual = getattr(request, "LANGUAGE_CODE", get_language()) == get_language()
    return is_usual and not has_own and request.generation  # without a cache there is none


def has_message(request):
    messages = vars(request).get("_messages")
    return messages is not None and messages.added_new


def forms(path):
    return [form(path).encode("utf-8", "replace") for form in FORMS]


def put(text, was, path):
    """Return the text of an answer, bytes, for another path; was has the forms() of the first."""
    for old, new in zip(was, forms(path), strict=True):
        text = text.replace(old, new)
    return text


def of_site(request):
    """Return the page for all missing addresses in the present language.

    It lacks the key "made_for" where it is not the same for all.
    """
    if page := that_holds(request):
        return page
    pages, language, now = pages_of(request), get_language(), time.time()
    page, key = pages.get(language), key_of(request)
    with only_one(key) as free:
        if not free and page and now < page["checked"] + 1:
            return page
        page = make(request, page, now)
        cache.set(key, pages | {language: page}, kept.HOUR)
    return page


def pages_of(request):
    """Return the pages that PageCacheMiddleware has found, a dict by language."""
    return getattr(request, "pages_of_missing", None) or {}


def that_holds(request):
    """Return the page that is kept for the present language, or None where another has to be."""
    pages, now, current = pages_of(request), time.time(), getattr(request, "generation", None)
    page = pages.get(get_language())
    if not page or not current:
        return None
    if not kept.is_current(page, request, now):
        if not kept.renew(page, current, now):
            return None
        cache.set(key_of(request), pages, kept.HOUR)
    return page


def make(request, last, now):
    """Return the page, made for two addresses that nobody asks for: it has to be the same."""
    path, other = f"/{uuid4().hex}{SIGNS}/", f"/x/{uuid4().hex}{SIGNS}"
    with generation.noticed() as writes, reads.recorded(reads.Reads()):
        one, two = render(request, path), render(request, other)
        page = kept.new(one, request.generation, now, last)
    page |= {"content": one.content, "asked": one.asked | two.asked}
    expected = HttpResponseNotFound(put(one.content, forms(path), other))
    same = kept.text_of(two) == kept.text_of(expected)
    if same and not writes and one.is_public and two.is_public and EVERYTHING not in page["asked"]:
        page["made_for"] = forms(path)
    return page


def render(request, path):
    """Return Mezzanine's answer for a path, with what it asked for: .is_public, .asked."""
    asked = copy(request)
    for name in ("page", "GET"):
        vars(asked).pop(name, None)
    asked.META = untraced(request.META) | {"PATH_INFO": path, "QUERY_STRING": ""}
    asked.COOKIES = untraced(request.COOKIES)
    parts = []  # what was asked of the path but the whole
    asked.path = Path(request.path.removesuffix(request.path_info) + path, parts)
    asked.path_info, asked.resolver_match = Path(path, parts), None
    asked.get_full_path = lambda *args: Path(escape_uri_path(asked.path), parts)
    asked.user = AnonymousUser()
    rules.observe(asked)
    with current_request_is(asked):
        response = mezzanine.page_not_found(asked)
    response.of_site = True
    response.is_public = not parts and rules.is_public(asked, response)
    depends_on = keys.asked_by_views(asked)
    response.asked = {EVERYTHING} if isinstance(depends_on, str) else {*depends_on}
    return response


def untraced(observed):
    """Return a dict of what an Observed has, which does not notice that."""
    return dict(dict.items(observed))


def narrow(with_ascendants_for_slug):
    """Ask for three columns first, where the site was asked for a missing address before."""

    @wraps(with_ascendants_for_slug)
    def narrowed(manager, slug, **kwargs):
        request = current_request()
        if request and is_missing(request, slug):
            return []
        return with_ascendants_for_slug(manager, slug, **kwargs)

    return narrowed


def is_missing(request, slug):
    """Return whether the answer will be 404 for certain: no page has that slug, published or not.

    Nor has one above it something to say about those below: a log-in, or a processor.
    """
    match = getattr(request, "resolver_match", None)
    if not (match and match.func is page_view and getattr(request, "is_public", False)):
        return False
    if not that_holds(request):
        return False
    parts = (home_slug() if slug == "/" else slug).split("/")
    slugs = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    rows, found = above(request.site_id, slugs, addresses(request, keys.query_of(request)))
    request.redirects = found  # RedirectFallbackMiddleware would ask for them
    return not any(
        found == slug or login_required or has_processors(f"slug:{found}", content_model)
        for found, content_model, login_required in rows
    )


def above(site_id, slugs, paths):
    """Return the rows of pages that have those slugs, and the new path by each of the old ones."""
    with connections[router.db_for_read(Page)].cursor() as cursor:
        sql = ABOVE.format(
            pages=Page._meta.db_table,
            slugs=", ".join(["%s"] * len(slugs)),
            redirects=Redirect._meta.db_table,
            paths=", ".join(["%s"] * len(paths)),
        )
        cursor.execute(sql, [site_id, *slugs, site_id, *paths])
        rows = cursor.fetchall()
    pages = [row for row in rows if row[2] is not None]
    return pages, {old: new for old, new, kind in rows if kind is None}


def has_processors(*names):
    known = page_processors.processors
    return any(not exact for name in names for _, exact in known.get(name, ()))
