"""Searching by PostgreSQL's full text, in the columns of vectors.py. Imports the driver.

https://www.postgresql.org/docs/current/textsearch-controls.html
"""

import re
from datetime import timedelta
from string import punctuation

from django.contrib.postgres.search import (
    SearchQuery,
    SearchVectorCombinable,
    SearchVectorExact,
    SearchVectorField,
)
from django.db.models import DateTimeField, F, FloatField, Func, Q, Value
from django.db.models.expressions import Col
from django.db.models.functions import Extract, Greatest, Power
from django.utils import timezone
from mezzanine.conf import settings

from . import vectors

TERM = re.compile(r'\s*([+-]?)\s*(?:"([^"]*)"?|([^\s"]+))')
COLUMN = SearchVectorField()
COLUMN.set_attributes_from_name(vectors.NAME)


class Vector(SearchVectorCombinable, F):
    """The search column of the table that has the field of that name."""

    config = None

    def resolve_expression(self, *args, **kwargs):
        return Col(super().resolve_expression(*args, **kwargs).alias, COLUMN)


class Rank(Func):
    """How well a vector matches a query; the weights are text such as {0.1,0.2,0.5,1}."""

    function = "ts_rank"
    template = "ts_rank(%(expressions)s)"
    output_field = FloatField()

    def __init__(self, weights, *expressions, **extra):
        text = "{" + ",".join(map(str, weights)) + "}"
        array = Func(Value(text), template="%(expressions)s::float4[]", output_field=FloatField())
        super().__init__(array, *expressions, **extra)


def tables_of(model):
    """Return the labels of each table of a model that has a vector, by model, the own one first."""
    found = {}
    while model:
        if own := vectors.labels(model):
            found[model] = own
        link = model._meta.pk.remote_field
        model = link.model if link and link.parent_link else None
    return found


def covers(tables, names):
    """Return whether the vectors are made of those fields, and of no others."""
    return {name for labels in tables.values() for name in labels} == set(names)


def terms(text):
    """Return the terms that are required, optional and excluded, three lists of str.

    As in Mezzanine, words that say nothing are left out of the optional ones, unless they are all.
    """
    found = {"+": [], "": [], "-": []}
    for sign, phrase, word in TERM.findall(text.replace("\0", " ")):
        if term := (phrase or word).strip(punctuation + " ").lower():
            found[sign].append((term, not sign and not phrase and term in settings.STOP_WORDS))
    telling = [term for term, says_nothing in found[""] if not says_nothing]
    required, optional, excluded = ([term for term, _ in found[sign]] for sign in found)
    return required, telling or ([] if required else optional), excluded


def query(found, operator=" or "):
    """Return the SearchQuery for terms; each is in quotes, so no word in it is an operator."""
    text = operator.join(f'"{term}"' for term in found)
    return SearchQuery(text, config=vectors.configuration(), search_type="websearch")


def search(queryset, text, tables, weights):
    """Return the rows that match, with result_count, as a QuerySet like the one that is given.

    weights are those of the fields, by name.
    """
    required, optional, excluded = terms(text)
    if not required and not optional:
        return queryset.none()
    wanted = query(required, " ") if required else query(optional)
    places = {model: Vector(next(iter(labels))) for model, labels in tables.items()}
    first, *others = places.values()
    whole = sum(others, first)
    if others:  # no index has them together
        candidates = [
            model._base_manager.filter(SearchVectorExact(place, query(required or optional)))
            for model, place in places.items()
        ]
        one, *more = (rows.order_by().values("pk") for rows in candidates)
        queryset = queryset.filter(pk__in=one.union(*more))
    queryset = queryset.filter(SearchVectorExact(whole, wanted))
    if excluded:
        queryset = queryset.filter(~Q(SearchVectorExact(whole, query(excluded))))
    heaviest = max(weights.values()) or 1
    ranks = [
        Rank(by_label(labels, weights, heaviest), places[model], query(required + optional))
        for model, labels in tables.items()
    ]
    queryset = queryset.annotate(
        result_count=aged(queryset.model, sum(ranks[1:], ranks[0])) * heaviest
    )
    queryset._search_terms = {*required, *optional}
    return queryset


def by_label(labels, weights, heaviest):
    """Return the weights of the labels D, C, B and A, as ts_rank takes them: 0 to 1."""
    return [
        max((weights[name] / heaviest for name in labels if labels[name] == label), default=0)
        for label in reversed(vectors.LABELS)
    ]


def aged(model, rank):
    """Return the rank, less for what is older, by the formula of Mezzanine.

    The time is that of the next full hour, so that a page of results stays the same until then.
    """
    if "publish_date" not in {field.name for field in model._meta.get_fields()}:
        return rank
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    age = Extract(Value(hour, DateTimeField()) - F("publish_date"), "epoch")
    seconds = Greatest(age, Value(1), output_field=FloatField())
    return rank / Power(seconds, Value(settings.SEARCH_AGE_SCALE_FACTOR, FloatField()))
