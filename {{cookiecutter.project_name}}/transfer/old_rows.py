"""The rows of a database that is adopted, as a package has them."""

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef

from multisite.models import valid_host

from .hashers import wrapped
from .keys import NAMES, Keys, Skip
from .kinds import CONTENT, keys_of, kinds
from .old_database import ALIAS
from .tables import CHUNK, Table, chunks, generic_keys

OLD_MEDIA_URL = "/static/media/"  # of Mezzanine before 5.0


class OldKeys(Keys):
    """The names of rows there; a permission that is not known here has none."""

    def _name(self, model, pk):
        name = super()._name(model, pk)
        if name and model is not ContentType:
            return name if self.find(model, dict(zip(NAMES[model], name, strict=True))) else None
        return name


class OldTable(Table):
    """The table of a model there; a column that it lacks has its default in each row.

    `lost` are the primary keys of rows that lead to nothing, sets by model; `domains` those of
    sites, by ID.
    """

    def __init__(self, model, old, lost, domains):
        super().__init__(model, set(lost), OldKeys(ALIAS))
        self.old, self.lost, self.domains = old, lost, domains
        columns = old.columns[model._meta.db_table]
        self.there = [i for i, field in enumerate(self.fields) if field.column in columns]
        self.missing = [default_of(field) for field in self.fields]
        self.is_content = kinds()[model] == CONTENT

    def rows(self):
        names = [self.names[index] for index in self.there]
        found = self.old.rows(self.model).order_by("pk").values_list(*names)
        for values in found.iterator(CHUNK):
            row = [*self.missing]
            for index, value in zip(self.there, values, strict=True):
                row[index] = value
            if row[self.pk] in self.lost[self.model]:
                continue
            self.mend(row)
            try:
                yield self.encode(row)
            except Skip:
                continue

    def check_type(self, pk):
        """Do nothing: what leads to no model of here is among the lost."""

    def mend(self, row):
        for index, column in enumerate(self.columns):
            value = row[index]
            if column.field.is_relation and value in self.lost.get(column.target, ()):
                row[index] = None
            elif self.is_content and isinstance(value, str):
                row[index] = value.replace(OLD_MEDIA_URL, settings.MEDIA_URL)
        if self.model is Site:
            pk, domain, name = (self.names.index(name) for name in ("id", "domain", "name"))
            if row[name] == row[domain][:50]:
                row[name] = self.domains[row[pk]][:50]
            row[domain] = self.domains[row[pk]]
        if self.model is get_user_model():
            index = self.names.index("password")
            row[index] = wrapped(row[index])


def default_of(field):
    """Return what a column that is not there has in each row; a translation is yet to be made."""
    return None if hasattr(field, "translated_field") else field.get_default()


def domains_of(old):
    """Return the domains of the sites as they have to be, a dict by ID.

    The first of several that differ in upper and lower case keeps its own.
    """
    found = {}
    for pk, domain in old.rows(Site).order_by("pk").values_list("pk", "domain"):
        try:
            wanted = valid_host(domain)
        except ValidationError:
            wanted = "invalid"
        is_taken = wanted == "invalid" or wanted in found.values()
        found[pk] = f"site-{pk}.{wanted}" if is_taken else wanted
    return found


# Rows that lead to nothing: SQLite lets them be, and so did Django before 2.0


def find_lost(old, models):
    """Return the primary keys of rows that cannot come in, sets by model."""
    lost = {model: leading_elsewhere(old, model, models) for model in models}
    for model in models:
        for key in keys_of(model):
            if (target := key.related_model._meta.concrete_model) in lost:
                lost[target] |= missing(old, key, target)
    while any([spread(old, model, lost) for model in models]):
        pass
    return lost


def leading_elsewhere(old, model, models):
    """Return the rows that lead by a generic relation to a model that is not here."""
    found = set()
    for key in generic_keys(model):
        name = model._meta.get_field(key.ct_field).attname
        rows = old.rows(model).exclude(**{f"{name}__in": types(old, models)})
        found |= set(rows.filter(**{f"{name}__isnull": False}).values_list("pk", flat=True))
    return found


def types(old, models):
    """Return the content types there of the models, a list of numbers."""
    found = []
    rows = ContentType._base_manager.using(ALIAS).values_list("pk", "app_label", "model")
    for pk, app_label, name in rows:
        try:
            if apps.get_model(app_label, name)._meta.concrete_model in models:
                found.append(pk)
        except LookupError:
            continue
    return found


def missing(old, key, target):
    """Return the values of a foreign key that lead to no row."""
    rows = old.rows(key.model).filter(**{f"{key.attname}__isnull": False})
    if old.has(target):
        rows = rows.exclude(Exists(old.rows(target).filter(pk=OuterRef(key.attname))))
    return set(rows.order_by().values_list(key.attname, flat=True).distinct())


def spread(old, model, lost):
    """Add the rows of a model that cannot be without one that is lost; return if any."""
    found = set()
    for key in keys_of(model):
        if not key.null:
            for some in chunks(lost.get(key.related_model._meta.concrete_model, ())):
                rows = old.rows(model).filter(**{f"{key.attname}__in": some})
                found |= set(rows.values_list("pk", flat=True))
    is_more = not found <= lost[model]
    lost[model] |= found
    return is_more
