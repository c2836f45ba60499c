"""Comments that are there already link to web pages alone."""

from django.db import migrations


def take_others_away(apps, schema_editor):
    comments = apps.get_model("django_comments", "Comment").objects.using(schema_editor.connection.alias)
    comments.exclude(user_url="").exclude(user_url__iregex="^https?://").update(user_url="")


class Migration(migrations.Migration):
    dependencies = [
        ("visitors", "0001_initial"),
        ("django_comments", "0004_add_object_pk_is_removed_index"),
    ]

    operations = [migrations.RunPython(take_others_away, migrations.RunPython.noop)]
