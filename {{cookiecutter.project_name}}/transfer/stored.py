"""Files in storages: uploads, and what visitors have sent through forms."""

import hashlib
from dataclasses import dataclass

from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File
from django.core.files.storage import Storage, default_storage
from mezzanine.forms import forms

from media_library.paths import real
from staff.entry_files import STORED


@dataclass(frozen=True)
class Stored:
    """A file, or the place for one: a storage, and a name there."""

    storage: Storage
    name: str

    def __str__(self):
        return self.name

    def open(self, mode="rb"):
        return self.storage.open(self.name, mode)

    def exists(self):
        """Return whether there is a file; a folder is none."""
        try:
            self.open().close()
        except (OSError, SuspiciousFileOperation):
            return False
        return True

    def sha256(self):
        with self.open() as file:
            return digest(file)

    def free(self):
        """Return the place itself, or another one where something has that name."""
        if self.storage.exists(self.name):
            return Stored(self.storage, self.storage.get_available_name(self.name))
        return self

    def write(self, file):
        """Store a file, which is open, in the place, which is free; return where it is.

        Storages take a backslash for a slash.
        """
        return Stored(self.storage, self.storage.save(self.name, File(file)))

    def delete(self):
        self.storage.delete(self.name)


def upload(name):
    """Return the upload of that name, or None where the name leads out of the storage."""
    return Stored(default_storage, name) if real(name) is not None else None


def sent(name):
    """Return the file of an entry of a form, or None where none has such a name."""
    return Stored(forms.fs, name) if STORED.fullmatch(name) else None


def digest(file):
    """Return the SHA-256 of an open file, in bytes."""
    found = hashlib.sha256()
    while block := file.read(2**20):
        found.update(block)
    return found.digest()
