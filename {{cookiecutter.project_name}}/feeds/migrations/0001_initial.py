import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("sites", "0002_alter_domain_unique"),
    ]

    operations = [
        migrations.CreateModel(
            name="Post",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=20)),
                ("first_id", models.CharField(max_length=100)),
                ("remote_id", models.CharField(max_length=100)),
                ("posted_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("user_name", models.CharField(max_length=100)),
                ("body", models.TextField()),
                ("data", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "Tweet",
                "verbose_name_plural": "Tweets",
                "ordering": ["-posted_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "first_id"), name="feeds_post_is_one")
                ],
            },
        ),
        migrations.CreateModel(
            name="Feed",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        default="x", editable=False, max_length=20, verbose_name="Source"
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[("user", "User"), ("list", "List"), ("search", "Search")],
                        max_length=10,
                        verbose_name="Type",
                    ),
                ),
                ("value", models.CharField(max_length=512, verbose_name="Query")),
                (
                    "asked_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="Last shown"
                    ),
                ),
                (
                    "wanted",
                    models.PositiveSmallIntegerField(default=5, verbose_name="Number of tweets"),
                ),
                ("remote_id", models.CharField(blank=True, editable=False, max_length=100)),
                ("newest_id", models.CharField(blank=True, editable=False, max_length=100)),
                (
                    "polled_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="Last asked"),
                ),
                ("checked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "not_before",
                    models.DateTimeField(editable=False, null=True, verbose_name="Not before"),
                ),
                ("failures", models.PositiveIntegerField(default=0, editable=False)),
                ("trouble", models.CharField(blank=True, editable=False, max_length=20)),
                ("error", models.TextField(blank=True, editable=False, verbose_name="Last error")),
                ("spent", models.PositiveIntegerField(default=0, editable=False)),
                ("spent_on", models.DateField(editable=False, null=True)),
                (
                    "site",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.CASCADE, to="sites.site"
                    ),
                ),
                (
                    "posts",
                    models.ManyToManyField(editable=False, related_name="feeds", to="feeds.post"),
                ),
            ],
            options={
                "verbose_name": "Twitter feed",
                "verbose_name_plural": "Twitter feeds",
                "ordering": ["site", "type", "value"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("site", "source", "type", "value"), name="feeds_feed_is_one"
                    )
                ],
            },
        ),
    ]
