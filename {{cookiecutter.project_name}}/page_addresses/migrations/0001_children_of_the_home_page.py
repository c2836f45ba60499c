"""Pages below the home page get an address that works: Mezzanine gave them //kid, which none asks for."""

from django.db import migrations


def mend(apps, schema_editor):
    """Take the slashes away; where another page has that address, a number makes it unique.

    A link is left alone, since //example.com leads to another site.
    """
    pages = apps.get_model("pages", "Page").objects.using(schema_editor.connection.alias)
    wrong = pages.filter(slug__startswith="//").exclude(content_model="link").order_by("pk")
    for pk, site_id, slug in list(wrong.values_list("pk", "site_id", "slug")):
        of_site = pages.filter(site_id=site_id)
        wanted = found = slug.strip("/") or "page"
        number = 0
        while of_site.filter(slug=found).exists():
            number += 1
            found = f"{wanted}-{number}"
        pages.filter(pk=pk).update(slug=found)


class Migration(migrations.Migration):

    dependencies = [("pages", "0004_auto_20170411_0504")]

    operations = [migrations.RunPython(mend, migrations.RunPython.noop)]
