"""Each page has an address that works, that no other has, and that lives on after a change."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from addresses import BLOG
from django.apps import apps
from django.db import connection
from django.urls import reverse
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import Link, Page, RichTextPage
from page_tree import add, change, errors_at, move, opens, send, stored

pytestmark = pytest.mark.usefixtures(
    "mezzanines_base", "mezzanines_defaults", "in_english", "home_page"
)


@pytest.fixture
def admin(browse):
    return browse("admin")


@pytest.fixture
def home(db):
    return stored("/")


@pytest.fixture
def other(add_site):
    """A page of another site."""
    site = add_site("two.example")
    page = RichTextPage.objects.create(title="About", slug="about", content="x", site_id=site.pk)
    return stored(page.slug, site.pk)


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


# One address for each


@pytest.mark.parametrize("typed", ["about", "/about/", "about/", "//about//", " about "])
def test_an_address_that_a_page_has_is_told_at_the_field(admin, typed):
    pages = Page.objects.count()
    answer = add(admin, "New", slug=typed)
    assert answer.status_code == 200
    assert "“About” has the address “about” already" in errors_at(answer, "slug")
    assert Page.objects.count() == pages


def test_a_page_is_not_given_the_address_of_another(admin):
    gallery = stored("gallery")
    answer = change(admin, gallery, slug="about")
    assert "“About” has the address “about” already" in errors_at(answer, "slug")
    assert stored("gallery").pk == gallery.pk
    assert change(admin, gallery, slug="gallery").status_code == 302
    assert change(admin, gallery, slug="pictures").status_code == 302


def test_two_pages_with_a_title_have_two_addresses(admin, browse):
    for parent in (None, stored("about")):
        for _ in range(3):
            assert add(admin, "Team", parent).status_code == 302
    pages = Page.objects.filter(slug__contains="team")
    assert len({page.slug for page in pages}) == 7  # with the one that was there
    for page in pages:
        assert opens(browse(), page, "Team")


def test_a_page_is_saved_where_two_have_an_address_from_before(admin, browse):
    for title in ("One", "Two"):
        page = RichTextPage.objects.create(title=title, content=title)
        Page.objects.filter(pk=page.pk).update(slug="same")
    assert add(admin, "Same").status_code == 302
    assert opens(browse(), Page.objects.get(title="Same"), "Same")
    answer = change(admin, Page.objects.get(title="One"), title="Another")
    assert "“Two” has the address “same” already" in errors_at(answer, "slug")
    assert change(admin, Page.objects.get(title="One"), slug="other").status_code == 302


def test_an_address_that_a_page_below_would_get_is_told(admin):
    add(admin, "In the way", slug="firm/team")
    about = stored("about")
    answer = change(admin, about, slug="firm")
    words = "“Team” would move along to “firm/team”, which “In the way” has already"
    assert words in errors_at(answer, "slug")
    assert stored("about/team").parent_id == stored("about").pk


def test_an_address_that_a_page_below_a_link_would_get_is_told(admin):
    link = Link.objects.create(title="Products", slug="/products/")
    add(admin, "Rye", link)
    add(admin, "In the way", slug="goods/rye")
    words = "“Rye” would move along to “goods/rye”, which “In the way” has already"
    assert words in errors_at(change(admin, link, slug="/goods/"), "slug")
    assert change(admin, link, slug="/bread/").status_code == 302
    assert stored("bread/rye").parent_id == link.pk


def test_an_address_made_of_a_title_moves_no_page_below_onto_another(admin):
    add(admin, "In the way", slug="firm/team")
    answer = change(admin, stored("about"), title="Firm", slug="")
    assert "would move along" in errors_at(answer, "slug")
    assert stored("about").title == "About"


def test_the_address_of_the_home_page_is_of_one_page(admin, browse):
    answer = change(admin, stored("about"), slug="/")
    assert "“Home” has the address “/” already" in errors_at(answer, "slug")
    assert add(admin, "New", slug="/").status_code == 200


def test_each_site_has_its_own_addresses(browse, add_site):
    two = add_site("two.example")
    other = browse("admin", "two.example")
    assert add(other, "About").status_code == 302
    assert stored("about", two.pk).title == "About"
    assert add(other, "New", slug="about").status_code == 200
    assert add(other, "New", slug="gallery").status_code == 302


@pytest.mark.parametrize("slug", ["bread", "/bread/", "/"])
def test_a_link_hides_no_page(admin, browse, home, slug):
    assert add(admin, "A link", kind="link", slug=slug).status_code == 302
    assert add(admin, "Bread", slug="bread").status_code == 302
    page = RichTextPage.objects.get(slug="bread")
    for each in (home, page):
        assert opens(browse(), each, each.title)
    assert change(admin, page, title="Rye").status_code == 302
    assert opens(browse(), page, "Rye")


@pytest.mark.parametrize("slug", ["..", "about/../team", "./about", "."])
def test_an_address_that_no_browser_asks_for_is_told(admin, slug):
    answer = add(admin, "New", slug=slug)
    assert "can be “.” or “..”" in errors_at(answer, "slug")


@pytest.mark.parametrize(("title", "slug"), [("Admin", ""), ("X", "admin/x"), ("X", "FILES/x")])
def test_an_address_of_the_admin_or_of_files_is_told(admin, settings, title, slug):
    slug = slug.replace("FILES", settings.STATIC_URL.strip("/"))
    answer = add(admin, title, slug=slug)
    assert "Type another one" in errors_at(answer, "slug")
    assert not Page.objects.filter(title=title).exists()


def test_staff_are_told_where_visitors_see_a_view_of_the_project(admin):
    RichTextPage.objects.filter(slug="blog").delete()
    slug = BLOG.strip("/")
    words = f"At {BLOG} visitors see a view of the project"
    assert add(admin, "News", slug=slug).status_code == 302
    assert words in admin.get("/admin/pages/page/").text
    change(admin, stored(slug), title="Our news")
    assert words not in admin.get("/admin/pages/page/").text


def test_a_blog_post_with_the_address_of_another_is_told(admin, browse):
    (post,) = BlogPost.objects.all()
    path = reverse("admin:blog_blogpost_add")
    answer = send(admin, path, "blogpost", {"title": "B", "content": "<p>B</p>", "slug": post.slug})
    assert f"“{post.title}” has the address “{post.slug}” already" in errors_at(answer, "slug")
    assert browse().get(post.get_absolute_url()).status_code == 200
