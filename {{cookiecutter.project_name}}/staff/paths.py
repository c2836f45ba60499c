"""Names and folders that a browser sends: inside the site's own directory of uploads, or refused.

Paths are compared part by part, and where symbolic links lead: "uploads/site-10" begins with
"uploads/site-1" and is not inside it.
"""

import os
import re
from pathlib import Path

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from filebrowser_safe.functions import get_directory

BARE_NAME = re.compile(r"[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*")
LONGEST = 200  # bytes; file systems take 255, and thumbnails have longer names


class Refused(Exception):
    """What a browser asks for is not done. The words are for its user."""

    def __init__(self, words, status=400):
        super().__init__(words)
        self.words, self.status = words, status


def bare(name):
    """Return the name; Refused unless it is one of a file or a folder, without a path."""
    if not BARE_NAME.fullmatch(name):
        raise Refused(_("This is not the name of a file or a folder: %s") % ascii(name))
    return name


def bare_new(name):
    """Return the name; Refused unless a new file or folder may have it."""
    if len(bare(name).encode()) > LONGEST:
        raise Refused(_("This name is too long."))
    return name


def folder(value):
    """Return the folder, a Path, that "", "one" or "one/two" means; it need not exist."""
    return inside(*map(bare, value.split("/"))) if value else inside()


def existing(parent, name):
    """Return the Path of that file or folder; Refused unless it exists in the folder parent."""
    path = inside(parent, bare(name))
    if not os.path.lexists(path):
        raise Refused(_("There is no file or folder of this name: %s") % name, 404)
    return path


def inside(*parts):
    """Return the Path of these parts below the site's directory; Refused if it is elsewhere."""
    root = Path(os.path.realpath(default_storage.path(get_directory())))
    path = root.joinpath(*parts)
    if not Path(os.path.realpath(path)).is_relative_to(root):
        raise Refused(_("This is outside of the media library of this site."))
    return path
