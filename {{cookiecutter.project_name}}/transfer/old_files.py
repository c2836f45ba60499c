"""The files of a site that is adopted: uploads, and what visitors have sent through forms."""

import filecmp
import shutil
from pathlib import Path

from django.conf import settings
from django.db.models import FileField
from filebrowser_safe.fields import FileBrowseField
from mezzanine.forms import forms as mezzanine_forms
from mezzanine.forms.models import FieldEntry

from staff.entry_files import STORED

from .kinds import travelling
from .package import Refused
from .site_files import THUMBNAILS, is_inside


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
        different = [place for source, place in places if not filecmp.cmp(source, place, False)]
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
        place.parent.mkdir(parents=True, exist_ok=True)
        self.brought.append(place)
        shutil.copyfile(source, place)
        is_public = place.is_relative_to(settings.MEDIA_ROOT)
        place.chmod(settings.FILE_UPLOAD_PERMISSIONS if is_public else 0o600)

    def remove(self):
        for path in self.brought:
            path.unlink(missing_ok=True)

    def sent(self, folder):
        """Return what visitors have sent, a dict of sources by places."""
        paths = [path for path in self.paths if folder and Path(folder, path).is_file()]
        return {Path(mezzanine_forms.fs.path(path)): Path(folder, path) for path in paths}

    def missing(self):
        """Return the paths of files that the content names here, and that are not there."""
        named = {Path(settings.MEDIA_ROOT, value) for value in named_uploads()}
        named |= {Path(mezzanine_forms.fs.path(value)) for value in self.paths}
        return sorted(str(path) for path in named if not path.is_file())


def uploads(folder):
    """Return the uploads below a MEDIA_ROOT, a dict of sources by places; no thumbnails."""
    found = {}
    for path in sorted(Path(folder).rglob("*")) if folder else ():
        inside = path.relative_to(folder)
        if path.is_file() and is_inside(path, folder) and THUMBNAILS not in inside.parts:
            found[Path(settings.MEDIA_ROOT, inside)] = path
    return found


def named_uploads():
    """Yield the paths in the columns for files here."""
    for model in travelling(everything=True):
        for field in model._meta.local_concrete_fields:
            if isinstance(field, FileField | FileBrowseField):
                rows = model._base_manager.exclude(**{field.attname: ""})
                rows = rows.exclude(**{f"{field.attname}__isnull": True})
                yield from rows.order_by().values_list(field.attname, flat=True).distinct()
