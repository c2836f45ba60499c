"""Each page has an address that works, that no other has, and that lives on after a change."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from addresses import BLOG
from django.apps import apps
from django.db import connection
from mezzanine.pages.models import Link, Page, RichTextPage
from page_tree import add, change, move, stored

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english")


@pytest.fixture
def admin(browse):
    return browse("admin")


@pytest.fixture
def home(db):
    return stored("/")


def opens(client, page, title):
    """Return whether the page has its title at its own address."""
    page = Page._base_manager.get(pk=page.pk)
    answer = client.get(page.get_absolute_url())
    return answer.status_code == 200 and title in answer.text


# Below the home page


def test_a_page_below_the_home_page_opens(admin, browse, home):
    assert add(admin, "Kid two", home).status_code == 302
    kid = Page.objects.get(title="Kid two")
    assert kid.parent_id == home.pk
    assert kid.get_absolute_url() == "/kid-two/"
    assert opens(browse(), kid, "Kid two")


def test_pages_below_the_home_page_open_at_any_depth(admin, browse, home):
    parent = home
    for title in ("One", "Two", "Three"):
        add(admin, title, parent)
        parent = Page.objects.get(title=title)
        assert opens(browse(), parent, title)
    assert parent.slug == "one/two/three"


def test_a_page_that_is_moved_below_the_home_page_opens(admin, browse, home):
    team = stored("about/team")
    for parent, address in ((home, "/team/"), (None, "/team/"), (stored("about"), "/about/team/")):
        assert move(admin, team, parent).content == b"ok"
        assert Page.objects.get(pk=team.pk).get_absolute_url() == address
        assert opens(browse(), team, "Team")


def test_a_branch_that_is_moved_below_the_home_page_opens(admin, browse, home):
    about = stored("about")
    assert move(admin, about, home).content == b"ok"
    for page in (about, stored("about/team")):
        assert opens(browse(), page, page.title)


def test_pages_below_the_home_page_follow_its_address(admin, browse, home):
    add(admin, "Kid", home)
    kid = Page.objects.get(title="Kid")
    for slug, address in (("start", "start/kid"), ("/", "kid")):
        assert change(admin, home, slug=slug).status_code == 302
        assert Page.objects.get(pk=kid.pk).slug == address
        assert opens(browse(), kid, "Kid")
        assert opens(browse(), home, home.title)


def test_another_page_becomes_the_home_page(admin, browse, home):
    about, team = stored("about"), stored("about/team")
    assert change(admin, home, slug="former").status_code == 302
    assert change(admin, about, slug="/").status_code == 302
    assert "About" in browse().get("/").text
    assert Page.objects.get(pk=team.pk).slug == "team"
    for page in (home, about, team):
        assert opens(browse(), page, page.title)


def test_the_home_page_stays_at_home_where_it_is_moved(admin, browse, home):
    assert move(admin, home, stored("about")).content == b"ok"
    assert "Home" in browse().get("/").text
    assert stored("/").pk == home.pk


# Below other pages whose address is no beginning of one


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://example.com/", "/kid/"),
        ("//example.com", "/kid/"),
        ("mailto:ada@example.com", "/kid/"),
        ("#top", "/kid/"),
        ("/about/?page=2", "/kid/"),
        ("/products/", "/products/kid/"),
        ("products", "/products/kid/"),
    ],
)
def test_a_page_below_a_link_opens(admin, browse, link, address):
    assert add(admin, "A link", kind="link", slug=link).status_code == 302
    add(admin, "Kid", Page.objects.get(title="A link"))
    kid = Page.objects.get(title="Kid")
    assert kid.get_absolute_url() == address
    assert opens(browse(), kid, "Kid")


def test_a_link_leads_to_where_it_did_when_it_is_moved(admin):
    link = Link.objects.create(title="A link", slug="/gallery/")
    for parent in (stored("about"), stored("/"), None):
        assert move(admin, link, parent).content == b"ok"
        assert Page.objects.get(pk=link.pk).slug == "/gallery/"


def test_a_page_with_the_address_of_a_view_keeps_it_when_it_is_moved(admin, browse):
    slug = BLOG.strip("/")
    RichTextPage.objects.filter(slug="blog").update(slug=slug)
    assert move(admin, stored(slug), stored("about")).content == b"ok"
    assert stored(slug).parent.slug == "about"


def test_an_address_that_staff_typed_stays_when_the_page_is_moved(admin):
    page = RichTextPage.objects.create(title="X", slug="aboutness", parent=stored("about"))
    assert move(admin, page, stored("gallery")).content == b"ok"
    assert stored("aboutness").pk == page.pk


@pytest.mark.parametrize("title", ["!!!", "…", "🥖"])
def test_a_title_without_a_letter_makes_an_address(admin, browse, title):
    add(admin, title)
    page = Page.objects.get(title=title)
    assert opens(browse(), page, title)
    assert browse().get("/").status_code == 200


# What is there already


def migrate():
    module = import_module("page_addresses.migrations.0001_children_of_the_home_page")
    module.mend(apps, SimpleNamespace(connection=connection))


def test_pages_that_mezzanine_has_put_below_the_home_page_are_mended(browse, home):
    slugs = ["//kid", "//kid/below", "//about", "//example.com"]
    kid, below, about, link = (
        RichTextPage.objects.create(title=slug, slug="x", parent=home) for slug in slugs
    )
    for page, slug in zip((kid, below, about, link), slugs, strict=True):
        Page.objects.filter(pk=page.pk).update(slug=slug)
    Page.objects.filter(pk=link.pk).update(content_model="link")
    others = dict(Page.objects.exclude(slug__startswith="//").values_list("pk", "slug"))
    migrate()
    now = dict(Page.objects.values_list("pk", "slug"))
    assert [now[page.pk] for page in (kid, below)] == ["kid", "kid/below"]
    assert now[about.pk] == "about-1"
    assert now[link.pk] == "//example.com"
    assert now | others == now
    for page in (kid, below, about):
        assert opens(browse(), page, page.title)


# Titles


def titles(page):
    return Page._base_manager.get(pk=page.pk).titles


def test_the_titles_of_all_pages_below_follow(admin):
    team = stored("about/team")
    add(admin, "Ada", team)
    ada = stored("about/team/ada")
    assert change(admin, stored("about"), title="Firm").status_code == 302
    assert titles(ada) == "Firm / Team / Ada"
    assert move(admin, team, None).content == b"ok"
    assert titles(ada) == "Team / Ada"


def test_titles_that_are_longer_than_their_column_can_be_saved(admin):
    parent = None
    for number in range(3):
        add(admin, str(number) * 490, parent, slug=f"long{number}")
        parent = stored(f"long{number}")
    assert len(parent.titles) == 1000
