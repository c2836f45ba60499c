"""Feeds: tweets of users, lists and searches, kept in the database by `manage.py poll_twitter`."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    name = "feeds"

    def ready(self):
        """Let Mezzanine's page of settings hide the keys of X and refuse a query that is none."""
        from mezzanine.conf import admin

        from .forms import SettingsForm

        admin.SettingsForm = SettingsForm
