"""In a release: the database of another environment becomes one of this one.

Reads JSON: "database", its name; "environment", which it is of; "hostname", what the first site is
called here. Its sites are renamed, and keys that each environment has of its own are those of the
live database. Prints an empty dict, as JSON.
"""

import json
import sys

import django

django.setup()

from django.contrib.sites.models import Site  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from transfer import sites  # noqa: E402
from transfer.tables import STAYING  # noqa: E402


def own_rows():
    """Return the rows of tables that travel which do not, a dict of lists by model."""
    return {model: list(model._base_manager.filter(rule)) for model, rule in STAYING.items()}


def put(model, rows):
    """Put rows of the live database in the place of those that are there."""
    model._base_manager.filter(STAYING[model]).delete()
    there = set(Site.objects.values_list("pk", flat=True))
    for row in rows:
        row.pk = None
    model._base_manager.bulk_create(row for row in rows if row.site_id in there)


request = json.load(sys.stdin)
own = own_rows()
connection.close()
connection.settings_dict["NAME"] = request["database"]
with transaction.atomic():
    sites.move(request["environment"], request["hostname"])
    for model, rows in own.items():
        put(model, rows)
print("{}")
