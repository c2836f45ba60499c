"""The uploads of one site, and other files that its rows name."""

import posixpath

from django.conf import settings
from django.db.models import FileField
from filebrowser_safe.fields import FileBrowseField
from mezzanine.forms.models import FieldEntry

from media_library import settings as library
from media_library.library import walk
from media_library.paths import is_below

from .stored import sent, upload

THUMBNAILS = ".thumbnails"


def folder(site):
    """Return the uploads of a site, a dict of Stored by their names in the package."""
    place = uploads_of(site.pk)
    return {
        f"media/{name}": upload(name)
        for name in walk(place)
        if THUMBNAILS not in name.split("/") and is_below(name, place)
    }


def uploads_of(site_id):
    """Return the folder of the media library of a site, as the storage of uploads names it."""
    per_site = getattr(settings, "MEDIA_LIBRARY_PER_SITE", False)
    folder = library.DIRECTORY.strip("/")
    return posixpath.join(folder, f"site-{site_id}") if per_site else folder


def files_of(table, row):
    """Return the files that a row names, Stored by their names in the package."""
    found = {}
    for field, value in zip(table.fields, row, strict=True):
        if value and isinstance(field, FileField | FileBrowseField):
            found[f"media/{value}"] = upload(value)  # editors may type any path there
        if table.model is FieldEntry and field.name == "value":
            found[f"private/{value}"] = sent(value or "")
    return {name: file for name, file in found.items() if file and file.exists()}
