"""Searching finds a text in the language of the visitor, and the one that is shown for want of it.

https://django-modeltranslation.readthedocs.io/en/latest/usage.html#fallback
"""

from functools import wraps

from mezzanine.core.managers import SearchableManager
from modeltranslation.settings import FALLBACK_LANGUAGES
from modeltranslation.translator import NotRegistered, translator
from modeltranslation.utils import build_localized_fieldname

get_search_fields = SearchableManager.get_search_fields


@wraps(get_search_fields)
def with_fallbacks(manager):
    """Return the fields to search in with their weights, a dict, those of fallbacks among them."""
    fields = get_search_fields(manager)
    try:
        translated = translator.get_options_for_model(manager.model).all_fields
    except NotRegistered:
        return fields
    languages = dict.fromkeys(code for codes in FALLBACK_LANGUAGES.values() for code in codes)
    return fields | {
        build_localized_fieldname(name, language): weight
        for name, weight in fields.items()
        if name in translated
        for language in languages
    }


def install():
    SearchableManager.get_search_fields = with_fallbacks
