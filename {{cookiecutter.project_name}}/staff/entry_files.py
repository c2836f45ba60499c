"""Files that visitors send by forms: stored under names that every disk takes, deleted with their
entries."""

import re
from contextlib import suppress
from pathlib import PurePosixPath

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import storages
from django.db import transaction
from django.db.models.signals import pre_delete
from django.utils.text import get_valid_filename
from mezzanine.forms import admin, fields, forms
from mezzanine.forms.models import Field, FieldEntry

from media_library.storage import WholeFiles

LONGEST = 100  # bytes of a name; disks take 255, and Django adds some where a name is taken
STORED = re.compile(r"forms/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[^/]*[^/.][^/]*")


class SafeNames:
    """Keeps letters, digits, dashes, dots and underscores of a name: the rest may be HTML."""

    def save(self, name, content, max_length=None):
        folder, name = PurePosixPath(name).parent, PurePosixPath(name).name
        return super().save(str(folder / short(name)), content, max_length)


class EntryFiles(SafeNames, WholeFiles):
    """A directory that is not below MEDIA_ROOT."""


def short(name):
    """Return a name of at most LONGEST bytes, with its ending."""
    try:
        name = get_valid_filename(name)
    except SuspiciousFileOperation:  # nothing remains
        name = "file"
    path = PurePosixPath(name)
    suffix = path.suffix if len(path.suffix.encode()) < LONGEST / 2 else ""
    stem = path.name.removesuffix(suffix).encode()[: LONGEST - len(suffix.encode())]
    return stem.decode(errors="ignore") + suffix


def delete_file(sender, instance, **kwargs):
    """Delete the file of an entry that is deleted, once that is certain.

    ConnectionError where the files are in a bucket that does not answer: the entry then stays, or
    nobody would know any more that there is a file to delete.

    A text that a visitor typed may look like the path of a file; its field says that it is none.
    """
    field = Field.objects.filter(pk=instance.field_id).first()
    if STORED.fullmatch(instance.value or "") and (field is None or field.is_a(fields.FILE)):
        forms.fs.exists(instance.value)  # to hear that it answers
        transaction.on_commit(lambda: remove(instance.value), robust=True)  # one may fail


def remove(path):
    storage = forms.fs
    storage.delete(path)
    with suppress(OSError):  # another file is in it
        storage.delete(str(PurePosixPath(path).parent))


def install():
    """Let Mezzanine keep the files in the storage "private", or else in FORMS_UPLOAD_ROOT."""
    if "private" in settings.STORAGES:
        forms.fs = admin.fs = storages["private"]
    else:
        forms.fs = admin.fs = EntryFiles(location=forms.fs._location, file_permissions_mode=0o600)
    pre_delete.connect(delete_file, FieldEntry, dispatch_uid="staff.entry_files")
