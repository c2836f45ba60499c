"""The data of a visitor as a zip file: data.json, and the files that came with entries of forms."""

import json
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZipFile

from django.core.serializers.json import DjangoJSONEncoder
from mezzanine.forms import fields, forms
from mezzanine.forms.models import Field

SECRET = ("password", "content")  # of an account, and of a mail that has a link in it


def write_zip(traces, target):
    """Write the zip file to a path or a file."""
    files = {}
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        data = {
            "accounts": [account_of(account) for account in traces.accounts],
            "comments": [values_of(comment) for comment in traces.comments],
            "entries": [entry_of(entry, files) for entry in traces.entries],
            "e-mails": [values_of(mail) for mail in traces.mails],
            "ratings": [values_of(rating) for rating in traces.ratings],
        }
        text = json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        archive.writestr("data.json", text)
        for name, path in files.items():
            if forms.fs.exists(path):
                with forms.fs.open(path) as file:
                    archive.writestr(name, file.read())


def values_of(row):
    """Return the columns of a row that are no secrets, a dict by their names."""
    names = [field.attname for field in row._meta.concrete_fields if field.name not in SECRET]
    return {
        name: value if isinstance(value, JSON) or hasattr(value, "isoformat") else str(value)
        for name, value in ((name, getattr(row, name)) for name in names)
    }


JSON = (str, int, float, bool, type(None))


def account_of(account):
    """Return an account with the profiles that lead to it alone."""
    found = values_of(account)
    for relation in account._meta.related_objects:
        if relation.one_to_one and hasattr(account, relation.get_accessor_name()):
            name = relation.related_model._meta.label
            found[name] = values_of(getattr(account, relation.get_accessor_name()))
    return found


def entry_of(entry, files):
    """Return an entry by the labels of its fields; add its files to a dict of paths by names."""
    sent = []
    for stored in entry.fields.all():
        field = Field._base_manager.filter(pk=stored.field_id).first()
        value = stored.value
        if value and field and field.is_a(fields.FILE):
            name = f"files/{stored.pk}/{PurePosixPath(value).name}"
            files[name] = value
            value = name
        sent.append({"label": field.label if field else None, "value": value})
    return values_of(entry) | {"form": entry.form.title, "fields": sent}
