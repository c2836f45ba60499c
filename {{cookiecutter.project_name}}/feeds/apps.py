"""Feeds: tweets of users, lists and searches, kept in the database by `manage.py poll_twitter`."""

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.utils.translation import gettext_lazy as _


class FeedsConfig(AppConfig):
    name = "feeds"
    verbose_name = _("Tweets")

    def ready(self):
        """Let Mezzanine's page of settings hide the keys of X and refuse a query that is none."""
        from mezzanine.conf import admin

        from .forms import SettingsForm

        admin.SettingsForm = SettingsForm
        checks.register(default_query_type)


def default_query_type(app_configs, **kwargs):
    """Check what settings.py says; the page of settings offers no wrong one."""
    from .questions import SEARCH, TYPES

    type = getattr(settings, "TWITTER_DEFAULT_QUERY_TYPE", SEARCH)
    if type in dict(TYPES):
        return []
    text, hint = f"TWITTER_DEFAULT_QUERY_TYPE is {type!r}", "Type user, list or search."
    return [checks.Error(text, hint, id="feeds.E001")]
