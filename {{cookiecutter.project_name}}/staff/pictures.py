"""Pictures that staff choose or upload go into the uploads of their own site, and nowhere else."""

import os
from functools import wraps
from pathlib import PurePosixPath

from django import forms
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from filebrowser_safe.fields import FileBrowseFormField
from filebrowser_safe.functions import get_directory
from mezzanine.galleries import models as galleries
from PIL import Image

from .paths import BARE_NAME


class ZipImport:
    """The storage of the pictures that a gallery takes from a zip file.

    Mezzanine takes the slug for a folder of all uploads, and keeps the name of each file. Here it
    is a folder of the site's, and a name ends as the format of the picture does: a GIF that is
    called page.html would be sent as HTML.
    """

    def save(self, path, content):
        """Save a picture, whose path is the slug and its name; return where that is, a str."""
        *slug, name = path.split("/")
        folders = [folder for folder in slug if BARE_NAME.fullmatch(folder)]
        suffixes = Image.registered_extensions()
        kind = Image.open(content).format
        content.seek(0)
        stem, suffix = os.path.splitext(name)
        if suffixes.get(suffix.lower()) != kind:
            suffix = next((suffix for suffix, format in suffixes.items() if format == kind), "")
        if not BARE_NAME.fullmatch(stem):
            stem = "picture"
        return default_storage.save(os.path.join(get_directory(), *folders, stem + suffix), content)


def is_of_site(value):
    """Return whether the path of an upload is below MEDIA_ROOT, and of no other site."""
    path, own = PurePosixPath(value), PurePosixPath(get_directory())
    if path.is_absolute() or ".." in path.parts:
        return False
    try:
        real = os.path.realpath(default_storage.path(value))
    except (SuspiciousFileOperation, ValueError):
        return False
    root = PurePosixPath(os.path.realpath(default_storage.path("")))
    if not PurePosixPath(real).is_relative_to(root):
        return False
    folder = PurePosixPath(real).relative_to(root)
    of_sites = folder.is_relative_to(own.parent) and folder.parts[1:2] and own.name != "uploads"
    return not of_sites or not folder.parts[1].startswith("site-") or folder.is_relative_to(own)


def install():
    galleries.default_storage = ZipImport()
    galleries.GALLERIES_UPLOAD_DIR = ""
    clean = FileBrowseFormField.clean

    @wraps(clean)
    def clean_of_site(field, value):
        value = clean(field, value)
        if value and not is_of_site(value):
            raise forms.ValidationError(_("Choose a file of the media library of this site."))
        return value

    FileBrowseFormField.clean = clean_of_site
