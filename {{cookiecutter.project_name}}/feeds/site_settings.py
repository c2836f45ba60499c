"""The settings of the feeds, of every site at once.

Mezzanine's settings are those of one site, the current one, and its way to make another one
current (override_current_site_id) neither nests nor suits a loop. So the rows are read here.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from mezzanine.conf import registry
from mezzanine.conf.models import Setting

from .credentials import NAMES, Credentials, clean_key
from .models import KEPT
from .questions import LIST, SEARCH, TYPES, USER

A_YEAR = 365 * 24 * 60  # minutes


@dataclass
class SiteSettings:
    credentials: Credentials
    default_type: str
    default_query: str
    default_wanted: int
    budget: int  # of a day, in 1/1000 US dollar
    intervals: dict  # a timedelta by type


def settings_of(site_ids):
    """Return the SiteSettings of each site, by its ID: one query."""
    rows = Setting._base_manager.filter(site__in=site_ids, name__startswith="TWITTER_")
    stored = {(row.site_id, row.name): row.value for row in rows}
    return {site_id: site_settings(site_id, stored) for site_id in site_ids}


def site_settings(site_id, stored):
    """Return the settings of one site; what settings.py says wins, as everywhere in Mezzanine."""

    def value(name):
        default = registry[name]["default"]
        found = getattr(settings, name, stored.get((site_id, name)))
        try:
            return default if found is None else type(default)(found)
        except ValueError:
            return default

    type_of_default = value("TWITTER_DEFAULT_QUERY_TYPE")

    return SiteSettings(
        credentials=Credentials(*(clean_key(value(name)) for name in NAMES)),
        default_type=type_of_default if type_of_default in dict(TYPES) else SEARCH,
        default_query=value("TWITTER_DEFAULT_QUERY").strip(),
        default_wanted=min(max(value("TWITTER_DEFAULT_NUM_TWEETS"), 0), KEPT),
        budget=int(min(value("TWITTER_DAILY_BUDGET"), 1_000_000) * 1000),
        intervals={
            type: timedelta(minutes=min(max(value(f"TWITTER_{type.upper()}_INTERVAL"), 0), A_YEAR))
            for type in (USER, LIST, SEARCH)
        },
    )
