"""The settings of the feeds, under the names that Mezzanine gave them; README.md has more.

Each site has its own, edited in the admin. One that settings.py fixes is the same for all sites
and is not shown there.
"""

import os

from django.utils.translation import gettext_lazy as _
from mezzanine.conf import register_setting

from .credentials import NAMES
from .questions import SEARCH, TYPES

register_setting(
    name="TWITTER_DEFAULT_QUERY_TYPE",
    label=_("Type of the default query"),
    description=_("What the tweets of the default feed are: those of a user, a list or a search."),
    editable=True,
    default=SEARCH,
    choices=TYPES,
)

register_setting(
    name="TWITTER_DEFAULT_QUERY",
    label=_("Default query"),
    description=_(
        "The name of the user, the address of the list or the words of the search."
        " While it is empty there is no default feed."
    ),
    editable=True,
    default="",
)

register_setting(
    name="TWITTER_DEFAULT_NUM_TWEETS",
    label=_("Number of tweets"),
    description=_("How many tweets the default feed shows."),
    editable=True,
    default=3,
)

for name, label in zip(
    NAMES,
    [
        _("API key"),
        _("API key secret"),
        _("Access token"),
        _("Access token secret"),
        _("Bearer token, instead of the four keys"),
    ],
    strict=True,
):
    register_setting(
        name=name,
        label=label,
        description=_("From https://console.x.com"),
        editable=True,
        default="",
    )

register_setting(
    name="TWITTER_DAILY_BUDGET",
    label=_("Budget of a day"),
    description=_(
        "US dollars that X may charge a day (UTC), at most. Sites with the same keys share it."
    ),
    editable=True,
    default=1.0,
)

for name, label, minutes in (
    ("TWITTER_USER_INTERVAL", _("Interval of users"), 10),
    ("TWITTER_LIST_INTERVAL", _("Interval of lists"), 60),
    ("TWITTER_SEARCH_INTERVAL", _("Interval of searches"), 10),
):
    register_setting(
        name=name,
        label=label,
        description=_("Minutes from one question to the next; at least those of the cron job."),
        editable=True,
        default=minutes,
    )

register_setting(
    name="TWITTER_API_URL",
    description=_("Where the API is. Unencrypted, http, only on this machine, for tests."),
    default=os.environ.get("TWITTER_API_URL", "https://api.twitter.com"),
)
