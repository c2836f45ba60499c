"""The command that makes the database."""

from django.apps import apps
from django.conf import settings
from django.contrib.sites.models import Site
from django.core import serializers
from django.core.management import call_command
from django.test import override_settings
from mezzanine.conf.models import Setting
from mezzanine.pages.models import Page


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
