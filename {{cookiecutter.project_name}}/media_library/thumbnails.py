"""Smaller versions of pictures, which lie in the storage beside their uploads.

All of a picture are in one folder, so that they are deleted with it.
"""

import posixpath
from io import BytesIO
from urllib.parse import quote, unquote

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from mezzanine.conf import settings
from PIL import Image, ImageOps

LARGEST_OF_GRID = 360  # pixels; twice what the grid of the library shows
FORMATS = {".avif": "AVIF", ".gif": "GIF", ".png": "PNG", ".webp": "WEBP"}  # others become JPEG


def folder_of(path):
    """Return the folder of the versions of a picture, as Mezzanine's thumbnail tag has it."""
    parent, name = posixpath.split(path)
    return posixpath.join(parent, settings.THUMBNAILS_DIR_NAME, name)


def keep(name, content):
    """Save a version, bytes, and return its name."""
    return default_storage.save(name, ContentFile(content))


def encoded(picture, format, **options):
    """Return a picture as bytes in a format, with its transparency and colours."""
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    is_in_rgb = picture.mode in ("P", "RGB", "RGBA")
    profile = picture.info.get("icc_profile") if is_in_rgb else None
    target = BytesIO()
    picture = picture.convert("RGBA" if has_alpha and format != "JPEG" else "RGB")
    picture.save(target, format, icc_profile=profile, **options)
    return target.getvalue()


# The grid of the library


def small(path):
    """Return the address of a small version of a picture; its own if Pillow cannot read it."""
    stem = posixpath.splitext(posixpath.basename(path))[0]
    name = posixpath.join(folder_of(path), f"{stem}-library.webp")
    try:
        if not default_storage.exists(name):
            with default_storage.open(path) as file, Image.open(file) as picture:
                name = keep(name, for_grid(picture))
    except Exception:  # whatever Pillow finds in it
        return default_storage.url(path)
    return default_storage.url(name)


def for_grid(picture):
    """Return a WebP of a picture, at most LARGEST_OF_GRID wide and high, upright: bytes."""
    picture.draft("RGB", (LARGEST_OF_GRID, LARGEST_OF_GRID))  # quick, for a JPEG of 20 MB
    picture.thumbnail((LARGEST_OF_GRID, LARGEST_OF_GRID))
    return encoded(ImageOps.exif_transpose(picture), "WEBP")


# Mezzanine's tag


def thumbnail(
    image_url,
    width,
    height,
    upscale=True,
    quality=95,
    left=0.5,
    top=0.5,
    padding=False,
    padding_color="#fff",
):
    """Return what follows MEDIA_URL in the address of an upload in that size, made if need be.

    A width or height of 0 follows from the other one. Without `upscale` they are the largest that
    it gets. It is cut to that size around `left` and `top`, from 0 to 1, or gets a padding. Where
    it is no picture, or not there, it is the address of the upload; that of another site stays.
    """
    if not image_url:
        return ""
    path = unquote(str(image_url)).split("?")[0].removeprefix(settings.MEDIA_URL)
    if "://" in path:
        return str(image_url)
    stem, suffix = posixpath.splitext(posixpath.basename(path))
    stem += f"-{width}x{height}"
    stem += "" if upscale else "-no-upscale"
    if (left, top) != (0.5, 0.5):
        left, top = (min(1, max(0, place)) for place in (left, top))
        stem += f"-{left}x{top}"
    stem += f"-padded-{padding_color}" if padding else ""
    name = posixpath.join(folder_of(path), stem + suffix)
    try:
        if not default_storage.exists(name):
            with default_storage.open(path) as file, Image.open(file) as picture:
                upright = ImageOps.exif_transpose(picture)
            size = size_of(upright, int(width), int(height), upscale)
            fitted = fit(upright, size, (left, top), padding and padding_color)
            format = FORMATS.get(suffix.lower(), "JPEG")
            name = keep(name, encoded(fitted, format, quality=quality))
    except Exception:  # whatever Pillow finds in it
        return quote(path)
    return quote(name)


def size_of(picture, width, height, upscale):
    """Return the size that a picture gets, (width, height)."""
    if not upscale:
        width, height = min(width, picture.width), min(height, picture.height)
    width = width or picture.width * height // picture.height
    return width, height or max(1, picture.height * width // picture.width)


def fit(picture, size, centre, colour):
    """Return a picture in a size: cut around its centre, or with a padding of a colour, if any."""
    if "transparency" in picture.info or picture.mode == "P":
        picture = picture.convert("RGBA")
    if colour:
        return ImageOps.pad(picture, size, Image.Resampling.LANCZOS, colour)
    return ImageOps.fit(picture, size, Image.Resampling.LANCZOS, 0, centre)


def install():
    """Take the place of Mezzanine's tag, which writes to a disk."""
    from mezzanine.core.templatetags import mezzanine_tags  # it imports all middleware

    mezzanine_tags.thumbnail = thumbnail
    mezzanine_tags.register.simple_tag(thumbnail)
