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

from . import reads

KEY = "page_cache.generation"

# Also in brackets, as a union is in PostgreSQL, and with a table of its own before it.
READS = r"[\s(]*(?:SELECT\b|WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b))"
READ = re.compile(READS, re.IGNORECASE | re.DOTALL)
UNTOLD = re.compile(r"\s*(SET|SHOW|PRAGMA|EXPLAIN|DECLARE|FETCH)\b", re.IGNORECASE)

# All else may change a page. Sessions, times of logins, mails and the log of the admin are on none.
# Nor is what showing a page writes: a new feed has no tweets yet, asked_at is for the next
# poll, and a short URL is on the one page that is being made.
HARMLESS = (
    rf"{READS}|\s*(BEGIN|SAVEPOINT|RELEASE|ROLLBACK|SET|SHOW|PRAGMA|EXPLAIN|DECLARE|FETCH)\b"
    r"|(INSERT INTO|UPDATE|DELETE FROM) .(django_session|django_admin_log|mail_queuedmail)\W"
    r"|UPDATE .USERS. SET .last_login. = %s WHERE"
    r"|INSERT (OR IGNORE )?INTO .feeds_feed.\W|UPDATE .feeds_feed. SET .asked_at. = %s, .wanted. ="
    r"|UPDATE .\w+. SET .short_url. = %s WHERE"
)

written = ContextVar("written", default=None)  # a list, within noticed()
missed = False  # whether the cache was away when a generation should have begun


def begin():
    """Begin a new generation; the next request of this process tries again if the cache is away."""
    global missed
    if settings.PAGE_CACHE_SECONDS:
        generation = uuid4().hex
        cache.set(KEY, generation, timeout=None)
        missed = cache.get(KEY) != generation


@contextmanager
def noticed():
    """Yield a list of the statements that begin a generation."""
    token = written.set([])
    try:
        yield written.get()
    finally:
        written.reset(token)


@once
def harmless():
    """Return the pattern of what changes no page, with the table of the project's users."""
    users = re.escape(get_user_model()._meta.db_table)
    return re.compile(HARMLESS.replace("USERS", users), re.IGNORECASE | re.DOTALL)


def watch(execute, sql, params, many, context):
    """Begin a generation when what a statement wrote is committed. A wrapper of Django's."""
    cursor, page = context["cursor"], reads.current.get()
    if isinstance(cursor.cursor, reads.Replay):
        cursor.cursor = cursor.cursor.driver
    result = execute(sql, params, many, context)
    if not harmless().match(str(sql)):
        if (writes := written.get()) is not None:
            writes.append(sql)
        begin_at_commit(context["connection"])
    elif page and READ.match(str(sql)):
        page.record(sql, params, context)
    elif page and UNTOLD.match(str(sql)):
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
    found = cache.get_many([KEY, *keys])
    if KEY not in found:  # the first ever, or memcached was restarted
        cache.add(KEY, uuid4().hex, timeout=None)
        return cache.get(KEY), {}
    return found.pop(KEY), found
