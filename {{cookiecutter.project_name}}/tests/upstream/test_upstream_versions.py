"""What Mezzanine and Django no longer have in common."""

import importlib
from importlib.metadata import requires
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.staticfiles import finders
from django.core.cache.backends import memcached

pytestmark = pytest.mark.django_db


def test_mezzanine_declares_an_older_django():
    assert "django<5,>=2.2" in requires("mezzanine")


def test_mezzanines_own_tweets_cannot_be_imported():
    with pytest.raises(ImportError, match="utc"):
        importlib.import_module("mezzanine.twitter.models")


def test_mezzanine_leaves_the_type_of_its_keys_to_the_settings():
    assert not apps.get_app_config("blog")._is_default_auto_field_overridden


def test_django_has_no_cache_for_python_memcached():
    assert not hasattr(memcached, "MemcachedCache")


def test_a_style_sheet_of_mezzanine_names_a_file_that_is_not_there():
    text = Path(finders.find("css/bootstrap.css")).read_text("utf-8")
    assert "sourceMappingURL=bootstrap.css.map" in text
    assert not finders.find("css/bootstrap.css.map")
