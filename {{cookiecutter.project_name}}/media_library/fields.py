"""The field for a file of the media library, under the name by which Mezzanine looks for it.

Its value in the database is a name in the storage: "uploads/site-1/summer/lake.jpg".
"""

import posixpath
from datetime import datetime
from inspect import signature

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from filebrowser_safe import fields as original
from filebrowser_safe.base import FieldFileObject

from . import library
from .paths import is_of_site


class LibraryFile(FieldFileObject):
    is_folder = False  # filebrowser-safe would ask a storage for what only a disk can say


class FileWidget(forms.TextInput):
    """The path of a file, a small picture of it, and a button that opens the media library."""

    template_name = "media_library/field.html"

    class Media:
        css = {"all": ["media_library/media_library.css"]}
        js = ["media_library/choose.js"]

    def __init__(self, attrs=None, directory="", format=""):
        super().__init__({"class": "vTextField"} | (attrs or {}))
        self.directory, self.format = directory, format

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        value = context["widget"]["value"] or ""
        is_picture = library.type_of(value) == "Image" and is_of_site(value)
        query = {"path": value} if is_picture else None
        return context | {
            "input": forms.TextInput.template_name,
            "browse": reverse("fb_browse"),
            "thumbnails": reverse("fb_thumbnail"),
            "preview": reverse("fb_thumbnail", query=query) if is_picture else "",
            "folder": start_folder(self.directory),
            "type": self.format or "",
        }


def start_folder(directory):
    """Return the folder in which the media library opens, such as "blog" or, of "%Y", "2026".

    It is that of the site for an UPLOAD_TO_HANDLERS, a function of an object and of the name of an
    upload, neither of which is there yet.
    """
    if callable(directory):
        try:
            signature(directory).bind()
        except TypeError:
            return ""
        directory = directory()
    return posixpath.normpath(datetime.now().strftime(directory)) if directory else ""


class FileFormField(original.FileBrowseFormField):
    def clean(self, value):
        value = super().clean(value)
        if value and not is_of_site(value):
            raise forms.ValidationError(_("Choose a file of the media library of this site."))
        return value


class FileBrowseField(original.FileBrowseField):
    attr_class = LibraryFile

    def formfield(self, **kwargs):
        widget = FileWidget(directory=self.directory, format=self.format)
        return super().formfield(**{"form_class": FileFormField, "widget": widget, **kwargs})
