"""Only one poll at a time, on however many servers; a poll that dies leaves no lock behind."""

import sqlite3
from contextlib import contextmanager

from django.db import connection

KEY = 0x74776974  # of PostgreSQL's advisory locks: any number that nothing else uses


@contextmanager
def only_one():
    """Yield True, or False while another poll of this database is at work."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [KEY])
            (free,) = cursor.fetchone()
        try:
            yield free
        finally:
            if free:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [KEY])
    elif connection.vendor == "sqlite" and not connection.is_in_memory_db():
        name = f"{connection.settings_dict['NAME']}.poll_twitter"
        beside = sqlite3.connect(name, timeout=0, isolation_level=None)
        try:
            beside.execute("BEGIN EXCLUSIVE")
            free = True
        except sqlite3.OperationalError:
            free = False
        try:
            yield free
        finally:
            beside.close()
    else:
        yield True
