"""The database of a site that another project has made, which is read and never written."""

import re
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import Error, connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import QuerySet
from mezzanine.pages.models import Page
from psycopg.conninfo import conninfo_to_dict

from multisite.own_apps import is_own

from .kinds import LOCAL, kinds
from .package import Refused

ALIAS = "adopted"
MEZZANINE = {"django_site", "conf_setting", "pages_page"}
# What changes no column: such migrations stock Mezzanine writes into its own packages.
HARMLESS = re.compile(r"\d+_(alter_\w+|auto_\d+_\d+)")
# Tables that stay behind: of the packages that made them, or of one visit.
LEFT_OUT = {"django_admin_log", "django_migrations", "django_session"}
LEFT_OUT |= {"south_migrationhistory", "twitter_query", "twitter_tweet"}


def configuration(source):
    """Return what DATABASES has to say of a file of SQLite, or of an address of PostgreSQL."""
    source = source.removeprefix("sqlite:///")
    if "://" not in source:
        path = Path(source).resolve()
        if not path.is_file():
            raise Refused(f"there is no file {source}")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": f"file:{quote(str(path))}?mode=ro",
        }
    try:
        options = conninfo_to_dict(source)
    except psycopg.Error:
        raise Refused("that is neither a file nor an address postgresql://…") from None
    name = options.pop("dbname", "")
    if not name:
        raise Refused("the address names no database: postgresql://USER:PASSWORD@HOST/DATABASE")
    options["isolation_level"] = psycopg.IsolationLevel.REPEATABLE_READ
    options["options"] = "-c default_transaction_read_only=on"
    return {"ENGINE": "django.db.backends.postgresql", "NAME": name, "OPTIONS": options}


@contextmanager
def opened(source):
    """Let the alias ALIAS lead to a database, as it is at one moment; Refused where it cannot."""
    new = connections.configure_settings({"default": configuration(source)})["default"]
    if new["NAME"] == f"file:{quote(str(settings.DATABASES['default']['NAME']))}?mode=ro":
        raise Refused("that is the database of this project")
    connections.settings[ALIAS] = new
    try:
        with transaction.atomic(using=ALIAS):
            yield OldDatabase(connections[ALIAS])
    except (Error, ValueError) as error:  # SQLite keeps texts in columns for numbers
        told = str(error).strip().partition("\n")[0]
        raise Refused(f"the database to be adopted cannot be read: {told}") from None
    finally:
        connections[ALIAS].close()
        del connections[ALIAS], connections.settings[ALIAS]


class OldDatabase:
    """What is in the database, and has a place here."""

    def __init__(self, connection):
        self.connection = connection
        if connection.vendor == "sqlite" and self.value("PRAGMA quick_check(1)") != "ok":
            raise Refused("the database to be adopted is damaged")
        with connection.cursor() as cursor:
            self.tables = set(connection.introspection.table_names(cursor))
        self.columns = {table: self.columns_of(table) for table in self.tables}
        self.check()

    def columns_of(self, table):
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {self.quoted(table)} LIMIT 0")
            return [column[0] for column in cursor.description]

    def value(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    def count(self, table, condition="1 = 1"):
        return self.value(f"SELECT COUNT(*) FROM {self.quoted(table)} WHERE {condition}")

    def quoted(self, name):
        return self.connection.ops.quote_name(name)

    def rows(self, model):
        """Return the rows of a model there, a QuerySet; of an app that it lacks, none."""
        found = QuerySet(model, using=ALIAS)  # plain: a translated text is one there
        return found if self.has(model) else found.none()

    def has(self, model):
        return model._meta.db_table in self.tables

    # What cannot come in

    def check(self):
        """Refused where it is no database of Mezzanine, or of one that is too old or too new."""
        if missing := sorted(MEZZANINE - self.tables):
            raise Refused(f"that is no database of Mezzanine: it has no table {missing[0]}")
        applied = MigrationRecorder(self.connection).applied_migrations()
        if ("pages", "0001_initial") not in applied:
            raise Refused("it is of a Mezzanine before 4.0; upgrade the old site to 4.3 first")
        known = MigrationLoader(None).disk_migrations
        labels = {config.label for config in apps.get_app_configs() if not is_own(config.label)}
        for label, name in sorted(applied):
            is_known = (label, name) in known or HARMLESS.fullmatch(name)
            if label in labels and not is_known:
                raise Refused(f"it is of newer packages: {label}.{name} is not known here")
        if not self.count("django_site", f"id = {int(settings.SITE_ID)}"):
            raise Refused(f"it has no site {settings.SITE_ID}, which SITE_ID names here")

    def to_be_ported(self, left_out):
        """Return what has no place here, a list of texts; `left_out` are names of tables."""
        found = [f"page type {name} (pages: {count})" for name, count in self.page_types()]
        models = {model._meta.db_table: model for model in kinds()}
        for table in sorted(self.tables - LEFT_OUT - set(left_out)):
            if table not in models:
                if count := self.count(table):
                    found.append(f"table {table} (rows: {count})")
                continue
            here = {field.column for field in models[table]._meta.local_concrete_fields}
            for column in self.columns[table]:
                if column not in here and (count := self.filled(table, column)):
                    found.append(f"column {table}.{column} (rows: {count})")
        return found

    def page_types(self):
        """Return the name and the number of pages of each type that is not here, a list."""
        here = {model._meta.model_name for model in Page.get_content_models()}
        names = self.rows(Page).order_by().values_list("content_model", flat=True)
        counts = Counter(name for name in names if name not in {*here, "page", None, ""})
        return sorted(counts.items())

    def filled(self, table, column):
        name = self.quoted(column)
        return self.count(table, f"{name} IS NOT NULL AND CAST({name} AS text) <> ''")

    def staying(self, left_out):
        """Yield the name and the number of rows of each table that is left out and has some."""
        local = {model._meta.db_table for model, kind in kinds().items() if kind == LOCAL}
        known = {"django_content_type", "auth_permission", "django_migrations"}
        for table in sorted(self.tables & (local | LEFT_OUT | set(left_out)) - known):
            if count := self.count(table):
                yield table, count
