"""A package takes the place of the content that is here, in one transaction."""

import time
from contextlib import contextmanager

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import DatabaseError, OperationalError, connection, transaction

from page_cache import edits

from . import sites
from .kinds import travelling
from .models import Origin
from .one_site import plan
from .package import Refused, sha256
from .plan import keep_counters
from .tables import chunks

PATIENCE = 10  # seconds for others who write


def load(package, agreed=None, pulled=False):
    """Bring a package in; return the summary of what was changed.

    `agreed` is the "digest" of a summary: Refused where there is more to lose by now. With
    `pulled`, data of visitors that lead to nothing afterwards go, and what is here counts as a copy
    of the server's; without, Refused where there are any.
    """
    package.check()
    try:
        with transaction.atomic(), locked(package.header["everything"]):
            planned = plan(package)
            summary = planned.summary
            if agreed and agreed != summary["digest"]:
                raise Refused("it has changed here meanwhile; type the same again")
            if summary["refusal"] and not pulled:
                raise Refused(summary["refusal"])
            if pulled and summary.get("numbers"):
                raise Refused(
                    "other sites here have new rows under the numbers of those that come; type fab"
                    " pull, without --site"
                )
            apply(planned)
            if pulled and "site" not in package.header:
                Origin.note(sha256(package.path), planned.everything)
    except DatabaseError as error:
        raise refused(error) from None
    tell_visitors()
    return summary


def refused(error, what="it"):
    """Return in one line that the database does not take something."""
    return Refused(f"the database refuses {what}: {error}".strip().partition("\n")[0])


def tell_visitors():
    """Let nobody be shown a page of before."""
    cache.clear()
    edits.note()


@contextmanager
def locked(everything):
    """Let nobody else write to the tables meanwhile; they may be read.

    Nor lock rows there, as a comment does with its post before it counts itself: it would wait for
    us, and we for it.
    """
    if connection.vendor == "postgresql":
        quote = connection.ops.quote_name
        models = travelling(everything)
        names = ", ".join(quote(model._meta.db_table) for model in models)
        lock(f"LOCK TABLE {names} IN EXCLUSIVE MODE NOWAIT")
    yield


def lock(sql):
    """Take all locks at once: whoever holds some and waits for others may make visitors fail."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)
            return
        except OperationalError:
            if time.monotonic() > end:
                told = f"others have been writing here for {PATIENCE} seconds; type the same again"
                raise Refused(told) from None
            time.sleep(0.05)


def apply(plan):
    for orphans in plan.orphans:
        orphans.settle()
    put_back = []
    for change in plan.changes.values():
        change.table.delete(change.removed | change.replaced)
        put_back.append(change.table.move(change.moved))
    for change in plan.changes.values():
        try:
            write(plan, change)
        except (DatabaseError, ValidationError) as error:
            raise refused(error, change.table.label) from None
    sites.add_aliases(plan.package.lines("aliases"))
    sites.tell()
    reset_sequences([change.table.model for change in plan.changes.values()])
    for put in put_back:
        put()
    if plan.everything:  # the numbers of accounts are others'
        Session.objects.all().delete()
    connection.check_constraints()


def write(plan, change):
    """Insert and update the rows of a table."""
    table = change.table
    for rows in chunks(plan.incoming(table)):
        new = [row for row in rows if table.key(row) in change.added]
        table.insert([keep_counters(table, row, table.defaults) for row in new])
        again = [row for row in rows if table.key(row) in change.replaced]
        table.insert([keep_counters(table, row, change.kept[table.key(row)]) for row in again])
        for row in rows:
            if table.key(row) in change.changed:
                table.update(row)


def reset_sequences(models):
    """Let new rows get numbers that are free."""
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(sql)
