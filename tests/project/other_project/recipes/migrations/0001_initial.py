import django.db.models.deletion
import mezzanine.core.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("pages", "0004_auto_20170411_0504")]

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=50)),
            ],
        ),
        migrations.CreateModel(
            name="Recipe",
            fields=[
                (
                    "page_ptr",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="pages.page",
                    ),
                ),
                ("minutes", models.PositiveIntegerField(default=10)),
                ("method", mezzanine.core.fields.RichTextField(default="Stir.")),
            ],
            options={"ordering": ("_order",)},
            bases=("pages.page", models.Model),
        ),
    ]
