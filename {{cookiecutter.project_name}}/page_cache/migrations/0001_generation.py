"""Where the generation of the content is for several hosts: see between_hosts.py."""

from django.db import migrations


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE SEQUENCE page_cache_generation")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP SEQUENCE page_cache_generation")


class Migration(migrations.Migration):

    operations = [migrations.RunPython(make, drop)]
