"""Galleries from zip files: pictures go into the uploads of their site, under the names that the
system wrote which made the file."""

import os
import re
import unicodedata
import zlib
from io import BytesIO
from pathlib import PurePosixPath
from string import punctuation
from zipfile import BadZipFile, ZipFile

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from mezzanine.core.request import current_request
from mezzanine.galleries.models import BaseGallery, GalleryImage
from PIL import Image

from media_library.paths import BARE_NAME, UNSAFE, root

LONGEST = GalleryImage._meta.get_field("file").max_length
LARGEST = 100 * 1024 * 1024  # bytes of one picture
MOST = 2 * 1024 * 1024 * 1024  # bytes of all
# zipfile's NotImplementedError is of a compression that it does not know.
UNREADABLE = (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, zlib.error)

OF_SYSTEMS = {".ds_store", "desktop.ini", "thumbs.db"}  # which nobody has put there
MOST_NAMES, LONGEST_NAME = 5, 50  # in a message, which is a cookie

UTF_8 = 0x800  # the flag of a name in UTF-8
ENCRYPTED = 0x1
UNICODE_PATH = 0x7075  # the extra field that has the name in UTF-8 as well
MADE_BY_DOS = 0  # or by Windows


def validate(file):
    """Refuse what cannot be unpacked; the name of the field is told by the form."""
    try:
        members = ZipFile(file).infolist()
    except (*UNREADABLE, ValueError):
        raise ValidationError(_("This is not a zip file.")) from None
    finally:
        file.seek(0)
    if any(member.flag_bits & ENCRYPTED for member in members):
        raise ValidationError(_("This zip file has a password. Make one without."))
    if sum(member.file_size for member in members) > MOST:
        raise ValidationError(_("What is in this zip file is too large. Make several of it."))


def save(gallery, delete_zip_import=True, *args, **kwargs):
    """Save a gallery with the pictures of its zip file, if there is one."""
    super(BaseGallery, gallery).save(*args, **kwargs)
    if gallery.zip_import:
        left_out = []
        with ZipFile(gallery.zip_import) as archive:
            for name, data, kind in pictures(archive, left_out):
                path = store(gallery.slug, name, data, kind)
                image = gallery.images.model(**gallery.images.core_filters, file=path)
                image.description = words_of(name)  # its own model may have no such field
                image.save()
        if delete_zip_import:
            gallery.zip_import.delete(save=True)
        if left_out:
            tell(left_out)


def tell(names):
    """Tell whoever sent a zip file which of its files are not in the gallery."""
    shown = [name[:LONGEST_NAME] for name in names[:MOST_NAMES]]
    text = _("Left out of the gallery, since they cannot be read as pictures: %s") % ", ".join(
        shown
    )
    if more := len(names) - len(shown):
        text += " " + _("and %d more") % more
    if request := current_request():
        messages.warning(request, text, fail_silently=True)


def words_of(name):
    """Return the name of a file as a description, whatever it is called where it is stored."""
    words = re.split(rf"[\s{re.escape(punctuation)}]+", os.path.splitext(name)[0].replace("'", ""))
    return " ".join(word[:1].upper() + word[1:] for word in words if word)[:1000]


def pictures(archive, left_out):
    """Yield (name, data, format) of the pictures in a zip file, and add the names of others to a
    list; what cannot be read is none."""
    for member in archive.infolist():
        path = PurePosixPath(name_of(member).replace("\\", "/"))
        hidden = path.name.startswith("._") or "__MACOSX" in path.parts
        if member.is_dir() or hidden or path.name.lower() in OF_SYSTEMS:
            continue
        data = content_of(archive, member)
        if kind := kind_of(data):
            yield path.name, data, kind
        else:
            left_out.append(path.name)


def content_of(archive, member):
    """Return the bytes of a file in a zip file: none where it is too large or cannot be read."""
    try:
        return archive.read(member) if member.file_size <= LARGEST else b""
    except UNREADABLE:
        return b""


def kind_of(data):
    """Return the format of a picture as Pillow calls it, or None where it is none."""
    try:
        Image.open(BytesIO(data)).load()
        picture = Image.open(BytesIO(data))
        picture.verify()
    except Exception:  # whatever Pillow finds in it
        return None
    return picture.format


def name_of(member):
    """Return the name of a file in a zip file, as it was on the system that wrote it.

    UTF-8 where a flag or an extra field says so. Macs write it without a flag, Windows and DOS
    write the code page of their consoles, others Latin 1.
    """
    name = member.filename
    if not member.flag_bits & UTF_8:
        raw = member.orig_filename.partition("\0")[0].encode("cp437", "replace")
        name = in_extra_field(member.extra, raw) or decode(raw, member.create_system)
    return unicodedata.normalize("NFC", name)


def decode(raw, system):
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp850" if system == MADE_BY_DOS else "cp1252", "replace")


def in_extra_field(extra, raw):
    """Return the name in the field of Info-ZIP, or None where it is not there, or of another."""
    while len(extra) >= 4:
        kind, size = (int.from_bytes(extra[at : at + 2], "little") for at in (0, 2))
        value, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and int.from_bytes(value[1:5], "little") == zlib.crc32(raw):
            return value[5:].decode("utf-8", "replace")
    return None


def store(slug, name, data, kind):
    """Store a picture in a folder of its gallery, in the uploads of the site; return its path.

    Its name ends as its format does: a GIF that is called page.html would be sent as HTML. It has
    nothing that means something else in an address, such as a question mark.
    """
    folders = [folder for folder in slug.split("/") if BARE_NAME.fullmatch(folder)]
    suffixes = Image.registered_extensions()
    stem, suffix = os.path.splitext("".join(each for each in name if each not in UNSAFE))
    if suffixes.get(suffix.lower()) != kind:
        suffix = next((suffix for suffix, format in suffixes.items() if format == kind), "")
    stem = stem.encode()[: LONGEST // 2].decode(errors="ignore")
    if not BARE_NAME.fullmatch(stem):
        stem = "picture"
    place = os.path.join(root(), *folders)
    place = place if len(place.encode()) < LONGEST // 2 else root()
    return default_storage.save(os.path.join(place, stem + suffix), ContentFile(data))


def install():
    BaseGallery.save = save
    for model in apps.get_models():
        if issubclass(model, BaseGallery):
            model._meta.get_field("zip_import").validators.append(validate)
