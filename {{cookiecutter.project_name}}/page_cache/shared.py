"""What pages of a site have in common, such as the rows of their menus: asked once for each change.

It is kept like a page, with the statements that it was made of, and while the database answers
these as before, pages are made of what is kept. The statements are among those of each such page,
so that a change ends the pages that show it.
"""

import math
import pickle
import time

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import get_language
from mezzanine.core.request import current_request
from mezzanine.utils.sites import current_site_id

from . import dates, generation, kept, keys, reads
from .rules import asked_for_more

LARGEST = 300_000  # bytes of one part: all parts are one value, of which memcached takes 1 MB


def key_of(request):
    return keys.key(request, get_language(), kind="page_cache.shared")


def prepare(request):
    """Find out the generation for a private page of a visitor without a session.

    Before anything is asked of the database: what is found later is of this generation or the next.
    """
    is_read = request.method in ("GET", "HEAD")
    is_of_visitor = not dict.__contains__(request.COOKIES, settings.SESSION_COOKIE_NAME)
    is_of_host = getattr(request, "site_source", None) == "host"
    if settings.PAGE_CACHE_SECONDS and is_read and is_of_visitor and is_of_host:
        dates_key = dates.key(request.site_id)
        request.generation, found = generation.current_with(dates_key)
        request.dates_of_site = found.get(dates_key)


def is_possible(request):
    """Return whether once() can be asked: not by who has written what may not be committed,
    nor for another site than that of the request.
    """
    is_known = bool(getattr(request, "generation", None)) and not generation.written.get()
    return is_known and current_site_id() == request.site_id


def once(request, name, load):
    """Return what load() returns, of the database and the same for all visitors.

    It makes its queries itself: the time that is in others is over. name, a str, says what it is of
    the site and the present language. Only where is_possible().
    """
    parts, now = parts_of(request), time.time()
    part = parts.get(name)
    if not part or not kept.is_current(part, request, now):
        is_for_all = part and kept.renew(part, request.generation, now)
        if not is_for_all:
            part = make(request, load, now)
            is_whole = part["reads"] is not None and len(part["found"]) <= LARGEST
            is_for_all = is_whole and not asked_for_more(request)
        if is_for_all:
            parts[name] = part
            cache.set(key_of(request), parts, kept.HOUR)
    if page := reads.current.get():
        page.add(part["reads"], part["checked"])
    return pickle.loads(part["found"])  # noqa: S301 - of the cache, which pickles as well


def if_possible(name, load):
    """Return what once() does for the current request, else what load() does."""
    request = current_request()
    return once(request, name, load) if request and is_possible(request) else load()


def parts_of(request):
    """Return what is kept for the site and the present language, a dict by name."""
    key, (known, found) = key_of(request), vars(request).get("shared", ("", {}))
    if key != known:
        found = cache.get(key, {})
        request.shared = key, found
    return found


def make(request, load, now):
    with generation.noticed() as writes, reads.recorded(reads.Reads()) as asked:
        found = pickle.dumps(load())  # each who asks has a copy
    return {
        "generation": request.generation,
        "checked": now,
        "until": math.inf,  # nothing in it is of the clock
        "found": found,
        "reads": None if writes else asked.as_list(),
    }
