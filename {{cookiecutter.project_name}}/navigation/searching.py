"""Where the database is PostgreSQL, searching costs as much as is found and shown.

With another database it is as in Mezzanine, which loads all that is found, with its texts. So are
fields of other tables, fields that search() is given, and texts in several languages.
https://mezzanine.readthedocs.io/en/latest/search-engine.html
"""

from collections.abc import Sequence
from functools import wraps

from mezzanine.core.managers import SearchableManager, SearchableQuerySet

from . import vectors

MOST = 1000  # results of one model, the best


class Results(Sequence):
    """What was found, the best first; rows are loaded when they are looked at."""

    def __init__(self, rows):
        self.rows = rows  # of which those by full text have their key alone

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return load(self.rows[index]) if isinstance(index, slice) else load([self.rows[index]])[0]

    def __iter__(self):
        for start in range(0, len(self), 100):
            yield from self[start : start + 100]


def load(rows):
    """Return the rows with all fields, but for those that were deleted meanwhile."""
    loaded = {(type(row), row.pk): row for row in rows if not row.get_deferred_fields()}
    keys = {}
    for row in rows:
        if (type(row), row.pk) not in loaded:
            keys.setdefault(type(row), []).append(row.pk)
    for model, some in keys.items():
        loaded |= {(model, row.pk): row for row in model.objects.filter(pk__in=some)}
    pairs = [(row, loaded.get((type(row), row.pk))) for row in rows]
    for row, full in pairs:
        if full:
            full.result_count = row.result_count
    return [full for _, full in pairs if full]


def by_full_text(theirs):
    @wraps(theirs)
    def search(queryset, query, search_fields=None):
        fields = queryset._search_fields
        if not search_fields and fields and vectors.are_in_use(queryset.db):
            from . import fulltext

            weights = vectors.with_description(queryset.model, fields)
            tables = fulltext.tables_of(queryset.model._meta.concrete_model)
            if fulltext.covers(tables, weights):
                return fulltext.search(queryset, query, tables, weights)
        return theirs(queryset, query, search_fields)

    return search


def scored_by_database(theirs):
    @wraps(theirs)
    def annotate_scores(queryset):
        if not hasattr(queryset.model, "publish_date"):
            queryset.model.publish_date = None  # theirs asks each row for it
        if "result_count" not in queryset.query.annotations or queryset._search_ordered:
            return theirs(queryset)
        best = queryset.select_related(None).order_by("-result_count", "pk").only("pk")
        return iter(best[:MOST])

    return annotate_scores


def loaded_later(theirs):
    @wraps(theirs)
    def search(manager, *args, **kwargs):
        found = theirs(manager, *args, **kwargs)
        return Results(found) if vectors.are_in_use(manager.db) else found

    return search


def install():
    SearchableQuerySet.search = by_full_text(SearchableQuerySet.search)
    SearchableQuerySet.annotate_scores = scored_by_database(SearchableQuerySet.annotate_scores)
    SearchableManager.search = loaded_later(SearchableManager.search)
    vectors.install()
