"""Rows that stay in a database, and lead to content that would be gone: comments, entries, links.

No foreign key of the database guards most of them, so they are looked for.
"""

from django.contrib.contenttypes.models import ContentType

from .kinds import LOCAL, keys_of, kinds, staying
from .tables import chunks, generic_keys, generic_values, in_english


class Orphans:
    """Rows of one model that lead to content which would be gone."""

    def __init__(self, model, column, querysets):
        self.model, self.column, self.querysets = model, column, querysets
        self.count = sum(queryset.count() for queryset in querysets)
        self.may_be_null = column is not None and column.null

    @property
    def is_data(self):
        """Whether somebody would miss them."""
        is_theirs = kinds()[self.model] != LOCAL and not self.model._meta.auto_created
        return is_theirs and not self.may_be_null

    @property
    def told(self):
        return f"{in_english(self.model._meta.verbose_name_plural)}: {self.count}"

    def settle(self):
        """Delete them, or let them lead to nothing."""
        for queryset in self.querysets:
            if self.may_be_null:
                queryset.update(**{self.column.attname: None})
            else:
                queryset.delete()


def find(changes, everything):
    """Yield the Orphans that the changes, a dict of Change by label, would make."""
    gone = {change.table.model: gone_of(change.table.model, changes) for change in changes.values()}
    gone = {model: keys for model, keys in gone.items() if keys}
    for model in staying(everything):
        for key in keys_of(model):
            if keys := gone.get(key.related_model._meta.concrete_model):
                name = f"{key.attname}__in"
                found = [model._base_manager.filter(**{name: some}) for some in chunks(keys)]
                yield from some_of(model, key, found)
        for key in generic_keys(model):
            yield from some_of(model, None, generic(model, key, gone))


def some_of(model, key, querysets):
    querysets = [queryset for queryset in querysets if queryset.exists()]
    if querysets:
        yield Orphans(model, key, querysets)


def gone_of(model, changes):
    """Return the primary keys that are nothing or another thing afterwards, a set.

    A row of a model that inherits from another has the number of its parent's.
    """
    found = set()
    for each in (model, *model._meta.get_parent_list()):
        if change := changes.get(each._meta.label_lower):
            found |= change.removed | change.others
    return found


def generic(model, key, gone):
    """Return the rows that lead by a generic relation to what is gone, a list of QuerySets."""
    querysets = []
    for target, keys in gone.items():
        type = ContentType.objects.get_for_model(target, for_concrete_model=False)
        for some in chunks(generic_values(model, key, keys)):
            named = {key.ct_field: type, f"{key.fk_field}__in": some}
            querysets.append(model._base_manager.filter(**named))
    return querysets
