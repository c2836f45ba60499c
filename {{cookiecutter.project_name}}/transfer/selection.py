"""Which rows are of one site: see README.md, One site alone."""

from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site

from .kinds import CONTENT, VISITORS, keys_of, kinds
from .tables import chunks, generic_keys, generic_values

MANY = 500  # keys in a question; SQLite takes 999


class Selection:
    """The rows that belong to a site, and those that these refer to; sets of keys by model."""

    def __init__(self, site):
        self.models = [model for model, kind in kinds().items() if kind in (CONTENT, VISITORS)]
        self.models.remove(Site)
        self.owned = {model: set() for model in self.models}
        self.shared = {model: set() for model in self.models}
        for model in self.models:
            if key := site_key(model):
                self.owned[model] = pks(model, **{key.attname: site.pk})
        new = {model: set(keys) for model, keys in self.owned.items()}
        while any(new.values()):
            new = {model: self.extend(model, new) for model in self.models}
        while any([self.share(model) for model in self.models]):
            pass
        self.owned[Site], self._texts = {site.pk}, {Site: {str(site.pk)}}

    def of(self, model):
        return self.owned[model] | self.shared.get(model, set())

    def has(self, model, pk):
        """Return whether a row is among them; pk may be a str, as a generic relation has it."""
        if model not in self._texts:
            self._texts[model] = {str(key) for key in self.of(model)}
        return str(pk) in self._texts[model]

    def extend(self, model, new):
        """Add the rows of a model that cannot be without one of the new ones; return their keys."""
        found = set()
        if site_key(model):
            return found
        for key in owner_keys(model):
            owners = new.get(key.related_model._meta.concrete_model, ())
            for some in chunks(owners, MANY):
                found |= pks(model, **{f"{key.attname}__in": some})
        for key in generic_keys(model):
            for owner, type in owners_of(model, key):
                for some in chunks(generic_values(model, key, new.get(owner, ())), MANY):
                    found |= pks(model, **{key.ct_field: type, f"{key.fk_field}__in": some})
        found -= self.owned[model]
        self.owned[model] |= found
        return found

    def share(self, model):
        """Add what rows of a model refer to and is of no site; return if any."""
        is_more = False
        for key in keys_of(model):
            target = key.related_model._meta.concrete_model
            if target in self.shared and not has_owner(target):
                found = set()
                for some in chunks(self.of(model), MANY):
                    rows = model._base_manager.filter(pk__in=some, **{f"{key.name}__isnull": False})
                    found |= set(rows.values_list(key.attname, flat=True))
                is_more |= not found <= self.of(target)
                self.shared[target] |= found
        return is_more


def owners_of(model, key):
    """Yield the models that rows lead to by a generic foreign key, and their content types."""
    types = model._base_manager.order_by().values_list(key.ct_field, flat=True).distinct()
    for type in ContentType.objects.filter(pk__in=types):
        if owner := type.model_class():
            yield owner._meta.concrete_model, type


def rows_of(table, selection, keys=None):
    """Yield the rows of a table that are of the site; a link to a row of another becomes empty.

    Where it must not be empty, the row is left out. `keys` are primary keys, if not all.
    """
    links = [(i, c) for i, c in enumerate(table.columns) if c.field.is_relation and not c.named]
    links = [(i, c) for i, c in links if not c.dropped]
    keys = selection.of(table.model) if keys is None else keys
    for some in chunks(sorted(keys, key=str)):
        for row in table.rows(table.queryset.filter(pk__in=some)):
            away = [
                i for i, c in links if row[i] is not None and not selection.has(c.target, row[i])
            ]
            for index in away:
                row[index] = None
            if all(table.fields[index].null for index in away) and leads_in(table, row, selection):
                yield row


def leads_in(table, row, selection):
    """Return whether the generic relations of a row lead to rows of the site."""
    for key in generic_keys(table.model):
        type, number = (
            row[table.names.index(table.model._meta.get_field(name).attname)]
            for name in (key.ct_field, key.fk_field)
        )
        if type is not None:
            target = ContentType.objects.get_by_natural_key(*type).model_class()
            if not selection.has(target._meta.concrete_model, number):
                return False
    return True


def site_key(model):
    """Return the foreign key to the site in the model's own table, or None."""
    keys = (key for key in keys_of(model) if key.related_model is Site and not key.null)
    return None if model._meta.auto_created else next(keys, None)


def owner_keys(model):
    """Return the foreign keys without which a row cannot be, a list."""
    owner = model._meta.auto_created
    keys = [key for key in keys_of(model) if not key.null and key.related_model is not model]
    return [key for key in keys if not owner or key.related_model is owner][:1] if owner else keys


def has_owner(model):
    """Return whether rows of a model are of a site, by themselves or by another row."""
    if site_key(model) or generic_keys(model):
        return True
    return any(has_owner(key.related_model._meta.concrete_model) for key in owner_keys(model))


def pks(model, **lookup):
    return set(model._base_manager.filter(**lookup).values_list("pk", flat=True))
