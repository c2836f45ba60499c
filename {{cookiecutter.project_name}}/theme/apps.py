"""The look of the site: templates and static files, before those of Mezzanine."""

from django.apps import AppConfig


class ThemeConfig(AppConfig):
    name = "theme"

    def ready(self):
        """Draw avatars here, where Mezzanine asks gravatar.com and tells it who reads what; and
        give its forms fields for the look of the site, and lists that name their empty choice."""
        from mezzanine.conf import forms
        from mezzanine.core.templatetags import mezzanine_tags
        from mezzanine.forms import fields

        from .avatars import avatar_url
        from .forms import Select, SettingsForm

        forms.SettingsForm = SettingsForm
        fields.WIDGETS.setdefault(fields.SELECT, Select)  # FORMS_EXTRA_WIDGETS may have another

        mezzanine_tags.gravatar_url = avatar_url
        mezzanine_tags.register.simple_tag(avatar_url, name="gravatar_url")
