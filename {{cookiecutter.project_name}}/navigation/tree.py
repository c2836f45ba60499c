"""The pages that the menus of one answer show, and, of a large site, no others.

The menus of the theme ask for few pages of a level, by Tree.few(). A menu of one's own that goes
through page_branch gets all of the level, as in Mezzanine, by Tree.all().
"""

from functools import cached_property

from django.db import connections
from django.db.models import Count, Q

from .peers import load

WHOLE = 60  # pages of a site of which the menus show all
FEW = 15  # of a larger one, they show so many of a level
SUBMENUS = 60  # and unfold the second level where it has no more than that altogether
MANY = 500  # pages that a query names one by one

PART = "SELECT * FROM (SELECT {index}, {column} FROM ({pages}) AS page {which}) AS part_{index}"
# The first pages of a level, which the index of navigation/migrations/ has in their order.
FIRST = "WHERE {where} ORDER BY _order, id LIMIT {limit}"


def order(page):
    return page._order is None, page._order, page.pk


def among(parents):
    """Return the condition that a page is below one of those, IDs, or at the top for None."""
    below = Q(parent__in=[pk for pk in parents if pk is not None])
    return below | Q(parent=None) if None in parents else below


class Level:
    """The pages below one, or at the top."""

    def __init__(self, parent_id, depth):
        self.parent_id, self.depth = parent_id, depth
        self.pages = None  # all of them, or None while they were not asked for
        self.numbers = None  # [(in_menus, number of pages)]
        self.few, self.more = {}, {}  # by menu: the first FEW, and whether there are others


