"""What bringing in the content of one site alone would change here: --site of fab pull and push.

Rows of the site have the same numbers at both ends. A new one, under whose number another site has
a row here, gets one that is free. Rows of no site are added where they are missing, and else stay.
"""

from django.conf import settings
from django.contrib.sites.models import Site
from django.db.models import IntegerField, Max

from .moving import Moving
from .package import Refused
from .plan import Plan
from .selection import Selection, has_owner, rows_of
from .sites import Names
from .tables import chunks


def plan(package):
    """Return the Plan of a package, with all sites or with one."""
    return SitePlan(package) if "site" in package.header else Plan(package)


class SitePlan(Plan):
    def __init__(self, package):
        site = site_here(package.header)
        self.selection = Selection(site)
        self.numbers = Numbers(site.pk)
        self.present = {}  # keys of rows of no site that are here, by table
        super().__init__(package)

    def prepare(self, tables):
        for table in tables:
            self.look(table)

    def incoming(self, table):
        for row in super().incoming(table):
            if table.key(row) not in self.present[table.label]:
                yield self.numbers.moved(table, row)

    def look(self, table):
        """See which keys of the rows to come are there already, and not for rows of the site."""
        self.present[table.label] = there = set()
        field = table.model._meta.pk
        if table.model is Site or field.is_relation:  # whose number is its parent's
            return
        owned = self.selection.owned[table.model]
        for rows in chunks(self.package.rows(table.label)):
            found = table.taken([table.key(row) for row in rows])
            there |= {key for key in found if table.decoded(key) not in owned}
        if has_owner(table.model) and isinstance(field, IntegerField):
            self.numbers.free(field, sorted(there), self.last(table))
            there.clear()

    def last(self, table):
        """Return the largest number that a row has here, or one that comes."""
        here = table.plain.aggregate(last=Max("pk"))["last"] or 0
        return max([here, *(row[table.pk] for row in self.package.rows(table.label))])

    def found(self, table, keys):
        wanted = {table.decoded(key) for key in keys}
        return {table.key(row): row for row in rows_of(table, self.selection, wanted)}

    def rows(self, table):
        return rows_of(table, self.selection, self.selection.owned[table.model])

    @property
    def summary(self):
        """Return that of a Plan, with "numbers", how many rows get another number here."""
        return super().summary | {"numbers": len(self.numbers.new)}


class Numbers(Moving):
    """The rows on their way to their numbers here."""

    def __init__(self, site_id):
        super().__init__(site_id, site_id)
        self.new = {}  # by primary key, a field, and number

    def free(self, field, taken, last):
        """Give free numbers, above the last, to rows whose own are taken."""
        self.new |= {(field, number): last + 1 + place for place, number in enumerate(taken)}

    def number(self, field, value):
        return self.new.get((field, value), value)


def site_here(header):
    """Return the Site here, perhaps a new one; Refused where it is another one than there."""
    about = header["site"]
    same = Site.objects.filter(pk=about["id"]).first()
    if about["id"] == settings.SITE_ID and same:
        return same
    domain = Names(header).domain(about["domain"])
    found = Site.objects.filter(domain__iexact=domain).first()
    if found != same:
        number = f"site {same.pk} is {same.domain} here" if same else f"it is site {found.pk} here"
        raise Refused(f"{domain} is site {about['id']} there, and {number}; leave out --site")
    return same or Site(pk=about["id"], domain=domain)
