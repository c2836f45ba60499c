"""The texts that a page has in each language, with USE_MODELTRANSLATION."""

from modeltranslation.translator import TranslationOptions, register

from .models import HomePage, Section


@register(HomePage)
class HomePageOptions(TranslationOptions):
    fields = ()


@register(Section)
class SectionOptions(TranslationOptions):
    fields = ("title", "text", "picture_text", "link_text")
