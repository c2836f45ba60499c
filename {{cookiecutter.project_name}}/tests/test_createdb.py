"""The command that makes the database."""

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sites.models import Site
from django.core import serializers
from django.core.management import call_command
from django.test import override_settings
from django.utils import translation
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.forms.models import Form
from mezzanine.pages.models import Page, RichTextPage

from homepage import content, demo


def everything():
    """Return all rows of the database, as JSON."""
    models = [model for model in apps.get_models() if model._meta.managed]
    return [serializers.serialize("json", model._base_manager.all()) for model in models]


def test_a_second_run_changes_nothing(db):
    before = everything()
    with override_settings(DEBUG=True):
        call_command("createdb", interactive=False, verbosity=0)
    assert everything() == before


def test_what_was_edited_stays_edited(db):
    Site.objects.update(domain="one.example")
    Setting.objects.filter(name="SITE_TITLE").update(value="Another title")
    Page.objects.filter(slug="about").delete()
    call_command("createdb", interactive=False, verbosity=0)
    assert Site.objects.get().domain == "one.example"
    assert Setting.objects.get(name="SITE_TITLE").value == "Another title"
    assert not Page.objects.filter(slug="about").exists()


def test_a_live_site_gets_its_own_domain_and_no_demo_pages(db):
    Page.objects.all().delete()
    Setting.objects.all().delete()
    Site.objects.update(domain="example.com")  # as migrate leaves it
    call_command("createdb", interactive=False, nodata=True, verbosity=0)
    assert Site.objects.get().domain == settings.FABRIC["LIVE_HOSTNAME"]
    assert {page.slug for page in Page.objects.all()} == {"/", "blog"}


def test_the_first_site_may_have_another_id(db, settings):
    settings.SITE_ID = 2
    Site.objects.create(id=2, domain="example.com")  # as migrate leaves it
    call_command("createdb", interactive=False, nodata=True, verbosity=0)
    titles = Setting._base_manager.filter(name="SITE_TITLE")
    assert titles.get(site=2).value == titles.get(site=1).value


@pytest.fixture
def speak(settings):
    """Return a function that makes a code the language of the project and of this test."""
    with translation.override(None):

        def speak(code):
            settings.LANGUAGE_CODE = code
            translation.activate(code)

        yield speak


def make_content():
    Page.objects.all().delete()
    BlogPost.objects.all().delete()
    call_command("createdb", interactive=False, verbosity=0)


def test_a_german_site_begins_with_german_content(db, speak, browse, home_page):
    speak("de")
    make_content()
    titles = {page.slug: page.titles for page in Page.objects.all()}
    assert titles == {
        "/": "Startseite",
        "blog": "Blog",
        "about": "Über uns",
        "about/team": "Über uns / Team",
        "about/history": "Über uns / Geschichte",
        "gallery": "Galerie",
        "contact": "Kontakt",
        "contact/legals": "Kontakt / Impressum",
    }
    assert {"hallo", "suppe-für-elf-stühle"} < {post.slug for post in BlogPost.objects.all()}
    form = Form.objects.get()
    assert form.content.startswith("<p>Füllen Sie")
    labels = [field.label for field in form.fields.all()]
    assert labels == ["Name", "E-Mail-Adresse", "Betreff", "Nachricht"]
    assert "Guten Morgen vom See" in browse().get("/").text


def test_a_language_without_translations_of_it_begins_with_the_content_in_english(db, speak):
    speak("fr")
    make_content()
    assert str(RichTextPage.objects.get(slug="about").content) == str(content.PAGES["about"])
    assert content.PAGES["about"].startswith("<p>We took over")


@pytest.mark.parametrize(("made", "removed"), [("de", "de"), ("de", "en"), ("en", "de")])
def test_it_is_removed_in_another_language_of_the_site(db, settings, speak, made, removed):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    speak(made)
    make_content()
    speak(removed)
    call_command("removedemo", verbosity=0)
    assert {page.slug for page in Page.objects.all()} == {"/", "blog"}
    assert not BlogPost.objects.exists()
    assert not demo.is_there()


@pytest.mark.parametrize("field", ["title", "content"])
def test_a_page_that_was_edited_stays(db, speak, field):
    speak("de")
    make_content()
    team = RichTextPage.objects.get(slug="about/team")
    setattr(team, field, "Unser")
    team.save()
    call_command("removedemo", verbosity=0)
    assert {page.slug for page in Page.objects.all()} == {"/", "blog", "about", "about/team"}
