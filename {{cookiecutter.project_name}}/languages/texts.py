"""Texts that were there before the project had translations."""

from django.db import connections
from django.db.models import F, QuerySet
from modeltranslation.settings import DEFAULT_LANGUAGE
from modeltranslation.translator import translator
from modeltranslation.utils import build_localized_fieldname


def give_to_default_language(sender, using, **kwargs):
    """Give each text that no language has to the default one, on all sites, after migrations."""
    for model in translator.get_registered_models(abstract=False):
        if model._meta.app_label == sender.label:
            give(model, using)


def give_all(using):
    """Do so for the models of all apps, after rows came from a project without translations."""
    for model in translator.get_registered_models(abstract=False):
        give(model, using)


def give(model, using):
    if model._meta.proxy:
        return
    columns = columns_of(model, using)
    for name, translations in translator.get_options_for_model(model).local_fields.items():
        if columns.issuperset(field.column for field in translations):  # else, not migrated yet
            # Plain, as those of modeltranslation take a name for its field in the language at hand.
            rows = QuerySet(model, using=using)
            without = rows.filter(**{f"{field.name}__isnull": True for field in translations})
            if model._meta.get_field(name).empty_strings_allowed:
                without = without.exclude(**{name: ""})
            text = {build_localized_fieldname(name, DEFAULT_LANGUAGE): F(name)}
            without.exclude(**{f"{name}__isnull": True}).update(**text)


def columns_of(model, using):
    """Return the names of the columns that the table of a model has, a set."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if model._meta.db_table not in connection.introspection.table_names(cursor):
            return set()
        found = connection.introspection.get_table_description(cursor, model._meta.db_table)
    return {column.name for column in found}
