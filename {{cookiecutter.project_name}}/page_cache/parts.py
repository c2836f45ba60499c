"""Parts of private pages that are the same for everybody: made once, until a change ends them.

{% public footer %} in a template says which; the row of the page is one, too. Where nothing but the
address was asked until the end of a part, of a visitor without a session, it is as public as the
page would be, and is kept with all statements of the page so far (reads.py), for PAGE_CACHE_SECONDS
at most. On all other pages, public ones among them, it is made with the page.
"""

import pickle
import time
from contextlib import contextmanager, suppress
from functools import wraps

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import get_language
from mezzanine.core.request import current_request

from . import kept, keys, reads, shared
from .observed import Observed
from .rules import OWN_IDEAS, is_of_nobody, may_have_parts


def key_of(request):
    return keys.key(request, request.path, kind="page_cache.parts")


@contextmanager
def prepared(request):
    """Find what is kept for a private page, and record its reads where parts of it may be kept."""
    key = key_of(request) if hasattr(request, "site_id") else ""
    found = shared.prepare(request, key)
    is_observed = isinstance(request.COOKIES, Observed) and isinstance(request.META, Observed)
    if found is not None and is_observed and may_have_parts(request):
        request.parts, request.parts_shown = found.get(key, {}), set()
        yield
    else:
        with reads.recorded(None):
            yield


def are_prepared(request):
    return vars(request).get("parts") is not None


def are_possible(request):
    """Return whether the part that comes next may be shown to others, by all that was until now."""
    return (
        are_prepared(request)
        and not request.is_public
        and shared.is_possible(request)
        and reads.current.get() is not None
        and reads.current.get().complete
        and is_of_nobody(request)
    )


def once(request, name, make):
    """Return what make() returns, a str or bytes, or None where it cannot be kept.

    name is the only one of its kind on the page.
    """
    if not are_possible(request):
        return make()
    page, now, part = reads.current.get(), time.time(), request.parts.get(name)
    if part and (kept.is_current(part, request, now) or renew(request, part, now)):
        page.add(part["reads"])
        return part["made"]
    made = make()
    if made is not None and are_possible(request):
        begun = page.begun.timestamp()  # since then all of its statements may have been answered
        request.parts[name] = {
            "generation": request.generation,
            "checked": begun,
            "until": min(begun + settings.PAGE_CACHE_SECONDS, kept.end_of_day(begun)),
            "made": made,
            "reads": page.as_list(),
        }
        request.parts_changed = True
    return made


def show(request, name, render):
    """Return the text of the part of that name, which render() makes.

    Meanwhile request.is_public is true also on a private page, so that forms in it hold no token.
    """

    def make():
        was_public, request.is_public = request.is_public, True
        try:
            return render()
        finally:
            request.is_public = was_public

    if not (request and are_prepared(request) and is_of_nobody(request)):
        return render()
    if name in request.parts_shown:  # in a loop, say: nobody knows which of them it would be
        request.parts.pop(name, None)
        return make()
    request.parts_shown.add(name)
    return once(request, name, make)


def load_page(with_ascendants_for_slug):
    """Let private pages of one address share the row of the page, and those above it."""

    @wraps(with_ascendants_for_slug)
    def load(manager, slug, for_user=None, **kwargs):
        def make():
            return with_ascendants_for_slug(manager, slug, for_user=for_user, **kwargs)

        made = []

        def pickled():
            made.append(make())
            # A page type of the project may hold what cannot be pickled, such as a function.
            with suppress(pickle.PicklingError, AttributeError, TypeError):
                return pickle.dumps(made[0])

        request = current_request()
        is_for_visitor = for_user is not None and for_user is getattr(request, "user", None)
        if not (is_for_visitor and are_possible(request)):
            return make()
        of_manager = manager.model._meta.label, manager._db
        name = "page", *of_manager, slug, get_language(), *sorted(kwargs.items())
        found = once(request, name, pickled)
        return made[0] if made else pickle.loads(found)  # noqa: S301 - of the cache, as others

    return load


def renew(request, part, now):
    """Return whether the part holds, and note that; what the page has asked is not asked again."""
    known = reads.current.get().found
    asked = [each for each in part["reads"] if known.get((*each[:3],), ("",))[0] != each[3]]
    if now >= part["until"] or not reads.unchanged(asked):
        return False
    part |= {"generation": request.generation, "checked": now}
    request.parts_changed = True
    return True


def store(request, response):
    """Keep the parts that a request has made, unless the view has own ideas about keeping."""
    is_changed = vars(request).get("parts_changed") and response.status_code == 200
    if is_changed and not is_of_one_visitor(response):
        cache.set(key_of(request), request.parts, kept.HOUR)


def is_of_one_visitor(response):
    """Return whether a view has said that its page is for one visitor, or for once."""
    varies = {name.strip().lower() for name in response.get("Vary", "").split(",")}
    return (
        any(response.has_header(name) for name in OWN_IDEAS)
        or bool(varies - {"", "cookie", "accept-encoding"})
        or bool(response.cookies.keys() - {settings.CSRF_COOKIE_NAME})
        or "'nonce-" in response.get("Content-Security-Policy", "")
    )
