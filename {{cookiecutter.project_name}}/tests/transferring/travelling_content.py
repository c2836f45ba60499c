"""Content that travels, and the commands that bring it from one database into another."""

import json
from io import StringIO

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from mezzanine.generic.models import ThreadedComment

from transfer.export import tables
from transfer.keys import Keys
from transfer.package import Package

PATH = "content.zip"
STRANGE = "é中 🐧 \u200b\r\n\t \\ ' \" %s {x} \ufeff<b>"


def comment_on(post, **values):
    type = ContentType.objects.get_for_model(post)
    values = {"comment": "Nice", "user_name": "Eve", "user_email": "eve@example.com"} | values
    values |= {"content_type": type, "object_pk": post.pk, "site_id": post.site_id}
    return ThreadedComment.objects.create(**values)


def exported(path=PATH, **options):
    out = StringIO()
    call_command("exportcontent", path, stdout=out, **options)
    return json.loads(out.getvalue())


def imported(path=PATH, **options):
    out = StringIO()
    call_command("importcontent", path, stdout=out, **options)
    return json.loads(out.getvalue())


def text_of(path):
    """Return all that a file of content says."""
    with Package(path) as package:
        return "".join(json.dumps([*package.lines(name)]) for name in package.names)


def all_rows(everything=True):
    """Return all rows that travel, by table."""
    return {table.label: list(table.rows()) for table in tables(everything, Keys())}


def empty():
    """Delete what travels without accounts, as on a machine of another past."""
    with connection.constraint_checks_disabled():
        for table in tables(False, Keys()):
            table.model._base_manager.all()._raw_delete("default")
