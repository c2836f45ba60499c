"""The uploads of one site, and other files that its rows name."""

import os
from pathlib import Path

from django.conf import settings
from django.db.models import FileField
from filebrowser_safe.fields import FileBrowseField
from mezzanine.forms import forms
from mezzanine.forms.models import FieldEntry

from media_library import settings as library
from staff.entry_files import STORED

THUMBNAILS = ".thumbnails"


def folder(site):
    """Return the uploads of a site, a dict of Paths by their names in the package."""
    root, found = Path(settings.MEDIA_ROOT), {}
    for path in sorted((root / uploads_of(site.pk)).rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and not path.is_symlink() and THUMBNAILS not in inside.parts:
            found[f"media/{inside}"] = path
    return found


def uploads_of(site_id):
    """Return the folder of the media library of a site, below MEDIA_ROOT."""
    per_site = getattr(settings, "MEDIA_LIBRARY_PER_SITE", False)
    return Path(library.DIRECTORY, f"site-{site_id}" if per_site else "")


def files_of(table, row):
    """Return the files that a row names, by their names in the package."""
    found = {}
    for field, value in zip(table.fields, row, strict=True):
        if value and isinstance(field, FileField | FileBrowseField):
            path = Path(settings.MEDIA_ROOT, value)
            if is_inside(path, settings.MEDIA_ROOT):  # editors may type any path there
                found[f"media/{value}"] = path
        if table.model is FieldEntry and field.name == "value" and STORED.fullmatch(value or ""):
            found[f"private/{value}"] = Path(forms.fs.path(value))
    return {name: path for name, path in found.items() if path.is_file()}


def is_inside(path, root):
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
