"""What bringing a package in would change here; nothing is written."""

import hashlib
import json

from django.conf import settings
from django.contrib.sites.models import Site

from . import versions
from .export import tables
from .keys import Keys
from .orphans import find
from .package import Refused
from .sites import Names
from .tables import chunks, in_english

SHOWN = 10  # titles of rows of one table


class Change:
    """What is to be done to one table: sets of primary keys, as Table.key returns them."""

    def __init__(self, table):
        self.table = table
        self.added, self.changed, self.replaced, self.removed = set(), set(), set(), set()
        self.others = set()  # which are another thing afterwards, under the same number
        self.kept = {}  # rows that are deleted and inserted again, by key
        self.moved = []  # numbers of new rows that others have which stay

    @property
    def counts(self):
        changed = len(self.changed) + len(self.replaced)
        return {"added": len(self.added), "changed": changed, "removed": len(self.removed)}


class Plan:
    """The changes by table, and what they would undo. Refused where the package is for others."""

    def __init__(self, package):
        versions.check(package.header)
        if package.header["site_id"] != settings.SITE_ID:
            told = f"SITE_ID is {package.header['site_id']} there and {settings.SITE_ID} here"
            raise Refused(told)
        self.package, self.everything = package, package.header["everything"]
        self.keys = Keys()
        self.keys.users = dict(package.lines("users"))
        self.names = Names(package.header)
        self.changes, self.newer = {}, []
        self.seen = hashlib.sha256()  # of the rows that would be lost
        found = tables(self.everything, self.keys)
        for table in found:
            if package.header["columns"].get(table.label) != table.names:
                raise Refused(
                    f"{table.label} has other columns there; deploy, so both are the same"
                )
        self.prepare(found)
        for table in found:
            self.changes[table.label] = self.compare(table)
        self.orphans = [*find(self.changes, self.everything)]

    def prepare(self, tables):
        """Do what has to be done before any row is compared."""

    def incoming(self, table):
        """Yield the rows of a table as they are to be here, but for their counters."""
        for row in self.package.rows(table.label):
            yield self.names.translated(table.names, row) if table.model is Site else row

    def found(self, table, keys):
        """Return the rows that are here under these keys, a dict."""
        return table.some(keys)

    def rows(self, table):
        """Yield the rows that are here, and whose place is to be taken."""
        return table.rows()

    def compare(self, table):
        """Return the Change of a table; note in .newer what nobody has seen who brings it."""
        change, lost, there = Change(table), Lost(self, table), set()
        for rows in chunks(self.incoming(table)):
            found = self.found(table, [table.key(row) for row in rows])
            for row in rows:
                key = table.key(row)
                there.add(key)
                if key not in found:
                    change.added.add(key)
                elif found[key] != keep_counters(table, row, found[key]):
                    note(change, key, row, found[key])
                    lost.look(found[key], "changed")
        for row in self.rows(table):
            if table.key(row) not in there:
                change.removed.add(table.key(row))
                lost.look(row, "not in what is brought")
        for some in chunks(change.added):
            change.moved += table.taken(some)
        self.newer += lost.lines()
        return change

    @property
    def summary(self):
        """Return what would happen, as a dict.

        "changes", counts by table; "newer", lines, of what is here and whoever brings it has not
        seen; "refusal", why it cannot be, or an empty str; "digest" of all that.
        """
        counts = {label: change.counts for label, change in self.changes.items()}
        changes = {label: found for label, found in counts.items() if any(found.values())}
        orphans = [orphan.told for orphan in self.orphans if orphan.is_data]
        told = {"changes": changes, "newer": self.newer}
        told |= {"refusal": refusal(orphans) if orphans else ""}
        seen = self.seen.copy()
        seen.update(json.dumps(told, sort_keys=True).encode())
        return told | {"digest": seen.hexdigest()}


def refusal(orphans):
    return (
        f"it would take away what these belong to: {', '.join(orphans)}. Type fab pull, and push"
        " that with your changes; or delete them in the admin there"
    )


def note(change, key, row, old):
    """Note that a row is to be changed, and how."""
    table = change.table
    if table.identity(row) != table.identity(old):
        change.others.add(key)
    again = any(row[index] != old[index] for index in table.unique)
    (change.replaced if again else change.changed).add(key)
    if again:
        change.kept[key] = old


def keep_counters(table, row, old):
    """Return a row with the counters of the one that is there."""
    if not table.counters:
        return row
    return [old[i] if i in table.counters else value for i, value in enumerate(row)]


class Lost:
    """Rows of a table that would be lost, and are not as they were when they were pulled."""

    def __init__(self, plan, table):
        self.seen, self.table, self.titles, self.others = plan.seen, table, [], 0
        lines = plan.package.lines(f"base/{table.label}")
        self.base = {tuple(k) if isinstance(k, list) else k: digest for k, digest in lines}

    def look(self, row, what):
        now = self.table.digest(row)
        if now == self.base.get(self.table.key(row)):
            return
        self.seen.update(now.encode())
        title = self.table.title(row)
        if title is None or len(self.titles) == SHOWN:
            self.others += 1
        else:
            self.titles.append(f"{title} ({what})")

    def lines(self):
        name = in_english(self.table.model._meta.verbose_name)
        rest = f"{name}: {self.others} {'more ' if self.titles else ''}rows"
        return [f"{name}: {title}" for title in self.titles] + [rest] * bool(self.others)
