"""The permissions for the data of visitors."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Visitor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "verbose_name": "data of a visitor",
                "verbose_name_plural": "data of visitors",
                "default_permissions": ("view", "delete"),
            },
        ),
    ]
