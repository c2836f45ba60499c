"""The texts that a page has in each language, with USE_MODELTRANSLATION."""

import mezzanine.pages.translation  # noqa: F401  (of Page, which HomePage inherits from)
from modeltranslation.translator import TranslationOptions, register

from .models import HomePage, Section


@register(HomePage)
class HomePageOptions(TranslationOptions):
    fields = ()


@register(Section)
class SectionOptions(TranslationOptions):
    fields = ("title", "text", "picture_text", "link_text")
