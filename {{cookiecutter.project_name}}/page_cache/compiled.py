"""Queries that Django compiles once: it takes longer for that than PostgreSQL for the answer.

They are sent each time, and answered by the database as it is then. What all visitors of a site are
shown may be kept as well, until it changes: see shared.py.
"""

from copy import copy
from functools import partial, wraps
from random import randrange
from types import SimpleNamespace
from uuid import uuid4

from django.db import connections, router
from django.db.models import QuerySet
from django.utils.translation import get_language
from mezzanine.utils.sites import current_site_id

from . import reads, shared

MOST = 200  # queries that are remembered, each of 10 to 35 kB
STAND_INS = {str: lambda: uuid4().hex, int: lambda: randrange(2**30, 2**31)}  # noqa: S311


def compiled(model, shape=0, is_kept=False):
    """Let a function that returns a query for instances of a model return a list of them.

    Its first arguments, as many as `shape`, are of the form of the query; the others, texts and
    numbers, are values that are compared. Besides, it may depend on the site, the language and the
    time alone: what it does for one visitor is done for all. is_kept is for few and short rows,
    that have no secrets: they are among what pages of a site have in common.
    """

    def decorate(make):
        known = {}

        @wraps(make)
        def rows(*args):
            form, values, alias = args[:shape], args[shape:], router.db_for_read(model)
            key = alias, current_site_id(), get_language(), form, *map(type, values)
            query = known.get(key)
            if not query:
                if len(known) >= MOST:
                    known.clear()
                query = known[key] = Compiled(make, form, values)
            name = f"{make.__module__}.{make.__qualname__} {args}" if is_kept else ""
            return query.rows(alias, values, name)

        return rows

    return decorate


class Compiled:
    def __init__(self, make, form, values):
        stand_ins = [STAND_INS[type(value)]() for value in values]
        begun = reads.Reads()
        query = make(*form, *stand_ins)
        self.model = query.model
        self.compiler = query.query.get_compiler(router.db_for_read(query.model))
        self.sql, self.params = self.compiler.as_sql()
        self.times = begun.times(self.params, self.compiler.connection)
        self.compiler.connection = None  # that of one thread, which may end
        self.places = [
            (index, stand_ins.index(value))
            for index, value in enumerate(self.params)
            if value in stand_ins
        ]

    def rows(self, alias, values, name=""):
        """Return what the database answers for those values, a list of instances.

        It may be what is kept under a name.
        """
        compiler = copy(self.compiler)
        compiler.connection = connections[alias]  # that of this thread
        compiler.as_sql = partial(self.as_sql, alias, values)
        if name:
            execute = compiler.execute_sql
            compiler.execute_sql = lambda *args, **kwargs: shared.if_possible(
                name, partial(execute, *args, **kwargs)
            )
        query = SimpleNamespace(values_select=(), get_compiler=lambda using: compiler)
        return list(QuerySet(self.model, query, alias))

    def as_sql(self, alias, values):
        """Return the SQL and its parameters, with those values and the present time."""
        params = list(reads.at_present(alias, self.params, self.times))
        for index, number in self.places:
            params[index] = values[number]
        return self.sql, tuple(params)
