"""Files on a disk, which nobody reads before they are whole."""

import os
import posixpath
from uuid import uuid4

from django.core.files.storage import FileSystemStorage


class WholeFiles(FileSystemStorage):
    """Django's storage of files, in which a file gets its name when all of it is written.

    Django writes under the name itself, where NGINX sends a part of a picture meanwhile, and a full
    disk leaves one.
    """

    def _save(self, name, content):
        part = posixpath.join(posixpath.dirname(name), f".{uuid4().hex}.part")
        try:
            super()._save(part, content)
            return self.give_name(part, name)
        finally:
            self.delete(part)

    def give_name(self, part, name):
        """Give a file a name, or another one if that is taken since a moment ago; return it."""
        while True:
            try:
                os.link(self.path(part), self.path(name))
                return name
            except FileExistsError:
                name = self.get_available_name(name)
            except OSError:  # a disk that has no links, such as one of a virtual machine
                os.replace(self.path(part), self.path(name))
                return name
