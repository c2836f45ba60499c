from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Origin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("base", models.CharField(max_length=64)),
                ("everything", models.BooleanField()),
                ("pulled_at", models.DateTimeField(auto_now=True)),
            ],
        ),
    ]