class Tree:
    """The levels of a site's pages, by the ID of the page above, each loaded when it is asked for.

    pages is a query for all pages that the visitor may see, line has the IDs of the current page
    and those above it, menus those of each menu template, a dict. home is the slug of the home
    page.
    """

    def __init__(self, pages, line, menus, home):
        self.pages, self.line, self.menus = pages, line, menus
        self.levels, self.known, self.asked, self.submenus = {}, {}, set(), {}
        some, homes = self.ids([(f"LIMIT {WHOLE + 1}", []), ("WHERE slug = %s LIMIT 1", [home])])
        self.is_whole, self.has_home = len(some) <= WHOLE, bool(homes)
        if self.is_whole:
            found = sorted(self.load(pages.order_by()), key=order)
            self.keep(found, [None, *(page.pk for page in found)])
        else:
            self.load_few([None, *line], [*menus])

    def load(self, query):
        return load(query)

    def level(self, parent_id, depth=0):
        if parent_id not in self.levels:
            self.levels[parent_id] = Level(parent_id, depth)
            if self.is_whole:
                self.levels[parent_id].pages = []
        return self.levels[parent_id]

    # Some pages of a level

    def few(self, level, menu):
        """Return the first pages of a level in a menu, and the one that leads to the current page;
        of a small site, all pages of the level."""
        if level.pages is not None:
            return level.pages
        if menu not in level.few:
            self.load_few([level.parent_id], [menu])
        return level.few[menu]

    def more(self, level, menu):
        """Return whether few() has left out pages of the menu."""
        return level.pages is None and level.more[menu]

    def load_few(self, parents, menus):
        statements = [(parent, menu) for parent in parents for menu in menus]
        rows = self.first([(menu, [parent], FEW + 1) for parent, menu in statements])
        pages = self.by_id({pk for row in rows for pk in row} | {*self.line})
        for (parent, menu), pks in zip(statements, rows, strict=True):
            level = self.level(parent)
            found = [pages[pk] for pk in pks[:FEW] if pk in pages]
            found += [
                page
                for page in map(pages.get, self.line)
                if page and page not in found and page.parent_id == parent
            ]
            level.few[menu], level.more[menu] = found, len(pks) > FEW

    def by_id(self, pks):
        """Return the pages of those IDs that the visitor may see, a dict."""
        new = pks - self.known.keys()
        if new:
            self.known |= {page.pk: page for page in self.load(self.pages.filter(pk__in=new))}
        return self.known

    def first(self, wanted):
        """Return the IDs of the first pages of levels, a list for each (menu, parents, limit)."""
        parts = []
        for menu, parents, limit in wanted:
            where, values = self.where(menu, parents)
            parts.append((FIRST.format(where=where, limit=limit), values))
        return self.ids(parts)

    def ids(self, parts):
        """Return the IDs of pages, a list for each part: which ones, in SQL, and its parameters."""
        sql, values = self.columns
        statements, parameters = [], []
        for index, (which, more) in enumerate(parts):
            # Of an arbitrary part of the pages only the number is the same each time.
            column = "0 AS id" if which.startswith("LIMIT") else "id"
            statements.append(PART.format(index=index, column=column, pages=sql, which=which))
            parameters += [*values, *more]
        with connections[self.pages.db].cursor() as cursor:
            cursor.execute("\nUNION ALL\n".join(statements), parameters)
            found = [[] for _ in parts]
            for index, pk in cursor.fetchall():
                found[index].append(pk)
        return found

    @cached_property
    def columns(self):
        """The SQL for the columns of all pages by which ids() chooses, and its parameters."""
        columns = self.pages.order_by().values("id", "parent_id", "in_menus", "_order", "slug")
        return columns.query.sql_with_params()

    def where(self, menu, parents):
        """Return the SQL for being below one of the parents and in a menu, and its parameters."""
        conditions, parameters = ["parent_id IS NULL"], []
        if parents != [None]:
            conditions = [f"parent_id IN ({', '.join(str(int(pk)) for pk in parents)})"]
        for number in self.menus.get(menu, ()):
            conditions.append("(in_menus IS NULL OR ',' || in_menus || ',' LIKE %s)")
            parameters.append(f"%,{number},%")
        return " AND ".join(conditions), parameters

    def unfold(self, menu):
        """Return the pages of the second level of a menu by the ID of the page above, or {} where
        there are too many."""
        if menu not in self.submenus:
            self.load_submenus([*dict.fromkeys([*self.menus, menu])])
        return self.submenus[menu]

    def load_submenus(self, menus):
        """Load what is below the top of all menus at once, since most themes unfold several."""
        tops = {menu: [page.pk for page in self.few(self.level(None), menu)] for menu in menus}
        wanted = [(menu, top, SUBMENUS + 1) for menu, top in tops.items() if top]
        rows = self.first(wanted) if wanted else []
        pks = {menu: row for (menu, *_), row in zip(wanted, rows, strict=True)}
        pks = {menu: row for menu, row in pks.items() if len(row) <= SUBMENUS}
        pages = self.by_id({pk for row in pks.values() for pk in row})
        for menu in menus:
            found = self.submenus[menu] = {}
            for page in sorted((pages[pk] for pk in pks.get(menu, ()) if pk in pages), key=order):
                found.setdefault(page.parent_id, []).append(page)

    # All pages of a level

    def all(self, level):
        """Return all pages of a level.

        Where a second one of the same depth is asked for, a menu goes through all: the rest of that
        depth is loaded at once.
        """
        if level.pages is None:
            parents = {level.parent_id}
            if level.depth in self.asked:
                same = [each for each in self.levels.values() if each.depth == level.depth]
                parents |= {each.parent_id for each in same if each.pages is None}
            self.asked.add(level.depth)
            query = self.pages if len(parents) > MANY else self.pages.filter(among(parents))
            found = self.load(query.order_by("_order", "pk"))
            self.keep(found, parents)
            self.count_below(found)
        return level.pages

    def count_below(self, pages):
        """Count the pages below each of those, in a query."""
        below = [self.level(page.pk) for page in pages]
        new = [each.parent_id for each in below if each.numbers is None and each.pages is None]
        if new:
            self.count(new, Q(parent__isnull=False) if len(new) > MANY else among(new))

    def part(self, level, start, number):
        """Return so many pages of a level, from a place in it on, and whether there are others."""
        if self.is_whole:
            return level.pages, False
        pages = self.pages.filter(among([level.parent_id])).order_by("_order", "pk")
        found = self.load(pages[start : start + number + 1])
        self.count_below(found[:number])
        return found[:number], len(found) > number

    def keep(self, found, parents):
        """Put pages that were loaded into their levels, which have no others then."""
        rows = {pk: [] for pk in parents}
        for page in found:
            rows.setdefault(page.parent_id, []).append(page)
        for pk, pages in rows.items():
            level = self.levels.setdefault(pk, Level(pk, 0))
            level.pages = pages
        for page in found:
            below = self.levels.setdefault(page.pk, Level(page.pk, 0))
            below.depth = self.levels[page.parent_id].depth + 1

    def numbers(self, level):
        """Return how many pages a level has, [(in_menus, number)]."""
        if level.numbers is None:
            if level.pages is not None:
                level.numbers = [(page.in_menus, 1) for page in level.pages]
            else:
                self.count([level.parent_id], among([level.parent_id]))
        return level.numbers

    def count(self, parents, where):
        numbers = {pk: [] for pk in parents}
        rows = self.pages.filter(where).order_by()
        rows = rows.values_list("parent_id", "in_menus").annotate(Count("pk"))
        for pk, in_menus, number in rows:
            numbers.setdefault(pk, []).append((in_menus, number))
        for pk in parents:
            self.level(pk).numbers = numbers[pk]
