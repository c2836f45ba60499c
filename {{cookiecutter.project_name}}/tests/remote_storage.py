"""A storage that has no local paths, as S3 has none."""

from urllib.parse import quote

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.utils import timezone

ADDRESS = "https://files.example/"


class Remote(Storage):
    """Files by their names, as an object store has them: a folder is a part of a name."""

    def __init__(self):
        self.files, self.opened = {}, []

    def _save(self, name, content):
        self.files[name] = b"".join(content.chunks())
        return name

    def _open(self, name, mode="rb"):
        self.opened.append(name)
        if name not in self.files:
            raise FileNotFoundError(name)
        return ContentFile(self.files[name], name)

    def delete(self, name):
        self.files.pop(name, None)

    def exists(self, name):
        return name in self.files

    def listdir(self, path):
        below = [name[len(path) + 1 :] for name in self.files if name.startswith(f"{path}/")]
        folders = {name.partition("/")[0] for name in below if "/" in name}
        return sorted(folders), [name for name in below if "/" not in name]

    def size(self, name):
        return len(self.files[name])

    def get_modified_time(self, name):
        return timezone.now()

    def url(self, name):
        return ADDRESS + quote(name)
