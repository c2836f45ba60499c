"""What the views of the media library may be asked for: each function raises Refused otherwise.

The views themselves would use a bad parameter as it is, or answer 500.
"""

import os
import re

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from filebrowser_safe import settings
from filebrowser_safe.functions import convert_filename, get_file_type

from .paths import Refused, bare, bare_new, existing, folder, inside

SORTED_BY = ("date", "filesize", "filename_lower", "filetype")
FORM_FIELDS = ("csrfmiddlewaretoken", "session_key", "get_params", "folder")


def open_folder(request):
    """Return the folder in the address, a Path. That it does not exist, the view itself says."""
    return folder(request.GET.get("dir", ""))


def browse(request):
    open_folder(request)
    if request.GET.get("o", "date") not in SORTED_BY:
        raise Refused(_("Files cannot be sorted by this: %s") % ascii(request.GET["o"]))
    try:
        re.compile(request.GET.get("q", "").lower())
    except (re.error, OverflowError, RecursionError):
        raise Refused(_("This cannot be searched for; put \\ before ( ) [ * + ?")) from None


def make_folder(request):
    open_folder(request)
    if name := request.POST.get("dir_name", "").strip():
        bare_new(name)


def folder_of_upload(request):
    """Return the folder that the form for uploads names, a Path."""
    value = request.POST.get("folder")
    # The view cuts off all up to its own address, and knows no folder with a dot in its name.
    if value is None or "." in value or reverse("fb_upload") in f"/{value}":
        raise Refused(_("Nothing can be uploaded to this folder: %s") % ascii(value))
    place = folder(value)
    if not place.is_dir():
        raise Refused(_("There is no such folder: %s") % value, 404)
    return place


def check_names(request):
    """Let the view look for names alone, as uploads will have them, not for all that is sent."""
    folder_of_upload(request)
    names = QueryDict(mutable=True)
    names["folder"] = request.POST["folder"]
    for key, name in request.POST.items():
        if key not in FORM_FIELDS:
            names[key] = convert_filename(bare(name))
    request.POST = names


def upload(request):
    file = request.FILES.get("Filedata")
    if file is None:
        raise Refused(_("Choose a file to upload."))
    place = folder_of_upload(request)
    path = inside(place, bare_new(convert_filename(file.name)))
    if not get_file_type(file.name) or path.suffix[1:].lower() in settings.ESCAPED_EXTENSIONS:
        raise Refused(_("Files of this type are not taken: %s") % path.name)
    if path.is_dir():
        raise Refused(_("There is a folder of this name: %s") % path.name)
    if os.path.lexists(path) and not request.user.has_perm("staff.change_mediafile"):
        raise Refused(
            _("There is a file of this name, which you may not replace: %s") % path.name, 403
        )


def rename(request):
    place, name = open_folder(request), request.GET.get("filename", "")
    if request.method != "POST" and not name:
        raise Refused(_("Choose what to rename."), 302)
    existing(place, name)
    if new := request.POST.get("name", "").strip():
        path = inside(place, bare_new(new + os.path.splitext(name)[1].lower()))
        if os.path.lexists(path):
            raise Refused(_("There is a file or folder of this name: %s") % path.name)


def delete(request):
    existing(open_folder(request), request.GET.get("filename", ""))
