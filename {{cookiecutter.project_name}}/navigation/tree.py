"""The pages that the menus of one answer show, and, of a large site, no others.

The menus of the theme ask for few pages of a level, by Tree.few(). A menu of one's own that goes
through page_branch gets all of the level, as in Mezzanine, by Tree.all().
"""

from functools import cached_property, partial

from django.db import connections
from django.db.models import Count, Q

from .line import order
from .peers import from_rows, load, rows_of

WHOLE = 60  # pages of a site of which the menus show all
FEW = 15  # of a larger one, they show so many of a level
SUBMENUS = 60  # and unfold the second level where it has no more than that altogether
MANY = 500  # pages that a query names one by one

PART = "SELECT * FROM (SELECT {index}, {column} FROM ({pages}) AS page {which}) AS part_{index}"
# The first pages of a level, which the index of navigation/migrations/ has in their order.
FIRST = "WHERE {where} ORDER BY _order, id LIMIT {limit}"


def with_rows(values, query):
    return values, rows_of(query)


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

    find_pages() returns a query for all pages that the visitor may see, line has the IDs of the
    current page and those above it, menus those of each menu template, a dict. home is the slug of
    the home page. once(name, load), if there is one, returns what load() does, for all pages of the
    site.
    """

    def __init__(self, find_pages, line, menus, home, once=None):
        self.find_pages, self.once = find_pages, once
        self.line, self.menus, self.home = line, menus, home
        self.levels, self.known, self.asked = {}, {}, set()
        self.tops, self.submenus = {}, {}  # by menu: IDs; pages by the ID of the one above, or None
        (self.is_whole, self.has_home), found = self.of_all("whole", self.ask_whole)
        if self.is_whole:
            found = sorted(found, key=order)
            self.keep(found, [None, *(page.pk for page in found)])

    @cached_property
    def pages(self):
        return self.find_pages()

    def of_all(self, name, ask):
        """Return what all pages of the site have in common: plain values, and pages, a list.

        ask() returns the values, and a query for the pages.
        """
        if not self.once:
            values, query = ask()
            return values, self.load(query)
        values, rows = self.once(f"{__name__}.{name}", partial(self.ask_anew, ask))
        return values, self.describe(from_rows(rows))

    def ask_anew(self, ask):
        """Return what ask() does, of queries with the present time: that of others is over."""
        for name in ("pages", "columns"):
            vars(self).pop(name, None)
        return with_rows(*ask())

    def ask_whole(self):
        home = "WHERE slug = %s LIMIT 1", [self.home]
        some, homes = self.ids([(f"LIMIT {WHOLE + 1}", []), home])
        is_whole = len(some) <= WHOLE
        return (is_whole, bool(homes)), self.pages.order_by() if is_whole else self.pages.none()

    def load(self, query):
        return self.describe(load(query))

    def describe(self, pages):
        """Let pages have what templates know of them, whichever menu they are in; return them."""
        return pages

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
        self.load_line(level)
        if menu not in level.few:
            self.load_few([level.parent_id], [menu])
        return level.few[menu]

    def more(self, level, menu):
        """Return whether few() has left out pages of the menu."""
        return level.pages is None and level.more[menu]

    def load_line(self, level):
        """Load the levels down to the current page, for all menus, where that is one of them."""
        if level.pages is None and not level.few and level.parent_id in (None, *self.line):
            self.load_few([None, *self.line], [*self.menus])

    def load_few(self, parents, menus):
        rows = self.rows_of_top(menus) if self.once and None in parents else {}
        rows |= self.rows_of_line(menus) if self.line and len(parents) > 1 else {}
        wanted = [(p, menu) for p in parents for menu in menus if (p, menu) not in rows]
        found = self.first([(menu, [parent], FEW + 1) for parent, menu in wanted])
        rows |= zip(wanted, found, strict=True)
        pages = self.by_id({pk for pks in rows.values() for pk in pks} | {*self.line})
        for (parent, menu), pks in rows.items():
            level = self.level(parent)
            found = [pages[pk] for pk in pks[:FEW] if pk in pages]
            line = filter(None, map(pages.get, self.line))
            found += [p for p in line if p.parent_id == parent and p not in found]
            level.few[menu], level.more[menu] = found, len(pks) > FEW
            if parent is None:
                self.tops[menu] = pks[:FEW]

    def rows_of_top(self, menus):
        """Return the IDs of the first pages at the top, lists by (None, menu)."""
        ask = partial(self.ask, [(menu, [None], FEW + 1) for menu in menus])
        rows, pages = self.of_all(f"top {menus}", ask)
        self.known |= {page.pk: page for page in pages}
        return {(None, menu): pks for menu, pks in zip(menus, rows, strict=True)}

    def rows_of_line(self, menus):
        """Return what rows_of_top() does of the levels below the line, where they are small."""
        return {}

    def ask(self, wanted):
        """Return the IDs of the first pages of levels, as first() does, and a query for those."""
        rows = self.first(wanted)
        return rows, self.pages.filter(pk__in={pk for pks in rows for pk in pks})

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
        return self.ids(parts) if parts else []

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
        """Return the pages of the second level of a menu by the ID of the page above, or None where
        there are too many. Those of the present branch may be left out: few() has them."""
        if menu not in self.submenus:
            self.load_submenus([*dict.fromkeys([*self.menus, menu])])
        return self.submenus[menu]

    def load_submenus(self, menus):
        """Load what is below the top of all menus at once, since most themes unfold several."""
        for menu in menus:
            self.few(self.level(None), menu)
        rows, pages = self.of_all(f"below {menus}", partial(self.ask_submenus, menus))
        pages = {page.pk: page for page in pages}
        for menu in menus:
            found = self.submenus[menu] = {} if menu in rows or not self.tops[menu] else None
            for page in sorted((pages[pk] for pk in rows.get(menu, ()) if pk in pages), key=order):
                found.setdefault(page.parent_id, []).append(page)

    def ask_submenus(self, menus):
        """Return the IDs of the pages by menu, where there are not too many, and a query."""
        tops = self.tops
        if self.once:  # another page at the top has to be a reason to ask again
            tops = dict(zip(menus, self.first([(m, [None], FEW) for m in menus]), strict=True))
        wanted = [(menu, tops[menu], SUBMENUS + 1) for menu in menus if tops[menu]]
        rows = {menu: pks for (menu, *_), pks in zip(wanted, self.first(wanted), strict=True)}
        rows = {menu: pks for menu, pks in rows.items() if len(pks) <= SUBMENUS}
        return rows, self.pages.filter(pk__in={pk for pks in rows.values() for pk in pks})

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
