"""The demo content in English and German, in a project with USE_MODELTRANSLATION."""

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from homepage import demo
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import Page, RichTextPage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mezzanines_defaults")]


@pytest.fixture(autouse=True)
def addresses_with_languages(settings):
    settings.ROOT_URLCONF = f"{settings.PROJECT_APP}.urls"


@pytest.fixture(autouse=True)
def new_site(db):
    Page.objects.all().delete()
    BlogPost.objects.all().delete()
    call_command("createdb", interactive=False, verbosity=0)


def slugs():
    return {page.slug for page in Page.objects.all()}


@pytest.mark.parametrize(
    ("language", "home", "menu", "description"),
    [
        ("en", "Good morning from the lake", "About", "We took over the house"),
        ("de", "Guten Morgen vom See", "Über uns", "Als wir das Haus übernahmen"),
    ],
)
def test_a_new_site_begins_with_content_in_each_language(browse, language, home, menu, description):
    assert home in browse().get(f"/{language}/").text
    page = BeautifulSoup(browse().get(f"/{language}/about/").content, "html.parser")
    assert menu in page.title.text
    assert menu in page.select_one(f'nav a[href="/{language}/about/"]').text
    assert page.select_one("meta[name=description]")["content"].startswith(description)


def test_it_is_removed_in_all_languages(browse):
    call_command("removedemo", verbosity=0)
    assert slugs() == {"/", "blog"}
    assert not BlogPost.objects.exists()
    assert not demo.is_there()
    for language, word in (("en", "lake"), ("de", "See")):
        assert word not in browse().get(f"/{language}/").text


@pytest.mark.parametrize("field", ["title_en", "title_de", "content_en", "content_de"])
def test_what_was_edited_in_one_language_stays_in_all(field):
    team = RichTextPage.objects.get(slug="about/team")
    setattr(team, field, "Ours")
    team.save()
    call_command("removedemo", verbosity=0)
    assert slugs() == {"/", "blog", "about", "about/team"}
    kept = RichTextPage.objects.get(slug="about/team")
    for language in ("en", "de"):
        assert getattr(kept, f"title_{language}") == getattr(team, f"title_{language}")
        assert getattr(kept, f"content_{language}") == getattr(team, f"content_{language}")


def test_a_language_that_came_later_does_not_keep_it():
    for page in RichTextPage.objects.all():
        RichTextPage.objects.filter(pk=page.pk).update(title_en=None, content_en="")
    call_command("removedemo", verbosity=0)
    assert slugs() == {"/", "blog"}
