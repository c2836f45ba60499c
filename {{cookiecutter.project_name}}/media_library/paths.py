"""Names and folders that a browser sends: inside the site's own folder of uploads, or refused.

What is returned is a name in the storage, such as "uploads/site-1/summer/lake.jpg". Names are
compared part by part: "uploads/site-10" begins with "uploads/site-1" and is not inside it. Where
the storage has local paths, what counts is where symbolic links lead.
"""

import os
import posixpath
import re
import unicodedata
from pathlib import Path, PurePosixPath

from django.conf import settings as project_settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from mezzanine.utils.sites import current_site_id

from . import settings

BARE_NAME = re.compile(r"[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*")
UNSAFE = frozenset("\"#%&'*/:;<>?\\^`{|}~")  # have a meaning in addresses, shells or on Windows
LONGEST = 150  # bytes; file systems take 255, and the names of thumbnails repeat it


class Refused(Exception):
    """What a browser asks for is not done. The words are for its user."""

    def __init__(self, words, status=400):
        super().__init__(words)
        self.words, self.status = words, status


def root():
    """Return the folder of the current site, such as "uploads/site-1"; it need not exist."""
    folder = settings.DIRECTORY.strip("/")
    if getattr(project_settings, "MEDIA_LIBRARY_PER_SITE", False):
        folder = posixpath.join(folder, f"site-{current_site_id()}")
    return folder


def bare(name):
    """Return the name; Refused unless it is one of a file or a folder, without a path."""
    if not BARE_NAME.fullmatch(name):
        raise Refused(_("This is not the name of a file or a folder: %s") % ascii(name))
    return name


def new_name(name):
    """Return the name that a file or folder gets: lower case, a web address that needs no thought.

    Letters of all scripts stay. What is too long loses the end of what stands before its suffix.
    """
    stem, suffix = posixpath.splitext(unicodedata.normalize("NFC", name))
    stem = clean(stem).encode()[: LONGEST - len(suffix.encode())].decode(errors="ignore")
    return (stem or "file") + suffix.lower()


def clean(text):
    text = "".join(each for each in text if each.isprintable() and each not in UNSAFE)
    return re.sub(r"\s+", "_", text.strip(" .")).lower()


def folder(value):
    """Return the folder that "", "one" or "one/two" means; it need not exist."""
    return inside(*map(bare, value.split("/"))) if value else inside()


def inside(*parts):
    """Return the name of these parts below the folder of the site; Refused if it is elsewhere."""
    name = posixpath.join(root(), *filter(None, parts))
    if not is_below(name, root()):
        raise Refused(_("This is outside of the media library of this site."))
    return name


def is_below(name, parent):
    name, parent = real(name), real(parent)
    return name is not None and name.is_relative_to(parent)


def real(name):
    """Return where a name leads, a path below the storage; None if it leads out of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        return None
    try:
        top, place = (Path(os.path.realpath(default_storage.path(each))) for each in ("", name))
    except NotImplementedError:  # no local paths, and no links
        return path
    except (SuspiciousFileOperation, ValueError):
        return None
    return PurePosixPath(place.relative_to(top)) if place.is_relative_to(top) else None


def is_of_site(name):
    """Return whether a name in the storage is there, and in the folder of no other site."""
    place = real(name)
    if place is None:
        return False
    if not getattr(project_settings, "MEDIA_LIBRARY_PER_SITE", False):
        return True
    own = PurePosixPath(root())
    parts = place.parts[len(own.parent.parts) :] if place.is_relative_to(own.parent) else ()
    return not parts or not parts[0].startswith("site-") or place.is_relative_to(own)
