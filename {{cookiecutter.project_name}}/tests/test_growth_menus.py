"""Menus cost what they show, not what there is, and templates find in them what they always did."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from growing import SHAPES, cost, grow_pages
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.pages.models import Page, RichTextPage
from page_tree import stored

from navigation.line import MOST
from navigation.tree import FEW, SUBMENUS, WHOLE

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "home_page"),
]

HEAVY = ("content", "description", "keywords_string")  # columns that no menu shows

WHOLE_TREE = """{% load pages_tags %}{% for page in page_branch %}
{% if page.in_menu %}<a href="<< page.get_absolute_url >>"><< page.title >></a>
{% if page.has_children_in_menu %}{% page_menu page %}{% endif %}{% endif %}{% endfor %}"""


@pytest.fixture
def own_menus(settings, tmp_path):
    """Return a function that writes a template of the project."""
    engine, *others = settings.TEMPLATES
    settings.TEMPLATES = [engine | {"DIRS": [tmp_path, *engine["DIRS"]]}, *others]

    def write(name, text):
        text = text.replace("<<", "{" * 2).replace(">>", "}" * 2)
        (tmp_path / name).write_text(text, "utf-8")

    return write


@pytest.fixture
def render(rf):
    """Return a function that renders a menu as it is at an address for a user."""

    def render(menu, address="/", user=None, **context):
        request = rf.get(address)
        request.user = user or AnonymousUser()
        template = Template('{% load pages_tags %}{% page_menu "' + menu + '" %}')
        return template.render(Context({"request": request} | context))

    return render


def texts(html, selector="a"):
    return [each.text.strip() for each in BeautifulSoup(html, "html.parser").select(selector)]


@pytest.mark.parametrize("address", ["in the tree", "/", "/no/such/page/"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_costs_at_1000_pages_what_it_costs_at_100(browse, monkeypatch, shape, address):
    page = grow_pages(100, shape)[95]
    address = page.get_absolute_url() if address == "in the tree" else address
    costs = []
    for more in (0, 900):
        grow_pages(more, shape, parent_id=page.parent_id) if more else None
        browse().get(address)
        with cost(monkeypatch) as found:
            size = len(browse().get(address).content)
        costs.append((len(found.statements), found.rows, size))
    (statements, rows, size), (later_statements, later_rows, later_size) = costs
    assert later_statements <= statements + 1
    assert later_rows <= rows + 4 * FEW
    assert later_size <= size * 1.3


def test_menus_load_no_column_that_they_do_not_show(render, monkeypatch):
    for number in (0, 100):
        grow_pages(number, "ten below each") if number else None
        with cost(monkeypatch) as found:
            render("pages/menus/tree.html")
        assert not [s for s in found.statements if any(f'."{name}"' in s for name in HEAVY)]


def test_whether_there_is_a_home_page_takes_no_statement_of_its_own(render, monkeypatch):
    grow_pages(200, "one level")
    Page.objects.filter(slug="/").update(in_menus=[])
    for number_of_homes in (1, 0):
        with cost(monkeypatch) as found:
            text = render("pages/menus/tree.html", "/no/such/page/")
        assert ("tree-menu-home" in text) == (not number_of_homes)
        assert len(found.statements) == 4  # the page at hand, how many, which, and their columns
        Page.objects.filter(slug="/").delete()


def test_the_second_level_of_all_menus_is_found_by_one_statement(browse, monkeypatch):
    grow_pages(100, "ten below each", in_menus=[2])
    for page in Page.objects.filter(slug__in=["about", "about/team"]):
        page.in_menus = [1, 2, 3]
        page.save()
    browse().get("/about/")
    with cost(monkeypatch) as found:
        html = browse().get("/about/").text
    below = [s for s in found.statements if "parent_id IN" in s and f"LIMIT {SUBMENUS + 1}" in s]
    assert len(below) == 1
    for menu in (".menu-1", ".nav-footer"):
        assert "Team" in " ".join(texts(html, menu))


def test_a_small_site_has_all_its_pages_in_its_menus(browse):
    html = browse().get("/about/").text
    for menu in ("#tree-menu-about-team", ".nav-footer", ".menu-1"):
        assert "Team" in " ".join(texts(html, menu))


def test_a_large_site_has_the_levels_down_to_the_page_in_its_tree(browse):
    pages = grow_pages(200, "ten below each")
    html = browse().get(pages[119].get_absolute_url()).text
    shown = texts(html, ".tree a")
    assert {"Page 0", "Page 10", "Page 19", "Page 110", "Page 119"} <= {*shown}
    assert not {"Page 20", "Page 100", "Page 120"} & {*shown}
    assert texts(html, ".crumbs li")[-3:] == ["Page 0", "Page 10", "Page 119"]


@pytest.mark.parametrize("number", [MOST, 200])
def test_a_wide_level_shows_the_first_pages_the_current_one_and_that_there_are_more(browse, number):
    pages = grow_pages(number, "one parent")
    assert Page.objects.count() > WHOLE
    html = browse().get(pages[50].get_absolute_url()).text
    shown = texts(html, ".navlist-menu-level-1 > li")
    assert shown == [*(f"Page {i}" for i in range(1, FEW + 1)), "Page 50", "…"]
    assert texts(html, ".active-branch > a") == ["Page 0", "Page 50"]


def test_the_levels_down_to_a_deep_page_are_found_by_a_plain_statement(browse, monkeypatch):
    page = grow_pages(100, "twelve deep")[94]
    with cost(monkeypatch) as found:
        html = browse().get(page.get_absolute_url()).text
    assert len(texts(html, ".active-branch > a")) == 11
    assert max(s.count("UNION ALL") for s in found.statements) < 5  # one for each menu


def test_pages_that_are_in_no_menu_do_not_take_the_place_of_others(browse, render):
    grow_pages(200, "one level", in_menus=[])
    (last,) = grow_pages(1, "one level", title="In the tree", in_menus=[2])
    assert "In the tree" in texts(render("pages/menus/tree.html"))
    assert "In the tree" not in texts(render("pages/menus/dropdown.html"))
    assert "…" not in render("pages/menus/tree.html")


@pytest.mark.parametrize("number", [0, 200])
def test_menus_have_no_page_that_the_visitor_may_not_see(render, add_site, number):
    grow_pages(number, "one parent") if number else None
    two = add_site("two.example")
    kinds = {"Draft": {"status": CONTENT_STATUS_DRAFT}, "For members": {"login_required": True}}
    for title, fields in (kinds | {"Another site's": {"site_id": two.pk}}).items():
        grow_pages(1, "one level", title=title, **(fields | {"_order": -1}))
    admin = get_user_model().objects.get(username="admin")
    for user, seen in ((None, set()), (admin, {"Draft", "For members"})):
        for menu in ("tree", "dropdown", "footer"):
            shown = {*texts(render(f"pages/menus/{menu}.html", user=user))}
            assert shown & {"Draft", "For members", "Another site's"} == seen


# Menus of one's own


@pytest.mark.parametrize("shape", SHAPES)
def test_a_menu_of_ones_own_goes_through_the_whole_tree(own_menus, render, monkeypatch, shape):
    own_menus("own.html", WHOLE_TREE)
    grow_pages(200, shape)
    with cost(monkeypatch) as found:
        shown = texts(render("own.html"))
    pages = Page.objects.published()
    assert sorted(shown) == sorted(page.title for page in pages)
    assert len(found.statements) <= 4 + 4 * 13  # twice two for each level


def test_the_variables_of_mezzanine_hold_in_a_menu_of_ones_own(own_menus, render):
    own_menus(
        "own.html",
        "{% load pages_tags %}{% for page in page_branch %}[<< page.slug >> << branch_level >>"
        " << page.has_children >> << page.num_children >> << page.has_children_in_menu >>"
        " << page.num_children_in_menu >> << page.is_current >> << page.is_current_or_ascendant >>"
        " << page.is_primary >> << page.is_current_child >> << page.is_current_sibling >>"
        " << page.is_current_parent >> << parent_page.slug >> << page.parent.slug >>"
        " << page_branch_in_menu >> << forloop.last >> << page_branch|length >> << has_home >>"
        " << on_home >> << page.html_id >>]"
        "{% if page.has_children %}{% page_menu page %}{% endif %}{% endfor %}",
    )
    team = Page.objects.get(slug="about/team")
    small = render("own.html", "/about/team/", page=team)
    found = [part.strip("[]") for part in small.split("][")]
    about = Page.objects.filter(parent=None).count(), Page.objects.filter(parent__slug="about")
    assert (
        f"about 0 True {about[1].count()} True {about[1].count()} False True True False False True"
        f"   True False {about[0]} True False about"
    ) in found
    assert any(
        part.startswith("about/team 1 False 0 False 0 True True False False True False about about")
        for part in found
    )
    grow_pages(100, "one level")
    large = render("own.html", "/about/team/", page=team)
    for page in ("about 0", "about/team 1"):
        assert large.partition(page)[2][:50] == small.partition(page)[2][:50]


@pytest.mark.parametrize("number", [5, 300])
def test_the_content_of_pages_is_there_for_a_menu_of_ones_own(
    own_menus, render, monkeypatch, number
):
    own_menus(
        "own.html",
        "{% for page in page_branch %}<< page.richtextpage.content >> << page.description >>"
        "<< page.get_content_model.content >>{% endfor %}",
    )
    grow_pages(number, "one level", content="Rye", description="Wheat")
    with cost(monkeypatch) as found:
        text = render("own.html")
    assert text.count("Rye") == 2 * number
    assert text.count("Wheat") == number
    assert len(found.statements) < 15  # for all together


def test_pages_in_a_circle_end_in_menus(render):
    about, team = stored("about"), stored("about/team")
    Page.objects.filter(pk=about.pk).update(parent=team)
    page = RichTextPage.objects.get(pk=team.pk)
    assert render("pages/menus/tree.html", "/about/team/", page=page)
