"""The admin of models with texts in one language, beside that of translated ones."""

from types import SimpleNamespace

from modeltranslation import admin
from modeltranslation.translator import NotRegistered, TranslationOptions, translator


def options_of(model):
    """Return the TranslationOptions of a model; they name no field where none is translated.

    With USE_MODELTRANSLATION, DisplayableAdmin and the inlines of Mezzanine are those of
    modeltranslation for every model, which refuse to start where a model names no fields.
    """
    try:
        return translator.get_options_for_model(model)
    except NotRegistered:
        return TranslationOptions(model)


def install():
    admin.translator = SimpleNamespace(get_options_for_model=options_of)
