"""Each page has an address that works, that no other has, and that lives on after a change."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from addresses import BLOG
from django.apps import apps
from django.db import connection
from django.forms import modelform_factory
from django.urls import reverse
from forms import fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import Link, Page, RichTextPage
from page_tree import add, change, errors_at, move, send, stored

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english")


@pytest.fixture(autouse=True)
def home_page(settings):
    """A page of the database is the home page, whatever the project has there."""
    settings.ROOT_URLCONF = "site_urls"


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


def opens(client, page, title):
    """Return whether the page, and no other, is shown with its title at its own address."""
    page = Page._base_manager.get(pk=page.pk)
    answer = client.get(page.get_absolute_url())
    shown = answer.status_code == 200 and answer.context["page"].pk == page.pk
    return shown and title in answer.text


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
    pages = Page.objects.filter(title="Team")
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


# What cannot be


@pytest.fixture
def tree():
    """Return a function that lists where all pages of all sites are, and in which order."""

    def listed():
        names = ("pk", "site_id", "parent_id", "_order", "slug", "titles")
        return list(Page._base_manager.order_by("pk").values_list(*names))

    return listed


def said(admin):
    """Return what the admin tells on its next page, a str."""
    return " ".join(str(message) for message in admin.get("/admin/pages/page/").context["messages"])


def test_a_page_is_not_moved_below_itself(admin, tree):
    about, team = stored("about"), stored("about/team")
    add(admin, "Ada", team)
    before = tree()
    for parent in (about, team, stored("about/team/ada")):
        assert move(admin, about, parent, [about.pk]).content == b"error"
        assert "cannot be below itself" in said(admin)
    assert tree() == before


def test_a_page_is_not_moved_onto_the_address_of_another(admin, tree):
    add(admin, "Another team", slug="gallery/team")
    before = tree()
    assert move(admin, stored("about/team"), stored("gallery")).content == b"error"
    assert "“Another team” has the address “gallery/team” already" in said(admin)
    assert tree() == before


def test_a_page_is_not_moved_where_one_below_it_meets_another(admin, tree):
    add(admin, "In the way", slug="gallery/about/team")
    before = tree()
    assert move(admin, stored("about"), stored("gallery")).content == b"error"
    assert "“Team” would move along" in said(admin)
    assert tree() == before


def test_a_page_is_not_moved_below_a_page_of_another_site(admin, other, tree):
    before = tree()
    for page, parent in ((stored("gallery"), other), (other, stored("gallery")), (other, None)):
        assert move(admin, page, parent).status_code == 404
    assert tree() == before


@pytest.mark.parametrize("value", ["x", "²", "-1", "ordering_", "9" * 30, "1.5", "undefined"])
@pytest.mark.parametrize("name", ["id", "parent_id"])
def test_what_is_no_page_is_not_moved(admin, tree, name, value):
    before = tree()
    assert move(admin, stored("gallery"), stored("about"), **{name: value}).status_code == 404
    assert tree() == before


@pytest.mark.parametrize("wrong", ["twice", "elsewhere", "another site", "nowhere"])
def test_an_order_that_cannot_be_is_refused_in_words(admin, other, tree, wrong):
    page, team, history = (stored(slug) for slug in ("gallery", "about/team", "about/history"))
    listed = {"twice": team, "elsewhere": stored("contact"), "another site": other}
    siblings = [team.pk, listed[wrong].pk if wrong in listed else "x", page.pk, history.pk]
    before = tree()
    assert move(admin, page, stored("about"), siblings).content == b"error"
    assert "have changed meanwhile" in said(admin)
    assert tree() == before


def test_a_page_that_a_colleague_has_added_comes_last(admin):
    about = stored("about")
    team, history = stored("about/team"), stored("about/history")
    add(admin, "Ada", about)
    assert move(admin, history, about, [history.pk, team.pk]).content == b"ok"
    slugs = Page.objects.filter(parent=about).order_by("_order").values_list("slug", flat=True)
    assert list(slugs) == ["about/history", "about/team", "about/ada"]
    assert move(admin, team, None, []).content == b"ok"
    orders = [page._order for page in Page.objects.filter(parent=None).order_by("_order")]
    assert orders == [*range(len(orders))]
    assert Page.objects.filter(parent=None).order_by("_order").last().pk == team.pk


@pytest.mark.parametrize("parent", ["x", "9" * 30, "-1", "999999", "another site"])
def test_a_page_is_not_added_below_what_is_not_there(admin, other, tree, parent):
    value = other.pk if parent == "another site" else parent
    path = reverse("admin:pages_richtextpage_add")
    before = tree()
    answer = admin.get(f"{path}?parent={value}", follow=True)
    assert "no longer there" in " ".join(str(each) for each in answer.context["messages"])
    sent = fields_of(admin.get(path), "#richtextpage_form") | {"title": "New", "in_menus": []}
    answer = admin.post(f"{path}?parent={value}", sent | {"content": "What staff wrote"})
    assert answer.status_code == 200
    assert "no longer there" in answer.text
    assert "What staff wrote" in answer.text
    assert tree() == before


@pytest.mark.parametrize("name", ["change", "delete"])
@pytest.mark.parametrize("number", ["x", "9" * 30, "-1"])
def test_there_is_no_page_without_a_number(admin, name, number):
    path = reverse(f"admin:pages_page_{name}", args=[number])
    assert admin.get(path).status_code == 404


@pytest.mark.parametrize("order", ["x", "-1", "9" * 30, ""])
def test_an_order_of_fields_that_cannot_be_is_no_error(admin, order):
    form = Page.objects.get(content_model="form")
    name = "fields-0-_order"
    assert change(admin, form, **{name: order}).status_code in (200, 302)


def test_pages_that_code_has_put_in_a_circle_can_be_mended(admin, browse):
    about, team = stored("about"), stored("about/team")
    about.parent = team
    about.save()
    assert change(admin, team, title="Our team").status_code == 302
    assert move(admin, about, None).content == b"ok"
    assert titles(team) == "About / Our team"
    for page in (about, team):
        assert opens(browse(), page, "")


def test_a_form_with_the_page_above_tells_what_cannot_be(other, home):
    kind = modelform_factory(RichTextPage, fields=["title", "parent"])
    about, team = (RichTextPage.objects.get(slug=slug) for slug in ("about", "about/team"))
    for parent, valid in ((home, True), (about, False), (team, False), (other, False)):
        form = kind({"title": "About", "parent": parent.pk}, instance=about)
        assert form.is_valid() == valid
        assert form.errors.keys() <= {"parent"}
