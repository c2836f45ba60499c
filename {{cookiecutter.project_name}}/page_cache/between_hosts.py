"""The generation of the content where a site is on several hosts, each with a cache of its own.

It is in the database they have in common, which each request for a public page is asked: so a page
that was kept on one host ends with what is written on another. It is a random number in a sequence,
since that is seen by all at once, no transaction takes it back, and nobody waits for another.
"""

from contextlib import suppress
from secrets import randbelow

from django.conf import settings
from django.db import DatabaseError, connection

from . import reads
from .heartbeat import heartbeat

LARGEST = 2**63 - 1  # of a sequence


def are_several():
    """Return whether the site is on several hosts."""
    return settings.SEVERAL_HOSTS and connection.vendor == "postgresql"


def begin():
    """Begin a new generation, for all hosts; return whether the database has taken it."""
    if heartbeat.is_missing():
        return False
    try:
        with reads.recorded(None), connection.cursor() as cursor:
            number = 1 + randbelow(LARGEST)
            cursor.execute("SELECT setval('page_cache_generation', %s)", [number])
    except DatabaseError:
        return False
    finally:
        leave_transaction()
    return True


def leave_transaction():
    """Be in none where Django has just committed one: it is about to change to autocommit."""
    if connection.connection and not (connection.in_atomic_block or connection.autocommit):
        with suppress(DatabaseError), connection.wrap_database_errors:
            connection.connection.commit()


def current():
    """Return the generation, a str, or None while the database does not answer."""
    if heartbeat.is_missing():
        return None
    try:
        with reads.recorded(None), heartbeat.limit_kept(), connection.cursor() as cursor:
            cursor.execute("SELECT last_value FROM page_cache_generation")
            return str(cursor.fetchone()[0])
    except DatabaseError:
        return None
