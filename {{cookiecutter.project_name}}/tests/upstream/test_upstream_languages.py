"""Faults of Mezzanine where there are several languages, or words that look like one."""

import inspect
import sys
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from mezzanine.core import managers
from mezzanine.utils.conf import set_dynamic_settings
from originals import original


@pytest.mark.usefixtures("in_english")
def test_an_address_that_begins_as_a_language_is_cut(settings):
    settings.LANGUAGES = [("en", "English")]
    assert original("mezzanine.utils.urls.path_to_slug")("/en-route/") == "-route"


def test_searching_knows_nothing_of_translations():
    assert "modeltranslation" not in inspect.getsource(managers)


def test_tabs_of_languages_hide_errors_and_do_not_work_in_new_rows():
    path = Path(finders.find("mezzanine/js/admin/tabbed_translation_fields.js"))
    script = path.read_text("utf-8")
    assert "tabs(" in script
    assert "errorlist" not in script
    assert "formset:added" not in script


def test_translations_are_off_where_their_package_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "modeltranslation", None)
    session = "django.contrib.sessions.middleware.SessionMiddleware"
    names = {"ALLOWED_HOSTS": ["x"], "TIME_ZONE": "UTC", "DATABASES": {}, "USE_I18N": True}
    lists = {"INSTALLED_APPS": [], "MIDDLEWARE": [session], "LANGUAGES": [("en", "")]}
    settings = {**names, **lists, "USE_MODELTRANSLATION": True}
    with pytest.warns(UserWarning, match="Disabling it"):
        set_dynamic_settings(settings)
    assert not settings["USE_MODELTRANSLATION"]
