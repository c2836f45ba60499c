"""The tree of pages: titles follow it, and what cannot be in it is refused in words."""

import pytest
from django.forms import modelform_factory
from django.urls import reverse
from forms import fields_of
from mezzanine.pages.models import Page, RichTextPage
from page_tree import add, change, move, opens, stored
from translated_texts import filled

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
    sent = fields_of(admin.get(path), "#richtextpage_form") | {"in_menus": []}
    sent = filled(sent, title="New", content="What staff wrote")
    answer = admin.post(f"{path}?parent={value}", sent)
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
