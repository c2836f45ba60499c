"""The rows of one table as lists that JSON can hold, the same on every database."""

import hashlib
import json
from types import SimpleNamespace

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import JSONField, Q, QuerySet, Value
from django.db.models.sql import InsertQuery
from django.utils import translation
from mezzanine.conf.models import Setting
from mezzanine.generic.fields import BaseGenericRelation

from feeds.credentials import NAMES as KEYS_OF_X

from .keys import Skip

CHUNK = 100  # rows, each of which may have a long text
PLAIN = (bool, int, float, str, type(None))
STAYING = {Setting: Q(name__in=KEYS_OF_X)}  # rows of a table that travels
TITLES = ("title", "name", "slug", "domain", "old_path", "label")


def in_english(words):
    """Return the lazy name of a model as the code has it, for fab, which speaks one language."""
    with translation.override(None):
        return str(words)


class Column:
    """A column: how its values become JSON, and how they are again what they were.

    A foreign key to a table that travels keeps its number. Else it has the name of the row, or
    becomes NULL.
    """

    def __init__(self, field, travelling, keys):
        self.field, self.keys, self.named, self.dropped = field, keys, None, False
        self.last = field
        while self.last.is_relation:
            self.last = self.last.target_field
        if field.is_relation:
            self.target = field.related_model._meta.concrete_model
            if self.target not in travelling:
                self.dropped = not keys.has_names(self.target)
                self.named = None if self.dropped else self.target

    def encode(self, value):
        if value is None or self.dropped:
            if value is not None and not self.field.null:
                raise Skip
            return None
        if self.named:
            try:
                return self.keys.name(self.named, value)
            except Skip:
                if self.field.null:
                    return None
                raise
        if type(value) in PLAIN:
            return value
        return self.last.value_to_string(SimpleNamespace(**{self.last.attname: value}))

    def decode(self, value):
        if value is None:
            is_json = isinstance(self.field, JSONField) and not self.field.null
            return Value(None, JSONField()) if is_json else None
        return self.keys.row(self.named, value) if self.named else self.last.to_python(value)


