"""Mezzanine's tabs for the languages of a text in the admin, with what they lack."""

from django.forms import Script
from mezzanine.core.admin import BaseTranslationModelAdmin

OF_MEZZANINE = BaseTranslationModelAdmin.Media


class Media:
    js = [*OF_MEZZANINE.js, Script("languages/tabs.js", type="module")]
    css = {"all": [*OF_MEZZANINE.css["all"], "languages/tabs.css"]}


def install():
    BaseTranslationModelAdmin.Media = Media
