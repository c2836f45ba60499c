"""Uploads in several widths, as WebP, wherever the storage of uploads has them.

Mezzanine's tag makes the largest, and keeps it in a folder beside the upload, until that changes.
The others are made of that one and kept there, too, so that a photograph is opened once. Their
names tell their sizes, so that a page opens none of them.
"""

import posixpath
import re
from urllib.parse import unquote

from django.core.files.storage import default_storage
from mezzanine.conf import settings
from PIL import Image

from media_library.library import names_in
from media_library.thumbnails import encoded, keep, thumbnail

WIDTHS = (480, 960, 1920)
QUALITY = 80
VERSION = re.compile(r"(.+)\.(\d+)x(\d+)\.webp")


def large(file):
    """Return the address of an upload, at most as wide as the last of WIDTHS."""
    return default_storage.url(largest(file)) if file else ""


def largest(file):
    """Return the name of the largest version in the storage."""
    return unquote(thumbnail(file, WIDTHS[-1], 0, upscale=False, quality=QUALITY + 5))


def versions(file):
    """Return what the <img> of an upload needs: src, srcset, width and height.

    Of what is no picture, or is gone, src alone; the others are empty.
    """
    name = largest(file) if file else ""
    found = {"src": name and default_storage.url(name), "srcset": "", "width": "", "height": ""}
    if settings.THUMBNAILS_DIR_NAME not in name.split("/"):  # it is the upload itself
        return found
    try:
        sizes = complete(name, stored(name))
    except Exception:  # whatever Pillow or the storage finds in it
        return found
    found["width"], found["height"] = max(sizes)
    sources = (f"{default_storage.url(sizes[size])} {size[0]}w" for size in sorted(sizes))
    return found | {"srcset": ", ".join(sources)}


def stored(name):
    """Return the names of the versions that there are, a dict by (width, height)."""
    folder, stem = posixpath.dirname(name), posixpath.splitext(posixpath.basename(name))[0]
    matches = (VERSION.fullmatch(each) for each in names_in(folder)[1])
    return {
        (int(match[2]), int(match[3])): posixpath.join(folder, match[0])
        for match in matches
        if match and match[1] == stem
    }


def complete(name, sizes):
    """Return the names of all versions, as `stored` does; those that are missing are made.

    The largest comes first, so that it tells which others there have to be.
    """
    if {width for width, _height in sizes} == widths_below(max(sizes, default=(0, 0))[0]):
        return sizes
    with default_storage.open(name) as file, Image.open(file) as picture:
        for width in sorted(widths_below(picture.width), reverse=True):
            size = width, max(1, picture.height * width // picture.width)
            if size not in sizes:
                version = f"{posixpath.splitext(name)[0]}.{width}x{size[1]}.webp"
                sizes[size] = keep(version, encoded(picture.resize(size), "WEBP", quality=QUALITY))
    return sizes


def widths_below(width):
    return {min(width, each) for each in WIDTHS}
