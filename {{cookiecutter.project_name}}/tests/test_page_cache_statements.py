"""Which statements end a page, whoever sends them and however they are written."""

import pytest
from django.db import connection, transaction
from mezzanine.pages.models import Page
from test_page_cache_edits import committed  # noqa: F401
from test_page_cache_visitors import everywhere, place  # noqa: F401

from page_cache import generation

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


def taking_back(get_response):
    """A middleware that writes, and takes it back when the page is made."""

    def middleware(request):
        with transaction.atomic():
            Page.objects.update(title="New")
            response = get_response(request)
            transaction.set_rollback(True)
        return response

    return middleware


@everywhere
def test_what_a_middleware_takes_back_is_on_no_page_of_others(
    ask,
    place,  # noqa: F811
    settings,
    successor,
):
    middleware = settings.MIDDLEWARE
    place(f"{HERE}.taking_back", successor)
    assert "'New'" in ask("/content/").text
    settings.MIDDLEWARE = middleware
    assert "'New'" not in ask("/content/").text


READS = [
    "SELECT 1",
    "SELECT 1 ;\n",
    " (SELECT 1) UNION (SELECT 2)",
    "WITH RECURSIVE x AS (SELECT 1)\nSELECT * FROM x",
    "-- of all\nSELECT 1",
    "/* of all */ /* and more */\nSELECT 1",
    "VALUES (1)",
    "TABLE pages_page",
]
WRITES = [
    "WITH x AS (SELECT 1)\nUPDATE pages_page SET title = 'y'",
    "WITH x AS (DELETE FROM pages_page RETURNING id) SELECT * FROM x",
    "BEGIN; UPDATE pages_page SET title = 'x'; COMMIT",
    "SELECT 1; UPDATE pages_page SET title = 'x'",
    "SET LOCAL lock_timeout = 1; DELETE FROM pages_page",
    "-- SELECT\nUPDATE pages_page SET title = 'x'",
    "/* SELECT */ UPDATE pages_page SET title = 'x'",
    "/* /* */ SELECT */ UPDATE pages_page SET title = 'x'",
    "EXPLAIN ANALYZE UPDATE pages_page SET title = 'x'",
    "EXPLAIN (BUFFERS, ANALYZE) DELETE FROM pages_page",
    'UPDATE "links_link" SET "short_url" = %s WHERE "links_link"."id" = %s',
]


@pytest.mark.parametrize("sql", READS)
def test_a_statement_that_reads_is_known_however_it_begins(sql):
    assert generation.is_harmless(sql)
    assert generation.READ.match(sql)


@pytest.mark.parametrize("sql", WRITES)
def test_a_statement_that_may_write_ends_pages_however_it_begins(sql):
    assert not generation.is_harmless(sql)


@pytest.mark.parametrize("plan", ["EXPLAIN SELECT 1", "explain update pages_page set title = ''"])
def test_a_plan_alone_ends_no_page(plan):
    assert generation.is_harmless(plan)


class Composed:
    """What psycopg.sql makes of pieces of a statement."""

    def __init__(self, text):
        self.text = text

    def as_string(self, context):
        return self.text


def test_a_statement_that_psycopg_composes_is_known_by_its_text():
    assert generation.text_of(Composed("SELECT 1"), connection) == "SELECT 1"
    assert generation.text_of("SELECT 1", connection) == "SELECT 1"
