"""What a page asks of the database: while it is answered as before, the page is the same.

A statement that is recorded is asked again later, and what it is answered then is compared. So
nobody has to know which page shows what, nor which site an edit is of.
"""

import math
import re
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from hashlib import sha256
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections
from django.utils import timezone

from .heartbeat import heartbeat

MANY = 100  # statements; a page that asks more is not asked for again

# What is not the same when it is asked again, or does more than read.
NOT_AGAIN = re.compile(
    r"\b(FOR\s+(UPDATE|NO\s+KEY|SHARE|KEY)|INTO|pg_\w+|nextval|setval|set_config|rand(om)?|now"
    r"|uuid\w*|gen_random_uuid|(current|local|clock|statement|transaction)_?(date|time)\w*)\b",
    re.IGNORECASE,
)
ORDERED = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
PLAIN = (str, bytes, int, float, Decimal, date, time, timedelta, UUID, type(None))

current = ContextVar("reads", default=None)  # of the page that is being made


class Reads:
    """The statements of one page. complete: whether the page is made of their answers alone.

    found has a digest of the answer, and which parameters are the time when it was asked, by
    (alias of the database, SQL, parameters). asked: a Unix time, of the oldest answer that others
    had before.
    """

    def __init__(self):
        self.begun = present()
        self.asked = math.inf
        self.found = {}
        self.complete = True

    def record(self, sql, params, context):
        """Note a statement and its answer, which is left for Django to fetch."""
        cursor, connection = context["cursor"], context["connection"]
        if not self.complete or getattr(cursor.cursor, "name", None):  # such as of .iterator()
            self.complete = False
            return
        rows = cursor.fetchall()
        cursor.cursor = Replay(cursor.cursor, rows)
        known = is_plain(params) and isinstance(sql, str)
        if not known or NOT_AGAIN.search(sql):
            self.complete = False
            return
        values = () if params is None else params
        answer = digest(sql, rows, cursor.description), self.times(values, connection)
        before = self.found.setdefault((connection.alias, sql, tuple(values)), answer)
        # Where it was answered in two ways, nobody knows which one the page has.
        self.complete = before == answer and len(self.found) <= MANY

    def times(self, values, connection):
        """Return the indexes of those values that are the time since the page was begun."""
        now, zone = present(), connection.timezone or timezone.get_default_timezone()
        moments = enumerate(moment(value, zone) for value in values)
        return tuple(index for index, value in moments if value and self.begun <= value <= now)

    def add(self, others, asked):
        """Add what as_list() of other Reads has returned, and when it was so, a Unix time."""
        self.asked = min(self.asked, asked)
        for *key, answer, times in others or ():
            self.complete &= self.found.setdefault(tuple(key), (answer, times)) == (answer, times)
        self.complete &= others is not None and len(self.found) <= MANY

    def has_begun(self):
        """Return whether anything was asked."""
        return bool(self.found) or not self.complete

    def as_list(self):
        """Return them for unchanged(), or None where they do not tell all."""
        if not self.complete:
            return None
        return [(*key, *value) for key, value in self.found.items()]


class Replay:
    """A cursor of the driver whose rows were all fetched already."""

    def __init__(self, driver, rows):
        self.driver, self.rows = driver, iter(rows)

    def __getattr__(self, name):
        return getattr(self.driver, name)

    def __iter__(self):
        return self.rows

    def fetchone(self):
        return next(self.rows, None)

    def fetchmany(self, size=1):
        return [row for _, row in zip(range(size), self.rows, strict=False)]

    def fetchall(self):
        return list(self.rows)


def is_plain(params):
    """Return whether the parameters of a statement can be kept, and compared."""
    if params is None:
        return True
    return isinstance(params, tuple | list) and all(isinstance(value, PLAIN) for value in params)


def present():
    """Return the time that it is, a datetime with a zone."""
    now = timezone.now()
    return now if timezone.is_aware(now) else timezone.make_aware(now)


def moment(value, zone):
    """Return the datetime that a parameter is, or None. It is text, without a zone, in SQLite."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if value[10:11] == " " else None
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=zone)


@cache
def on_no_page():
    """Return columns that are read with others of their table, a dict: see generation.py."""
    return {"last_login": get_user_model()._meta.db_table, "asked_at": "feeds_feed"}


def digest(sql, rows, columns):
    """Return what tells an answer from another; columns are as in cursor.description."""
    names = [column[0] for column in columns]
    shown = [index for index, name in enumerate(names) if on_no_page().get(name, "\0") not in sql]
    if len(shown) < len(names):
        rows = [[row[index] for index in shown] for row in rows]
    texts = [repr(row) for row in rows]
    if not ORDERED.search(sql):  # PostgreSQL gives a row that was written another place
        texts.sort()
    return sha256(repr(texts).encode("utf-8", "surrogatepass")).hexdigest()


@contextmanager
def recorded(reads):
    """Record what is asked of the database into reads, or nothing into None."""
    token = current.set(reads)
    try:
        yield reads
    finally:
        current.reset(token)


def unchanged(reads):
    """Return whether the database answers all of Reads.as_list() as it did."""
    try:
        with recorded(None), heartbeat.limit_kept():
            return all(is_unchanged(*each) for each in reads)
    except DatabaseError:
        return False  # making the page will show what is wrong


def is_unchanged(alias, sql, params, expected, times):
    """Return whether a statement is answered as before, also with the present time.

    With the earlier time as well: a parameter that looks like it may have been a date of a row.
    """
    if answer(alias, sql, params) != expected:
        return False
    return not times or answer(alias, sql, at_present(alias, params, times)) == expected


def at_present(alias, params, times):
    """Return the parameters with the present time in those places."""
    now = connections[alias].ops.adapt_datetimefield_value(timezone.now())
    return tuple(now if index in times else value for index, value in enumerate(params))


def answer(alias, sql, params):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, params)
        return digest(sql, cursor.fetchall(), cursor.description)
