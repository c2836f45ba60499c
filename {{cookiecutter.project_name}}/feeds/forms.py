"""Mezzanine's form of settings, where the keys of X are not shown to whoever looks."""

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _
from mezzanine.conf import forms as mezzanine_forms
from mezzanine.utils.sites import current_site_id

from .credentials import NAMES
from .models import Feed
from .questions import plain


class KeyInput(forms.PasswordInput):
    """A password field that is empty: left so, the key stays. A box beside it removes the key."""

    def render(self, name, value, attrs=None, renderer=None):
        field = super().render(name, None, attrs, renderer)
        if not value:
            return field
        return field + format_html(
            ' <label class="inline"><input type="checkbox" name="{}-remove"> {}</label>',
            name,
            _("Remove the stored key"),
        )

    def value_from_datadict(self, data, files, name):
        return "" if f"{name}-remove" in data else data.get(name) or None


class KeyField(forms.CharField):
    """The text that was typed, "" to remove the key, or the key that is stored."""

    widget = KeyInput

    def clean(self, value):
        return self.initial if value is None else super().clean(value)

    def has_changed(self, initial, data):
        return data is not None and super().has_changed(initial, data)


class SettingsForm(mezzanine_forms.SettingsForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in NAMES:
            if name in self.fields:
                field = self.fields[name]
                options = {"label": field.label, "help_text": field.help_text}
                self.fields[name] = KeyField(required=False, initial=field.initial, **options)
                self.fields[name].validators = field.validators
                self.fields[name].widget.attrs["autocomplete"] = "new-password"

    def clean(self):
        cleaned = super().clean()
        query = cleaned.get("TWITTER_DEFAULT_QUERY")
        if query and "TWITTER_DEFAULT_QUERY_TYPE" in cleaned:
            try:
                plain(cleaned["TWITTER_DEFAULT_QUERY_TYPE"], query)
            except ValueError as error:
                self.add_error("TWITTER_DEFAULT_QUERY", str(error))
        return cleaned

    def save(self):
        """Save, and ask again at the next poll what waits because of the old keys or budget."""
        super().save()
        if any(name.startswith("TWITTER_") for name in self.changed_data):
            Feed.objects.filter(site_id=current_site_id()).update(not_before=None)
