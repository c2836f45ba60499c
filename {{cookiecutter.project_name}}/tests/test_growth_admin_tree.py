"""The tree of pages in the admin comes level by level, unless it is small."""

import re

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from growing import cost, grow_pages
from mezzanine.pages.models import Page

from navigation.menus import ROWS

pytestmark = pytest.mark.django_db
TREE = "/admin/pages/page/"


def titles(answer, selector=".row > .title"):
    assert answer.status_code == 200
    return [each.text for each in BeautifulSoup(answer.content, "html.parser").select(selector)]


def test_a_small_tree_is_there_as_a_whole(browse):
    html = browse("admin").get(TREE)
    assert sorted(titles(html)) == sorted(page.title for page in Page.objects.all())
    assert "data-branch" not in html.text


def test_a_large_tree_begins_with_its_first_level(browse):
    pages = grow_pages(200, "one branch")
    html = browse("admin").get(TREE)
    assert len(titles(html)) == Page.objects.filter(parent=None).count()
    assert f'data-branch="?branch={pages[0].pk}"' in html.text


def test_a_level_comes_when_it_is_opened(browse):
    pages = grow_pages(200, "one branch")
    html = browse("admin").get(f"{TREE}?branch={pages[0].pk}")
    assert titles(html) == [f"Page {number}" for number in range(1, 11)]
    assert f'data-branch="?branch={pages[1].pk}"' in html.text
    assert f"?parent={pages[1].pk}" in html.text  # what may be added below
    assert "<html" not in html.text
    assert titles(browse("admin").get(f"{TREE}?branch={pages[199].pk}")) == []


def test_a_wide_level_comes_in_parts(browse):
    pages = grow_pages(2 * ROWS + 50, "one parent")
    found, address = [], f"?branch={pages[0].pk}"
    while address:
        html = browse("admin").get(TREE + address)
        assert len(titles(html)) <= ROWS
        found += titles(html)
        more = BeautifulSoup(html.content, "html.parser").select(".more-pages a")
        address = more[0]["href"] if more else None
    assert found == [f"Page {number}" for number in range(1, 2 * ROWS + 50)]


@pytest.mark.parametrize("shape", ["one branch", "one level", "twelve deep"])
def test_the_tree_costs_with_1000_pages_what_it_costs_with_300(browse, monkeypatch, shape):
    admin, found = browse("admin"), []
    for number in (300, 700):
        grow_pages(number, shape)
        admin.get(TREE)
        with cost(monkeypatch) as each:
            admin.get(TREE)
        found.append((len(each.statements), each.rows))
    assert found[1][0] == found[0][0]
    assert found[1][1] <= found[0][1] + 2 * ROWS


def test_the_tree_loads_no_menus_that_it_does_not_show(browse, monkeypatch):
    grow_pages(100, "ten below each")
    with cost(monkeypatch) as found:
        browse("admin").get(TREE)
    assert not [sql for sql in found.statements if "in_menus || ','" in sql]


def test_levels_are_shown_to_those_who_see_the_tree_of_this_site(browse, staff, add_site):
    two = add_site("two.example")
    (other,) = grow_pages(1, "one level", site_id=two.pk)
    assert browse("admin").get(f"{TREE}?branch={other.pk}").status_code == 404
    for address in ("?branch=x", "?branch=1&from=x", "?branch=-1", "?branch=9999999999"):
        assert browse("admin").get(TREE + address).status_code == 404
    about = Page.objects.get(slug="about")
    assert browse().get(f"{TREE}?branch={about.pk}").status_code == 302
    assert reverse("admin:login") in browse().get(f"{TREE}?branch={about.pk}")["Location"]
    assert staff().get(f"{TREE}?branch={about.pk}").status_code == 403
    assert re.search("Team", staff("pages.view_page").get(f"{TREE}?branch={about.pk}").text)
