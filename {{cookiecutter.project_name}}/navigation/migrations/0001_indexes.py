"""What is asked for by its address or its parent is found by an index; Mezzanine has none.

They are not part of the state of Mezzanine's apps, so that makemigrations asks for no change there.
"""

from django.db import migrations, models

INDEXES = [
    models.Index(fields=["site", "slug"], name="navigation_page_slug"),
    models.Index(fields=["site", "parent", "_order"], name="navigation_page_parent"),
]


def add(apps, schema_editor):
    for index in INDEXES:
        schema_editor.add_index(apps.get_model("pages", "Page"), index)


def remove(apps, schema_editor):
    for index in INDEXES:
        schema_editor.remove_index(apps.get_model("pages", "Page"), index)


class Migration(migrations.Migration):

    dependencies = [("pages", "0004_auto_20170411_0504")]

    operations = [migrations.RunPython(add, remove)]
