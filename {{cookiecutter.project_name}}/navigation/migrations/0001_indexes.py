"""What is asked for by its address, its parent or its date is found by an index; Mezzanine has none.

They are not part of the state of Mezzanine's apps, so that makemigrations asks for no change there.
"""

from django.db import migrations, models

INDEXES = [
    ("pages", "Page", ["site", "slug"], "navigation_page_slug"),
    ("pages", "Page", ["site", "parent", "_order"], "navigation_page_parent"),
    ("blog", "BlogPost", ["site", "slug"], "navigation_post_slug"),
    ("blog", "BlogPost", ["site", "publish_date"], "navigation_post_date"),
]


def add(apps, schema_editor):
    for app, name, fields, index in INDEXES:
        schema_editor.add_index(apps.get_model(app, name), models.Index(fields=fields, name=index))


def remove(apps, schema_editor):
    for app, name, fields, index in INDEXES:
        model = apps.get_model(app, name)
        schema_editor.remove_index(model, models.Index(fields=fields, name=index))


class Migration(migrations.Migration):

    dependencies = [("pages", "0004_auto_20170411_0504"), ("blog", "0003_auto_20170411_0504")]

    operations = [migrations.RunPython(add, remove)]
