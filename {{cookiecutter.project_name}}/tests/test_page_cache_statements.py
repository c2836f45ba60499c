"""Which statements end a page, whoever sends them and however they are written."""

import pytest
from mezzanine.pages.models import Page
from test_page_cache_edits import committed  # noqa: F401
from test_page_cache_visitors import everywhere, place  # noqa: F401

pytestmark = pytest.mark.usefixtures("mezzanines_base", "keep_pages")
HERE = "test_page_cache_statements"


def title(**of):
    return Page.objects.filter(slug="about", **of).values_list("title", flat=True)[0]


def asking(get_response):
    """A middleware whose statement names a table of sites."""

    def middleware(request):
        request.learned = title(site__domain__contains="")
        return get_response(request)

    return middleware


@everywhere
def test_what_a_middleware_asks_of_the_database_ends_the_pages_that_show_it(
    ask,
    place,  # noqa: F811
    committed,  # noqa: F811
    successor,
):
    place(f"{HERE}.asking", successor)
    assert ask("/learned/").text == title()
    with committed():
        Page.objects.update(title="New")
    assert ask("/learned/").text == "New"


@everywhere
def test_what_is_written_after_a_middleware_has_asked_is_seen_by_the_next_visitor(
    ask,
    place,  # noqa: F811
    committed,  # noqa: F811
    successor,
):
    first = title

    def asking(**of):
        found = first(**of)
        with committed():
            Page.objects.update(title="New")
        return found

    place(f"{HERE}.asking", successor)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "title", asking)
        assert ask("/learned/").text != "New"
    assert ask("/learned/").text == "New"
