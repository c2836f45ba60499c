"""A page and the pages above it."""

from django.db import connections, router
from django.db.models import Exists, Q
from mezzanine.pages.models import Page

MOST = 60  # pages of a line and below it that are loaded at once

# UNION leaves out what is there already, so that pages in a circle end.
ABOVE = """
WITH RECURSIVE line(id, parent_id) AS (
    SELECT id, parent_id FROM {table} WHERE id = %s
    UNION
    SELECT page.id, page.parent_id FROM {table} page JOIN line ON page.id = line.parent_id
)
SELECT id, parent_id FROM line
"""


def line_of(page):
    """Return the ID of a page and of those above it, upwards: a dict, each with that of its parent.

    What PageMiddleware has loaded is used; else it takes one query, however deep the page is.
    """
    if not isinstance(page, Page) or not page.pk:
        return {}
    above = getattr(page, "_ascendants", None)
    if page.parent_id is None or above:
        return {each.pk: each.parent_id for each in (page, *(above or ()))}
    with connections[router.db_for_read(Page)].cursor() as cursor:
        cursor.execute(ABOVE.format(table=Page._meta.db_table), [page.pk])
        parents = dict(cursor.fetchall())
    found, pk = {}, page.pk
    while pk in parents and pk not in found:
        found[pk] = parents[pk]
        pk = found[pk]
    if pk is not None and found:  # a circle, or a parent that is not there
        found[next(reversed(found))] = None
    return found


def around(line, pages):
    """Return the query for those of a line, IDs, and those below them; where these are more than
    MOST, for none: which ones of them it was would be by chance."""
    found = pages.filter(Q(parent__in=[*line]) | Q(pk__in=[*line])).order_by()
    return found.filter(~Exists(found[MOST : MOST + 1]))


def levels(pages, line):
    """Return the pages below those of a line, in their order, lists by the ID of the page above."""
    found = {pk: [] for pk in line}
    for page in sorted(pages, key=order):
        if page.parent_id in found:
            found[page.parent_id].append(page)
    return found


def order(page):
    return page._order is None, page._order, page.pk
