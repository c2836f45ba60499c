"""The look of the site: templates and static files, before those of Mezzanine."""

from django.apps import AppConfig


class ThemeConfig(AppConfig):
    name = "theme"

    def ready(self):
        """Draw avatars here, where Mezzanine asks gravatar.com and tells it who reads what; and
        give its form of settings the fields for the look of the site."""
        from mezzanine.conf import forms
        from mezzanine.core.templatetags import mezzanine_tags

        from .avatars import avatar_url
        from .forms import SettingsForm

        forms.SettingsForm = SettingsForm

        mezzanine_tags.gravatar_url = avatar_url
        mezzanine_tags.register.simple_tag(avatar_url, name="gravatar_url")
