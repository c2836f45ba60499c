"""Uploads in several widths, as WebP where Pillow can write it.

Mezzanine's tag makes the largest, and keeps it in a folder beside the upload, until that changes.
The others are made of that one and kept there, too, so that a photograph is opened once.
"""

import os
import struct
import tempfile
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, unquote

from django.conf import settings
from mezzanine.core.templatetags.mezzanine_tags import thumbnail
from PIL import Image, features

WIDTHS = (480, 960, 1920)
QUALITY = 80

# What Pillow raises for what is no picture, is broken, or far too large.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)


def large(file):
    """Return the address of an upload, at most as wide as the last of WIDTHS."""
    return address(largest(file)) if file else ""


def address(path):
    return settings.MEDIA_URL + quote(unquote(path))


def largest(file):
    """Return the path of the largest version below MEDIA_ROOT, as in a URL."""
    return thumbnail(file, WIDTHS[-1], 0, upscale=False, quality=QUALITY + 5)


def versions(file):
    """Return what the <img> of an upload needs: src, srcset, width and height.

    Of what is no picture, or is gone, src alone; the others are empty.
    """
    found = {"src": "", "srcset": "", "width": "", "height": ""}
    if not file:
        return found
    version = largest(file)
    found["src"], path = address(version), Path(settings.MEDIA_ROOT, unquote(version))
    try:
        folder = settings.MEDIA_URL + quote(str(path.parent.relative_to(settings.MEDIA_ROOT)))
        changed = [each.stat().st_mtime_ns for each in (path, path.parent)]
        found["width"], found["height"], names = measured(path, *changed)
    except BROKEN:
        return found
    found["srcset"] = ", ".join(f"{folder}/{quote(name)} {width}w" for name, width in names)
    return found


@lru_cache(1000)
def measured(path, *changed):
    """Return the width and height of a picture, and the names and widths of its versions.

    Remembered while the picture and the folder of the versions are as they were changed last.
    """
    with Image.open(path) as picture:
        is_still = features.check("webp") and not getattr(picture, "is_animated", False)
        return *picture.size, tuple(smaller(picture, path)) if is_still else ()


def smaller(picture, path):
    """Yield the name and width of each version of an open picture, which lies at that path."""
    for width in sorted({min(width, picture.width) for width in WIDTHS}):
        version = path.with_name(f"{path.stem}-{width}.webp")
        if not version.exists():
            shrink(picture, width, version)
        yield version.name, width


def shrink(picture, width, path):
    """Write a picture in that width to the path, which is never there in part."""
    alpha = "A" in picture.getbands() or "transparency" in picture.info
    smaller = picture.convert("RGBA" if alpha else "RGB")
    smaller = smaller.resize((width, max(1, picture.height * width // picture.width)))
    handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".webp")
    try:
        with os.fdopen(handle, "wb") as file:
            smaller.save(file, "WEBP", quality=QUALITY)
        os.chmod(draft, settings.FILE_UPLOAD_PERMISSIONS or 0o644)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
