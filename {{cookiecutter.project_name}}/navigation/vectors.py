"""The words of pages and posts, as PostgreSQL keeps them for searching: a column of their tables.

It is no field of a model, so that migrations know nothing of it, and a release without it runs on
the same database. A trigger fills it, whoever writes the row.
https://www.postgresql.org/docs/current/textsearch-features.html
"""

from django.apps import apps
from django.conf import settings
from django.db import connections, models, router, transaction
from django.db.backends.utils import truncate_name
from django.db.models.signals import post_migrate
from django.utils.translation import get_language_info
from mezzanine.core.managers import SearchableManager, search_fields_to_dict
from mezzanine.core.models import MetaData

NAME = "navigation_search"  # of the column, the trigger and its function
LABELS = "ABCD"  # all that PostgreSQL has
DESCRIPTION = 2  # the weight of descriptions, between those of Mezzanine's titles and contents
BATCH = 500  # rows that are filled, and so locked, at a time

# Of PostgreSQL 14, as \dF lists them. Each is named as Django names its language.
CONFIGURATIONS = """
    arabic armenian basque catalan danish dutch english finnish french german greek hindi hungarian
    indonesian irish italian lithuanian nepali norwegian portuguese romanian russian serbian spanish
    swedish tamil turkish yiddish
""".split()
# PostgreSQL would take a whole sentence for one word.
WITHOUT_SPACES = ("ja", "km", "lo", "my", "th", "zh")

# Words of 200,000 characters, of all columns together, fit into the megabyte of a vector.
FUNCTION = f"""
CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    vector tsvector := NEW.{NAME};
    texts jsonb;
    before jsonb;
    longest int := 400000 / (TG_NARGS - 1);
BEGIN
    NEW.{NAME} := NULL;  -- to make JSON of it would take longest
    texts := to_jsonb(NEW);  -- a column that was dropped since is NULL here
    IF TG_OP = 'UPDATE' AND vector = OLD.{NAME} THEN
        OLD.{NAME} := NULL;
        before := to_jsonb(OLD);
        IF NOT EXISTS (
            SELECT FROM unnest(TG_ARGV) name WHERE texts -> name IS DISTINCT FROM before -> name
        ) THEN
            NEW.{NAME} := vector;
            RETURN NEW;  -- no text has changed, only a number of comments, say
        END IF;
    END IF;
    vector := '';
    FOR i IN 1 .. TG_NARGS - 1 BY 2 LOOP
        vector := vector || setweight(
            to_tsvector(TG_ARGV[0]::regconfig, left(coalesce(texts ->> TG_ARGV[i], ''), longest)),
            TG_ARGV[i + 1]::"char"
        );
    END LOOP;
    NEW.{NAME} := vector;
    RETURN NEW;
END $$
"""
PREPARE = """
ALTER TABLE %(table)s DROP COLUMN IF EXISTS %(name)s;
ALTER TABLE %(table)s ADD COLUMN %(name)s tsvector;
CREATE INDEX %(index)s ON %(table)s USING gin (%(name)s);
DROP TRIGGER IF EXISTS %(name)s ON %(table)s;
CREATE TRIGGER %(name)s BEFORE INSERT OR UPDATE ON %(table)s
    FOR EACH ROW EXECUTE FUNCTION %(name)s(%(arguments)s)
"""


def are_in_use(using):
    """Return whether that database searches by vectors, in the language of the settings."""
    is_there = connections[using].vendor == "postgresql" and not settings.USE_MODELTRANSLATION
    return is_there and language() not in WITHOUT_SPACES


def language():
    return settings.LANGUAGE_CODE.lower().partition("-")[0]


def configuration():
    """Return the text search configuration of LANGUAGE_CODE, "simple" where there is none."""
    try:
        name = get_language_info(language())["name"].split()[0].lower()
    except KeyError:
        return "simple"
    return name if name in CONFIGURATIONS else "simple"


def weights(model):
    """Return the weights of the fields that are searched, by their names; empty for others."""
    manager = getattr(model, "objects", None)
    if not isinstance(manager, SearchableManager):
        return {}
    return with_description(model, search_fields_to_dict(manager.get_search_fields()))


def with_description(model, fields):
    return {"description": DESCRIPTION} | fields if issubclass(model, MetaData) else fields


def labels(model):
    """Return the labels of the fields of a model's own table, a dict: A for the heaviest."""
    found = weights(model)
    fields = model._meta.local_concrete_fields
    texts = [f.name for f in fields if isinstance(f, models.CharField | models.TextField)]
    own = sorted((name for name in texts if name in found), key=lambda name: -found[name])
    return dict(zip(own, LABELS.ljust(len(own), LABELS[-1]), strict=False))


def fill(using, **kwargs):
    """Make the columns that are missing, or are for other fields or another language; fill them."""
    if not are_in_use(using):
        return
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(FUNCTION)
        tables = connection.introspection.table_names(cursor)
    for model in apps.get_models():
        is_own = model._meta.managed and not model._meta.proxy
        if is_own and model._meta.db_table in tables and labels(model):
            if router.allow_migrate_model(using, model):
                fill_table(connection, model)


def fill_table(connection, model):
    table = connection.ops.quote_name(model._meta.db_table)
    key = connection.ops.quote_name(model._meta.pk.column)
    with connection.cursor() as cursor:
        prepare_table(connection, cursor, model, table)
        cursor.execute(f"SELECT {key} FROM {table} WHERE {NAME} IS NULL")
        keys = [row[0] for row in cursor.fetchall()]
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            cursor.execute(f"UPDATE {table} SET {NAME} = NULL WHERE {key} = ANY(%s)", [some])


def prepare_table(connection, cursor, model, table):
    """Give a table the column with its index and trigger, unless it has those that it should."""
    pairs = [(model._meta.get_field(name).column, label) for name, label in labels(model).items()]
    arguments = [configuration(), *(word for pair in pairs for word in pair)]
    if arguments_of_trigger(cursor, table) == arguments:
        return
    index = truncate_name(f"{model._meta.db_table}_{NAME}", 63, hash_len=8)
    names = {
        "name": NAME,
        "table": table,
        "index": connection.ops.quote_name(index),
        "arguments": connection.ops.compose_sql(", ".join(["%s"] * len(arguments)), arguments),
    }
    with transaction.atomic(connection.alias):
        cursor.execute(PREPARE % names)


def arguments_of_trigger(cursor, table):
    """Return what the trigger of a table was made with, a list of str, or None."""
    words = "SELECT tgargs FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s"
    cursor.execute(words, [table, NAME])
    row = cursor.fetchone()
    return bytes(row[0]).decode().split("\0")[:-1] if row else None


def install():
    """Let each `migrate` look after them, since any of the project's models may be searched."""
    post_migrate.connect(fill, sender=apps.get_app_config("core"))  # this app has no models
