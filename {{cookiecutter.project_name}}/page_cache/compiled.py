"""Queries that Django compiles once: it takes longer for that than PostgreSQL for the answer.

They are sent each time, and answered by the database as it is then.
"""

from copy import copy
from functools import wraps
from random import randrange
from types import SimpleNamespace
from uuid import uuid4

from django.db import connections, router
from django.db.models import QuerySet
from django.utils.translation import get_language
from mezzanine.utils.sites import current_site_id

from . import reads

MOST = 200  # queries that are remembered, each of 10 to 35 kB
STAND_INS = {str: lambda: uuid4().hex, int: lambda: randrange(2**30, 2**31)}  # noqa: S311


def compiled(model, shape=0):
    """Let a function that returns a query for instances of a model return a list of them.

    Its first arguments, as many as `shape`, are of the form of the query; the others, texts and
    numbers, are values that are compared. Besides, it may depend on the site, the language and the
    time alone: what it does for one visitor is done for all.
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
            return query.rows(alias, values)

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

    def rows(self, alias, values):
        """Return what the database answers for those values, a list of instances."""
        params = list(reads.at_present(alias, self.params, self.times))
        for index, number in self.places:
            params[index] = values[number]
        compiler = copy(self.compiler)
        compiler.connection = connections[alias]  # that of this thread
        compiler.as_sql = lambda: (self.sql, tuple(params))
        query = SimpleNamespace(values_select=(), get_compiler=lambda using: compiler)
        return list(QuerySet(self.model, query, alias))
