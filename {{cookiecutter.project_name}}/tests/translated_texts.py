"""The names of texts in a project that has a field for each language, and in one that has not."""

from django.conf import settings


def code():
    return settings.LANGUAGE_CODE.replace("-", "_")


def column(name):
    """Return the column of a text that visitors see."""
    return f"{name}_{code()}" if settings.USE_MODELTRANSLATION else name


def filled(form, **texts):
    """Return the fields of a form of the admin, with others in their place, in each language."""
    codes = [language.replace("-", "_") for language, _ in settings.LANGUAGES]
    for name, value in texts.items():
        names = [f"{name}{part}_{each}" for each in codes for part in ("", "_modeltranslation")]
        form = form | dict.fromkeys([each for each in names if each in form] or [name], value)
    return form
