"""The dates at which something of a site is published or expires, without anybody's writing it."""

from datetime import UTC, datetime

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.db.models import Min, Q
from django.utils import timezone
from mezzanine.core.models import Displayable

from .heartbeat import heartbeat
from .reads import recorded

SECONDS = 600  # for which the first date is remembered


def key(site_id):
    return f"page_cache.dates.{site_id}"


def none_between(request, since, now):
    """Return whether no such date of the request's site lies between two Unix times.

    The database is asked once in each generation. While it is away, that is taken for granted.
    """
    known, site_id, generation = request.dates_of_site, request.site_id, request.generation
    if not known or known["generation"] != generation or known["since"] > since:
        try:
            with recorded(None), heartbeat.limit_kept():
                known = {"generation": generation, "since": since, "next": first(site_id, since)}
        except DatabaseError:
            return True
        cache.set(key(site_id), known, SECONDS)
        request.dates_of_site = known
    return known["next"] is None or now < known["next"]


def first(site_id, since):
    """Return the first date since a Unix time, a Unix time, or None."""
    moment = datetime.fromtimestamp(since, UTC)
    if not settings.USE_TZ:
        moment = timezone.make_naive(moment)
    names = ("publish_date", "expiry_date")
    asked = {name: Min(name, filter=Q(**{f"{name}__gte": moment})) for name in names}
    found = []
    for model in apps.get_models():
        if issubclass(model, Displayable) and not model._meta.parents and not model._meta.proxy:
            rows = model._base_manager.filter(site_id=site_id)
            found += rows.aggregate(**{f"first_{name}": asked[name] for name in names}).values()
    return min((date.timestamp() for date in found if date), default=None)
