"""The generation of the content: whatever is written to the database begins a new one.

A kept page of an earlier generation is shown if the database still answers as it did when the page
was made (reads.py). Statements are watched rather than signals, since Model.objects.update(),
bulk_create() and the like send none.
https://docs.djangoproject.com/en/5.2/topics/db/instrumentation/
"""

import re
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache as once
from functools import wraps
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache

from . import between_hosts, reads

KEY = "page_cache.generation"

# Also in brackets, as a union is in PostgreSQL, after a comment, and after a table of its own.
READS = (
    r"(?:[\s(]|--[^\n]*\n|/\*(?:(?!/\*).)*?\*/)*+"
    r"(?:SELECT\b|VALUES\b|TABLE\b|WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b))"
)
READ = re.compile(READS, re.IGNORECASE | re.DOTALL)
UNTOLD = re.compile(r"\s*(SET|SHOW|PRAGMA|EXPLAIN|DECLARE|FETCH)\b", re.IGNORECASE)

# All else may change a page. Sessions, times of logins, mails and the log of the admin are on none.
# Nor is what showing a page writes: a new feed has no tweets yet, asked_at is for the next poll.
HARMLESS = (
    rf"{READS}|\s*(BEGIN|SAVEPOINT|RELEASE|ROLLBACK|SET|SHOW|PRAGMA|DECLARE|FETCH)\b"
    r"|\s*EXPLAIN\b(?!.*\bANALY[SZ]E\b)"
    r"|(INSERT INTO|UPDATE|DELETE FROM) .(django_session|django_admin_log|mail_queuedmail)\W"
    r"|UPDATE .USERS. SET .last_login. = %s WHERE"
    r"|INSERT (OR IGNORE )?INTO .feeds_feed.\W|UPDATE .feeds_feed. SET .asked_at. = %s, .wanted. ="
)

written = ContextVar("written", default=None)  # a list, within noticed()
missed = False  # whether the cache, or the database, was away when one should have begun


def begin():
    """Begin a new generation; where that fails, the next request of this process tries again."""
    global missed
    if settings.PAGE_CACHE_SECONDS and between_hosts.are_several():
        missed = not between_hosts.begin()
    elif settings.PAGE_CACHE_SECONDS:
        generation = uuid4().hex
        cache.set(KEY, generation, timeout=None)
        missed = cache.get(KEY) != generation


@contextmanager
def noticed():
    """Yield a list of the statements that begin a generation, those noticed before among them."""
    token = written.set([*(written.get() or [])])
    try:
        yield written.get()
    finally:
        written.reset(token)


@once
def harmless():
    """Return the pattern of what changes no page, with the table of the project's users."""
    users = re.escape(get_user_model()._meta.db_table)
    return re.compile(HARMLESS.replace("USERS", users), re.IGNORECASE | re.DOTALL)


def is_harmless(sql):
    """Return whether a statement changes no page; of several in one, nobody knows."""
    return bool(harmless().match(sql)) and ";" not in sql.rstrip().removesuffix(";")


def text_of(sql, connection):
    """Return the text of a statement, which may be one that psycopg composes."""
    if isinstance(sql, str) or not hasattr(sql, "as_string"):
        return str(sql)
    return sql.as_string(connection.connection)


def watch(execute, sql, params, many, context):
    """Begin a generation when what a statement wrote is committed. A wrapper of Django's."""
    cursor, page = context["cursor"], reads.current.get()
    if isinstance(cursor.cursor, reads.Replay):
        cursor.cursor = cursor.cursor.driver
    result = execute(sql, params, many, context)
    text = text_of(sql, context["connection"])
    if not is_harmless(text):
        if (writes := written.get()) is not None:
            writes.append(text)
        begin_at_commit(context["connection"])
    elif page and READ.match(text):
        page.record(text, params, context)
    elif page and UNTOLD.match(text):
        page.complete = False
    return result


def begin_at_commit(connection):
    if is_waiting(connection):
        return
    if connection.in_atomic_block or connection.get_autocommit():
        connection.on_commit(begin)
    else:  # on_commit() refuses transactions that are managed by hand
        connection.run_on_commit.append((set(), begin, False))


def is_waiting(connection):
    return any(function is begin for _, function, *_ in connection.run_on_commit)


def watch_connection(connection, **kwargs):
    """Watch the statements and commits of a connection: a receiver of connection_created."""
    if watch not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, watch)  # execute_wrapper() takes away the last one
        connection.commit = begins(connection, connection.commit)


def begins(connection, commit):
    """Let a commit begin the generation before functions of on_commit(), one of which may fail."""

    @wraps(commit)
    def noticed():
        commit()
        if is_waiting(connection):
            hooks = [hook for hook in connection.run_on_commit if hook[1] is not begin]
            connection.run_on_commit = hooks
            begin()

    return noticed


def current_with(*keys):
    """Return the generation, a str, or None without a cache, and what is kept, a dict by key."""
    if missed:
        begin()
    told = between_hosts.current() if between_hosts.are_several() else None
    found = cache.get_many([KEY, *keys])
    if told and told != found.pop(KEY, None):
        cache.set(KEY, told, timeout=None)  # for as long as the database is away
        return (told if cache.get(KEY) else None), found
    if told:
        return told, found
    if KEY not in found:  # the first ever, or memcached was restarted
        cache.add(KEY, uuid4().hex, timeout=None)
        return cache.get(KEY), {}
    return found.pop(KEY), found
