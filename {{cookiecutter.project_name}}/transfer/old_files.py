"""The files of a site that is adopted: uploads, and what visitors have sent through forms."""

import os
from pathlib import Path

from django.core.files.storage import default_storage
from django.db.models import FileField
from filebrowser_safe.fields import FileBrowseField
from mezzanine.forms.models import FieldEntry

from staff.entry_files import STORED

from .kinds import travelling
from .package import Refused
from .site_files import THUMBNAILS
from .stored import Stored, digest, sent, upload


class Files:
    """Brings files; a context manager that removes them again where what is within it fails.

    Refused where another file is in the place of one of them.
    """

    def __init__(self, old, media, forms):
        self.brought = []
        entries = old.rows(FieldEntry).filter(value__startswith="forms/")
        paths = entries.values_list("value", flat=True)
        self.paths = [path for path in paths if STORED.fullmatch(path)]  # that visitors have sent
        self.wanted = {**uploads(media), **self.sent(forms)}
        places = [(source, place) for place, source in self.wanted.items() if place.exists()]
        different = [place for source, place in places if not is_same(source, place)]
        if different:
            more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
            raise Refused(f"another file is at {ascii(str(different[0]))}{more}; move it away")

    def __enter__(self):
        try:
            for place, source in self.wanted.items():
                if not place.exists():
                    self.bring(source, place)
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, kind, *error):
        if kind:
            self.remove()

    def bring(self, source, place):
        self.brought.append(place)
        with source.open("rb") as file:
            place.write(file)

    def remove(self):
        for place in self.brought:
            place.delete()

    def sent(self, folder):
        """Return what visitors have sent, a dict of sources by places."""
        paths = [path for path in self.paths if folder and Path(folder, path).is_file()]
        return {sent(path): Path(folder, path) for path in paths}

    def missing(self):
        """Return the names of files that the content names here, and that are not there."""
        files = {value: upload(value) for value in named_uploads()}
        files |= {value: sent(value) for value in self.paths}
        return sorted(name for name, file in files.items() if not file or not file.exists())


def is_same(source, place):
    with source.open("rb") as file:
        return digest(file) == place.sha256()


def uploads(folder):
    """Return the uploads below a MEDIA_ROOT, a dict of sources by places; no thumbnails."""
    found = {}
    for path in sorted(Path(folder).rglob("*")) if folder else ():
        inside = path.relative_to(folder)
        if path.is_file() and is_inside(path, folder) and THUMBNAILS not in inside.parts:
            found[Stored(default_storage, inside.as_posix())] = path
    return found


def is_inside(path, root):
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def named_uploads():
    """Yield the paths in the columns for files here."""
    for model in travelling(everything=True):
        for field in model._meta.local_concrete_fields:
            if isinstance(field, FileField | FileBrowseField):
                rows = model._base_manager.exclude(**{field.attname: ""})
                rows = rows.exclude(**{f"{field.attname}__isnull": True})
                yield from rows.order_by().values_list(field.attname, flat=True).distinct()
