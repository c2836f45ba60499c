"""Choosing from many by searching, with Django's Select2, beside the jQuery of Mezzanine."""

from django import forms
from django.contrib.admin.widgets import AutocompleteSelectMultiple, get_select2_language
from django.forms.widgets import Script


class SearchedMultiple(AutocompleteSelectMultiple):
    """Django's widget, whose scripts run last and all together.

    Elsewhere they would come between those of the rich text editor, which would then find Django's
    jQuery in the place of Mezzanine's. Django's own is on every form of the admin.
    """

    @property
    def media(self):
        language = get_select2_language()
        names = ["navigation/jquery_of_django.js", "admin/js/vendor/select2/select2.full.js"]
        names += [f"admin/js/vendor/select2/i18n/{language}.js"] if language else []
        names += ["navigation/jquery_of_mezzanine.js", "admin/js/autocomplete.js"]
        styles = ["admin/css/vendor/select2/select2.css", "admin/css/autocomplete.css"]
        scripts = [Script(name, defer=True) for name in names]
        return forms.Media(js=scripts, css={"screen": styles})
