"""A page is moved, renamed and ordered by as many statements, however many are around it."""

import pytest
from growing import cost, grow_pages
from mezzanine.pages.models import Page
from page_tree import change, move, stored

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english", "home_page"),
]


@pytest.mark.parametrize("action", ["move", "rename", "order"])
@pytest.mark.parametrize("shape", ["one parent", "one branch"])
def test_a_branch_takes_as_many_statements_with_200_pages_as_with_20(
    browse, monkeypatch, shape, action
):
    admin, found = browse("admin"), []
    for number in (20, 200):
        keys = [page.pk for page in grow_pages(number, shape)]
        branch = Page.objects.get(pk=keys[0])
        about = stored("about")
        for index, page in enumerate(Page.objects.filter(parent=None).order_by("_order")):
            Page.objects.filter(pk=page.pk).update(_order=index)
        first = Page.objects.filter(parent=branch).order_by("_order").last()
        order = Page.objects.filter(parent=branch).order_by("_order").values_list("pk", flat=True)
        with cost(monkeypatch) as each:
            if action == "move":
                answer = move(admin, branch, about)
            elif action == "rename":
                answer = change(admin, branch, slug=f"renamed-{number}")
            else:
                answer = move(admin, first, branch, [first.pk, *order[: len(order) - 1]])
        assert answer.status_code in (200, 302)
        assert answer.content in (b"", b"ok")
        # All else is about sites and users, of which some is remembered for a second.
        found.append([s for s in each.statements if "pages_page" in s or "_redirect" in s])
        branch.refresh_from_db()
        for page in Page.objects.filter(pk__in=keys):
            assert page.slug.startswith(branch.slug)
            assert page.titles.startswith(branch.titles)
    assert len(found[1]) == len(found[0])


def test_the_first_pages_of_a_level_are_ordered_without_the_others(browse):
    pages = grow_pages(10, "one parent")
    parent, third = Page.objects.get(pk=pages[0].pk), pages[3].pk
    answer = move(browse("admin"), Page.objects.get(pk=third), parent, [third, pages[1].pk])
    assert answer.content == b"ok"
    below = Page.objects.filter(parent=parent).order_by("_order")
    titles = ["Page 3", "Page 1", "Page 2", *(f"Page {number}" for number in range(4, 10))]
    assert [page.title for page in below] == titles
    assert [page._order for page in below] == [*range(9)]
