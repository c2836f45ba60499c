"""Pictures that staff choose are in the uploads of their own site."""

import os
from functools import wraps
from inspect import signature
from pathlib import PurePosixPath

from django import forms
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from filebrowser_safe.fields import FileBrowseFormField, FileBrowseWidget
from filebrowser_safe.functions import get_directory


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


def start_folder(directory):
    """Return the folder with which the media library opens: the site's, for an UPLOAD_TO_HANDLERS.

    That is a function of an object and of the name of an upload, neither of which is there yet.
    """
    try:
        if callable(directory):
            signature(directory).bind()
    except TypeError:
        return ""
    return directory


def install():
    render = FileBrowseWidget.render

    @wraps(render)
    def render_widget(widget, *args, **kwargs):
        widget.directory = start_folder(widget.directory)
        return render(widget, *args, **kwargs)

    FileBrowseWidget.render = render_widget
    clean = FileBrowseFormField.clean

    @wraps(clean)
    def clean_of_site(field, value):
        value = clean(field, value)
        if value and not is_of_site(value):
            raise forms.ValidationError(_("Choose a file of the media library of this site."))
        return value

    FileBrowseFormField.clean = clean_of_site