class Table:
    """The table of a model, of which `travelling` is a set, in this database."""

    def __init__(self, model, travelling, keys):
        self.model, self.travelling = model, travelling
        self.label = model._meta.label_lower
        self.fields = model._meta.local_concrete_fields
        self.names = [field.attname for field in self.fields]
        self.columns = [Column(field, travelling, keys) for field in self.fields]
        self.pk = self.fields.index(model._meta.pk)
        counted = counters(model, travelling)
        self.counters = [self.names.index(name) for name in counted if name in self.names]
        self.defaults = [
            field.get_default() if field.attname in counted else None for field in self.fields
        ]
        types = [model._meta.get_field(key.ct_field) for key in generic_keys(model)]
        self.types = [self.names.index(field.attname) for field in types]
        self.unique = unique_places(model, self.fields)

    @property
    def plain(self):
        """All rows; the managers of a translated model take a text for that of one language."""
        return QuerySet(self.model)

    @property
    def queryset(self):
        return self.plain.exclude(STAYING.get(self.model, Q(pk__in=[])))

    # Reading

    def rows(self, queryset=None):
        """Yield the rows that travel, lists."""
        rows = self.queryset if queryset is None else queryset
        for values in rows.order_by("pk").values_list(*self.names).iterator(CHUNK):
            try:
                yield self.encode(values)
            except Skip:
                continue

    def encode(self, values):
        for index in self.types:
            self.check_type(values[index])
        return [column.encode(value) for column, value in zip(self.columns, values, strict=True)]

    def check_type(self, pk):
        """Skip where a generic relation leads to what does not travel."""
        try:
            target = ContentType.objects.get_for_id(pk).model_class() if pk is not None else None
        except ContentType.DoesNotExist:
            raise Skip from None
        if pk is not None and (
            target is None or target._meta.concrete_model not in self.travelling
        ):
            raise Skip

    def some(self, keys):
        """Return the rows with these primary keys as JSON has them, a dict by key."""
        found = self.queryset.filter(pk__in=[self.decoded(key) for key in keys])
        return {self.key(row): row for row in self.rows(found)}

    def taken(self, keys):
        """Return those of the primary keys that rows have which do not travel, a list."""
        wanted = [self.decoded(key) for key in keys]
        found = self.plain.filter(pk__in=wanted).values_list("pk", flat=True)
        there = {str(pk) for pk in found}
        return [key for key, value in zip(keys, wanted, strict=True) if str(value) in there]

    def key(self, row):
        """Return the primary key of a row, which may be a name."""
        key = row[self.pk]
        return tuple(key) if isinstance(key, list) else key

    def decoded(self, key):
        return self.columns[self.pk].decode(list(key) if isinstance(key, tuple) else key)

    # What rows say

    def digest(self, row):
        """Return what a row says as 16 digits; its counters, or the domain of a site, are not."""
        hidden = set(self.counters)
        if self.model is Site:
            hidden = {self.names.index("domain"), self.names.index("name")}
        told = [value for index, value in enumerate(row) if index not in hidden]
        text = json.dumps(told, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def title(self, row):
        """Return what a row is called, None where it has no such column."""
        found = (row[self.names.index(name)] for name in TITLES if name in self.names)
        return next((value for value in found if value), None)

    def identity(self, row):
        """Return what stays the same of a thing that is edited; None where nothing is known."""
        name = "domain" if self.model is Site else "created"
        return row[self.names.index(name)] if name in self.names else None

    # Writing

    def insert(self, rows):
        """Insert rows, lists of values as JSON has them."""
        objects = [
            SimpleNamespace(pk=None, **dict(zip(self.names, self.values(row), strict=True)))
            for row in rows
        ]
        for place in objects:
            place.pk = getattr(place, self.names[self.pk])
        size = max(connection.ops.bulk_batch_size(self.fields, objects), 1)
        for start in range(0, len(objects), size):
            self.insert_raw(objects[start : start + size], self.fields)

    def insert_raw(self, objects, fields):
        """As bulk_create, which refuses the table of a model that inherits from another."""
        query = InsertQuery(self.model)
        query.insert_values(fields, objects, raw=True)
        query.get_compiler(connection=connection).execute_sql()

    def update(self, row):
        values = dict(zip(self.names, self.values(row), strict=True))
        pk = values.pop(self.names[self.pk])
        for index in self.counters:
            values.pop(self.names[index])
        self.plain.filter(pk=pk).update(**values)

    def values(self, row):
        return [column.decode(value) for column, value in zip(self.columns, row, strict=True)]

    def delete(self, keys):
        """Delete the rows with these primary keys, and nothing that refers to them."""
        for some in chunks(list(keys)):
            pks = [self.decoded(key) for key in some]
            self.plain.filter(pk__in=pks)._raw_delete(connection.alias)

    def move(self, keys):
        """Take rows out of the way that stay here; return a function that puts them in again."""
        names = [name for index, name in enumerate(self.names) if index != self.pk]
        fields = [field for field in self.fields if not field.primary_key]
        found = self.plain.filter(pk__in=[self.decoded(key) for key in keys])
        objects = [SimpleNamespace(**values, pk=None) for values in found.values(*names)]
        self.delete(keys)
        return lambda: self.insert_raw(objects, fields) if objects else None


def unique_places(model, fields):
    """Return the places of the fields that are part of a rule that makes rows unique, a list."""
    meta = model._meta
    names = {field.name for field in fields if field.unique and not field.primary_key}
    names |= {name for group in meta.unique_together for name in group}
    for rule in meta.constraints:
        if isinstance(rule, models.UniqueConstraint):  # without fields it has expressions
            names |= set(rule.fields) or {field.name for field in fields}
    return [index for index, field in enumerate(fields) if field.name in names]


def generic_keys(model):
    """Return the generic foreign keys in the model's own table, a list."""
    own = {field.name for field in model._meta.local_concrete_fields}
    keys = (key for key in model._meta.private_fields if isinstance(key, GenericForeignKey))
    return [key for key in keys if key.ct_field in own]


def generic_values(model, key, pks):
    """Yield primary keys as the column of a generic foreign key has them, if it can."""
    column = model._meta.get_field(key.fk_field)
    for pk in pks:
        try:
            yield column.to_python(str(pk))
        except ValidationError:  # a number cannot lead to a text
            continue


def counters(model, travelling):
    """Return the names of the columns that count what does not travel, such as comments."""
    found = []
    for relation in model._meta.private_fields:
        if isinstance(relation, BaseGenericRelation) and relation.related_model not in travelling:
            found += [name.replace("%s", relation.name) for name in relation.fields]
    return found


def chunks(items, size=CHUNK):
    """Yield lists of that many items."""
    some = []
    for item in items:
        some.append(item)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some
