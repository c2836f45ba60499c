"""What is asked of the driver of a database by methods that Django hands on to it.

A page that does so is not made of answers that can be compared, and what it asks for may change
others: callproc(), and copy() and stream() of psycopg, copy_expert() and such of psycopg2.
https://www.psycopg.org/psycopg3/docs/api/cursors.html
"""

import re
from contextlib import contextmanager
from functools import wraps

from django.db.backends.utils import CursorWrapper

from . import reads
from .generation import begin_at_commit, is_harmless, text_of

TO_SOMEBODY = re.compile(r"\s*COPY\b.*\bTO\s+STDOUT\b", re.IGNORECASE | re.DOTALL)


@contextmanager
def noticed(connection, statement):
    """Begin a generation after a statement, unless it only reads."""
    if page := reads.current.get():
        page.complete = False
    yield
    text = text_of(statement, connection)
    if not (is_harmless(text) or TO_SOMEBODY.match(text)):
        begin_at_commit(connection)


def in_a_call(connection, method):
    @wraps(method)
    def call(statement, *args, **kwargs):
        with noticed(connection, statement):
            return method(statement, *args, **kwargs)

    return call


def in_a_block(connection, method):
    @contextmanager
    @wraps(method)
    def block(statement, *args, **kwargs):
        with noticed(connection, statement), method(statement, *args, **kwargs) as copy:
            yield copy

    return block


def row_by_row(connection, method):
    @wraps(method)
    def rows(statement, *args, **kwargs):
        with noticed(connection, statement):
            yield from method(statement, *args, **kwargs)

    return rows


METHODS = {
    "copy": in_a_block,
    "stream": row_by_row,
    "copy_expert": in_a_call,
    "copy_from": in_a_call,
    "copy_to": in_a_call,
}


def noticing(find):
    @wraps(find)
    def found(wrapper, name):
        if name in METHODS:
            with_rows_of_its_own(wrapper)
            return METHODS[name](wrapper.db, find(wrapper, name))
        return find(wrapper, name)

    return found


def noticing_procedures(callproc):
    @wraps(callproc)
    def call(wrapper, *args, **kwargs):
        with_rows_of_its_own(wrapper)
        with noticed(wrapper.db, "CALL"):  # a procedure may do anything
            return callproc(wrapper, *args, **kwargs)

    return call


def with_rows_of_its_own(wrapper):
    """Let the cursor forget the rows of the statement before."""
    if isinstance(wrapper.cursor, reads.Replay):
        wrapper.cursor = wrapper.cursor.driver


def install():
    CursorWrapper.__getattr__ = noticing(CursorWrapper.__getattr__)
    CursorWrapper.callproc = noticing_procedures(CursorWrapper.callproc)
