"""Settings that follow from others, and addresses that look like a language."""

import subprocess
import sys

import mezzanine.urls
import pytest
from django.conf import settings as project_settings
from django.conf.urls.i18n import i18n_patterns
from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, include, path
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.urls import path_to_slug
from project_urls import urlpatterns, urls

from languages import for_settings
from languages.for_settings import LOCALE, SESSION, migration_modules, set_dynamic_settings
from multisite.stand_ins import called, within
from navigation import menus

ENGLISH, GERMAN = ("en", "English"), ("de", "Deutsch")


def dynamic(**changes):
    """Return what becomes of settings."""
    settings = {
        "INSTALLED_APPS": ["mezzanine.boot", "mezzanine.pages", "django.contrib.admin"],
        "MIDDLEWARE": ["first", SESSION, "last"],
        "LANGUAGE_CODE": "en",
        "LANGUAGES": [ENGLISH],
        "USE_I18N": True,
        "USE_MODELTRANSLATION": False,
    } | changes
    set_dynamic_settings(settings)
    return settings


def test_nothing_follows_from_the_settings_of_the_start():
    assert dynamic()["MIDDLEWARE"] == ["first", SESSION, "last"]
    assert dynamic()["INSTALLED_APPS"][1:] == ["mezzanine.pages", "django.contrib.admin"]


def test_with_several_languages_each_visitor_gets_their_own():
    assert dynamic(LANGUAGES=[ENGLISH, GERMAN])["MIDDLEWARE"] == ["first", SESSION, LOCALE, "last"]
    assert LOCALE not in dynamic(LANGUAGES=(ENGLISH, GERMAN), USE_I18N=False)["MIDDLEWARE"]
    for own in (LOCALE, "shop.middleware.LocaleMiddleware"):
        asked = (own, SESSION)
        assert dynamic(LANGUAGES=[ENGLISH, GERMAN], MIDDLEWARE=asked)["MIDDLEWARE"] == [*asked]


def test_one_language_is_that_of_the_language_code():
    assert dynamic(LANGUAGE_CODE="de")["LANGUAGES"] == [("de", "de")]
    assert dynamic(LANGUAGE_CODE="en")["LANGUAGES"] == [ENGLISH]


def test_optional_apps_are_those_that_are_installed():
    apps = dynamic(OPTIONAL_APPS=("json", "nosuchapp", "mezzanine.pages", "email.mime"))
    assert apps["INSTALLED_APPS"] == [
        *["mezzanine.boot", "mezzanine.pages", "json", "email.mime", "django.contrib.admin"]
    ]
    assert dynamic(OPTIONAL_APPS=["json"], INSTALLED_APPS=[])["INSTALLED_APPS"] == ["json"]


def test_translations_are_of_the_language_code_first(monkeypatch):
    monkeypatch.setattr(for_settings, "find_spec", lambda name: True)
    several = {"LANGUAGES": [ENGLISH, GERMAN], "USE_MODELTRANSLATION": True}
    settings = dynamic(LANGUAGE_CODE="de", **several)
    assert settings["MODELTRANSLATION_DEFAULT_LANGUAGE"] == "de"
    assert settings["INSTALLED_APPS"][:2] == ["mezzanine.boot", "modeltranslation"]
    settings = dynamic(MODELTRANSLATION_DEFAULT_LANGUAGE="en", LANGUAGE_CODE="de", **several)
    assert settings["MODELTRANSLATION_DEFAULT_LANGUAGE"] == "en"


def test_a_package_that_is_missing_is_named_with_what_to_type(monkeypatch):
    monkeypatch.setattr(for_settings, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match="add -r languages.in to requirements/project"):
        dynamic(USE_MODELTRANSLATION=True)


def test_fab_reads_the_settings_without_django():
    code = "import sys; from languages.for_settings import set_dynamic_settings as s;"
    code += f"d = {dict(LANGUAGE_CODE='en', LANGUAGES=[ENGLISH], USE_I18N=True)};"
    code += "d |= dict(USE_MODELTRANSLATION=True, INSTALLED_APPS=[], MIDDLEWARE=[]); s(d)"
    command = [sys.executable, "-S", "-c", code]  # -S: without the packages
    subprocess.run(command, cwd=project_settings.BASE_DIR, check=True)


def test_migrations_that_the_project_has_taken_over_are_found(tmp_path):
    assert migration_modules(tmp_path) == {}
    for name in ("pages", "blog"):
        folder = tmp_path / "migrations_of_packages" / name
        folder.mkdir(parents=True)
        folder.joinpath("__init__.py").touch()
    tmp_path.joinpath("migrations_of_packages/__pycache__").mkdir()
    found = {name: f"migrations_of_packages.{name}" for name in ("pages", "blog")}
    assert migration_modules(tmp_path) == found


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["", "-route", "-us-flights", "/about"])
def test_an_address_may_begin_as_a_language_does(browse, settings, end):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Locale" not in name]
    slug = project_settings.LANGUAGE_CODE + end
    assert path_to_slug(f"/{slug}/") == slug
    assert menus.path_to_slug(f"/{slug}/") == slug  # which says what is the current page
    RichTextPage.objects.create(title="Way", slug=slug, content="<p>On our way</p>")
    assert "On our way" in browse().get(f"/{slug}/", follow=True).text


@pytest.mark.parametrize(
    ("prefix", "path", "slug"),
    [
        *[("pages/", "/pages/about/", "about"), ("pages/", "/mypages/about/", "mypages/about")],
        *[("pages/", "/pages/", "/"), ("pages/", "/blog/", "blog"), ("", "/", "/")],
    ],
)
def test_what_pages_slug_puts_before_all_addresses_is_no_part_of_one(
    monkeypatch, prefix, path, slug
):
    monkeypatch.setattr("mezzanine.urls.PAGES_SLUG", prefix)
    assert path_to_slug(path) == slug


class Prefixed:
    """The addresses of a project that follows step 5 of its README."""

    urlpatterns = [*i18n_patterns(path("", include("mezzanine.urls"))), *urlpatterns]


def test_views_of_the_project_answer_where_addresses_begin_with_a_language(browse, settings):
    own = {called(each): each for each in urls.urlpatterns if isinstance(each, URLPattern)}
    theirs = {called(each): each for each in within(mezzanine.urls.urlpatterns)}
    both = {*own} & {*theirs}
    views = {"comment", "edit", "jsi18n", "password_reset", "rating", "robots.txt", "set_site"}
    assert views <= both
    assert [name for name in both if theirs[name].callback is not own[name].callback] == []
    settings.ROOT_URLCONF = Prefixed
    language = project_settings.LANGUAGE_CODE
    assert browse().get(f"/{language}/jsi18n/nothing/").status_code == 404
    what = {"content_type": "sessions.session", "object_pk": "1"}
    assert browse().post(f"/{language}/comment/", what).status_code == 400
