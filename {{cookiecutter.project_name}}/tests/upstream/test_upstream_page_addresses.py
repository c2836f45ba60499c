"""Faults of Mezzanine in the addresses of pages."""

from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.contrib.redirects.models import Redirect
from django.core.exceptions import MultipleObjectsReturned
from django.http import HttpResponseNotFound
from django.template import Engine
from django.template.loaders import filesystem
from mezzanine.core.middleware import RedirectFallbackMiddleware
from mezzanine.core.models import Slugged
from mezzanine.pages.models import Link, Page, RichTextPage
from originals import original

pytestmark = pytest.mark.django_db


def method(name):
    """Return a method of Page as Mezzanine has it, which is named by name."""
    return original(f"mezzanine.pages.models.Page.{name}")


@pytest.fixture
def mezzanines(monkeypatch):
    """Pages are saved as Mezzanine does it."""
    for name in ("save", "get_slug", "set_slug", "set_parent"):
        monkeypatch.setattr(Page, name, method(name))
    unique_slug = original("mezzanine.utils.urls.unique_slug")
    monkeypatch.setattr("mezzanine.core.models.unique_slug", unique_slug)


@pytest.mark.usefixtures("mezzanines")
def test_the_titles_of_pages_below_stay_as_they_were():
    page = Page.objects.get(slug="about")
    page.title = "Firm"
    page.save()
    assert Page.objects.get(slug="about/team").titles == "About / Team"


@pytest.mark.usefixtures("mezzanines")
def test_a_page_below_the_home_page_has_no_address():
    kid = RichTextPage.objects.create(title="Kid", parent=Page.objects.get(slug="/"))
    assert kid.slug == "//kid"
    assert RichTextPage.objects.create(title="!").slug == ""


@pytest.mark.usefixtures("mezzanines")
def test_pages_below_the_home_page_do_not_follow():
    home = Page.objects.get(slug="/")
    kid = RichTextPage.objects.create(title="Kid", slug="kid", parent=home)
    home.set_slug("start")
    assert Page.objects.get(pk=kid.pk).slug == "kid"


@pytest.mark.usefixtures("mezzanines")
def test_what_is_moved_leads_elsewhere():
    about, link = Page.objects.get(slug="about"), Link.objects.create(title="A", slug="/blog/")
    for page, slug in ((Page.objects.get(slug="/"), "about//"), (link, "about//blog/")):
        page.set_parent(about)
        assert page.slug == slug


def test_no_address_is_made_of_one_that_two_have():
    for title in "ab":
        RichTextPage.objects.create(title=title, slug="same")
    with pytest.raises(MultipleObjectsReturned):
        original("mezzanine.utils.urls.unique_slug")(Page.objects.all(), "slug", "same")
    assert original("mezzanine.utils.urls.unique_slug")(Page.objects.all(), "slug", "") == ""


def test_a_template_with_a_long_name_is_an_error():
    with pytest.raises(OSError, match="File name too long"):
        filesystem.Loader(Engine(dirs=["/"])).get_template("x" * 256)


def test_two_can_have_one_address():
    page = RichTextPage(title="New", slug="about", content="x", site_id=1)
    super(Slugged, page).validate_unique()
    with pytest.raises(LookupError):
        original("mezzanine.core.models.Slugged.validate_unique")


def test_an_address_can_be_one_that_no_browser_asks_for():
    form = SimpleNamespace(instance=RichTextPage(), cleaned_data={"slug": "about/../team"})
    assert original("mezzanine.pages.admin.PageAdminForm.clean_slug")(form) == "about/../team"


def test_a_page_is_added_below_what_is_not_there(ask, user):
    page, request = RichTextPage(title="New"), ask("post", "/?parent=x", user=user)
    save_model = original("mezzanine.pages.admin.PageAdmin.save_model")
    with pytest.raises(ValueError, match="expected a number"):
        save_model(admin.site._registry[RichTextPage], request, page, None, change=False)


def test_a_link_hides_the_page_that_it_leads_to():
    Link.objects.create(title="A link", slug="bread")
    RichTextPage.objects.create(title="Bread", slug="bread")
    path = "mezzanine.pages.managers.PageManager.with_ascendants_for_slug"
    assert original(path)(Page.objects, "bread")[0].title == "A link"


def test_browsers_keep_a_redirect_for_ever(ask):
    Redirect.objects.create(site_id=1, old_path="/old/", new_path="/new/")
    leads = RedirectFallbackMiddleware(lambda _: HttpResponseNotFound())
    answer = leads(ask("get", "/old/"))
    assert answer.status_code == 301
    assert not answer.has_header("Cache-Control")
    assert leads(ask("get", "/old/?page=2")).status_code == 404
