"""What is asked for by its address, its parent or its date is found by an index; Mezzanine has none.

They are not part of the state of Mezzanine's apps, so that makemigrations asks for no change there.
"""

from django.apps import apps as installed
from django.db import migrations, models

INDEXES = [
    ("pages", "Page", ["site", "slug"], "navigation_page_slug"),
    ("pages", "Page", ["site", "parent", "_order"], "navigation_page_parent"),
    ("blog", "BlogPost", ["site", "slug"], "navigation_post_slug"),
    ("blog", "BlogPost", ["site", "publish_date"], "navigation_post_date"),
]


HAS_BLOG = installed.is_installed("mezzanine.blog")
BLOG = [("blog", "0003_auto_20170411_0504")] if HAS_BLOG else []


def indexes(apps):
    """Yield (model, index) of the apps that the project has: it may do without the blog."""
    for app, name, fields, index in INDEXES:
        if app == "pages" or HAS_BLOG:
            yield apps.get_model(app, name), models.Index(fields=fields, name=index)


def add(apps, schema_editor):
    for model, index in indexes(apps):
        schema_editor.add_index(model, index)


def remove(apps, schema_editor):
    for model, index in indexes(apps):
        schema_editor.remove_index(model, index)


class Migration(migrations.Migration):

    dependencies = [("pages", "0004_auto_20170411_0504"), *BLOG]

    operations = [migrations.RunPython(add, remove)]
