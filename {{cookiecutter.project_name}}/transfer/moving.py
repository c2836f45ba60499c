"""Rows of a package get other numbers than they had, and lead to each other as before."""

import json

from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from mezzanine.forms.models import Field, FieldEntry

from .site_files import uploads_of
from .tables import generic_keys

# Columns that are numbers of rows, though the database knows nothing of it.
NUMBERS = {(FieldEntry, "field_id"): Field}


class Moving:
    """What becomes of rows, of a site that has one number there and perhaps another one here.

    A subclass has number(field, value), which returns what a primary key becomes.
    """

    def __init__(self, there, here):
        self.site_id, self.renamed = here, {}
        self.before, self.after = (f"{uploads_of(number)}/" for number in (there, here))

    def moved(self, table, row):
        """Return a row with the numbers and the names of files that it is to have here."""
        new = [self.value(column, value) for column, value in zip(table.columns, row, strict=True)]
        for key in generic_keys(table.model):
            type, number = (
                table.names.index(table.model._meta.get_field(name).attname)
                for name in (key.ct_field, key.fk_field)
            )
            if row[type] is not None:
                target = ContentType.objects.get_by_natural_key(*row[type]).model_class()
                given = row[number]
                moved = self.number(
                    last_of(target._meta.pk), last_of(target._meta.pk).to_python(given)
                )
                new[number] = str(moved) if isinstance(given, str) else moved
        text = json.dumps(new)
        if self.before != self.after and self.before in text:
            new = json.loads(text.replace(self.before, self.after))
        return new

    def value(self, column, value):
        if value is None or column.named or column.dropped:
            return value
        if column.field.is_relation and column.target is Site:
            return self.site_id
        if field := NUMBERS.get((column.field.model, column.field.name)):
            return self.number(field._meta.pk, value)
        if column.last.primary_key:
            return self.number(column.last, value)
        return self.renamed.get(value, value) if isinstance(value, str) else value


def last_of(field):
    """Return the field that a primary key is a number of, which may be that of a parent."""
    while field.is_relation:
        field = field.target_field
    return field
