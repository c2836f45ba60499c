"""What is in the media library, and what can be done with it: by Django's storage API alone.

So uploads may lie in any storage, also in one that has no folders: there, a folder is what stands
before the last slash of the names of files. An empty one is held open by a file that is not shown.
"""

import posixpath
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from mezzanine.conf import settings as project_settings
from PIL import Image

from . import settings, thumbnails
from .paths import Refused, inside, new_name, real, root

FOLDER = "Folder"
MARK = ".folder"  # the file that holds an empty folder open
LONGEST_PATH = 255  # characters that a field for files has room for


@dataclass(frozen=True)
class Entry:
    """A file or a folder, by its name in the storage."""

    path: str
    is_folder: bool = False

    @property
    def name(self):
        return posixpath.basename(self.path)

    @property
    def folder(self):
        """Where it is, below the folder of the site: "" or "one/two"."""
        return posixpath.dirname(self.path)[len(root()) :].strip("/")

    @property
    def address(self):
        """Its own place below the folder of the site."""
        return posixpath.join(self.folder, self.name)

    @property
    def type(self):
        """Return the key of FILEBROWSER_EXTENSIONS, or ""."""
        return FOLDER if self.is_folder else type_of(self.name)

    @property
    def stem(self):
        return self.name if self.is_folder else posixpath.splitext(self.name)[0]

    @property
    def suffix(self):
        return posixpath.splitext(self.name)[1][1:]

    @property
    def url(self):
        return default_storage.url(self.path)

    @property
    def size(self):
        return default_storage.size(self.path)

    @property
    def modified(self):
        return default_storage.get_modified_time(self.path)

    def as_json(self):
        """Return what scripts get to know of a file, a dict."""
        return {name: getattr(self, name) for name in ("path", "url", "name", "type")}


def type_of(name):
    suffix = posixpath.splitext(name)[1].lower()
    return next((type for type, ends in settings.EXTENSIONS.items() if suffix in ends), "")


def takes(suffix):
    """Return whether files that end in this, such as ".jpg", may be uploaded."""
    type = type_of(f"name{suffix}")
    if type in ("", FOLDER) or suffix[1:] in settings.ESCAPED_EXTENSIONS:
        return False
    return type != "Image" or suffix in Image.registered_extensions()


# Looking


def is_hidden(name):
    return name.startswith(".") or name == project_settings.THUMBNAILS_DIR_NAME


def names_in(path):
    """Return the names of folders and those of files, two lists; none where there is no folder."""
    try:
        return default_storage.listdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return [], []


def entries(path):
    """Return what a folder shows, Entries: first its folders by name, then its files."""
    folders, files = names_in(path)
    found = [Entry(posixpath.join(path, name), True) for name in sorted(folders)]
    found += [Entry(posixpath.join(path, name)) for name in sorted(files)]
    return [entry for entry in found if not is_hidden(entry.name)]


def walk(path):
    """Yield the names of all files below a folder, thumbnails too; no link to a folder counts."""
    folders, files = names_in(path)
    yield from (posixpath.join(path, name) for name in files)
    place = real(path)
    for name in folders:
        below = posixpath.join(path, name)
        if place is not None and real(below) == place / name:
            yield from walk(below)


def search(path, words):
    """Return the Entries in a folder, and in those below it, whose names have these words."""
    found = []
    for entry in entries(path):
        if words.lower() in entry.name.lower():
            found.append(entry)
        if entry.is_folder and is_open(entry):
            found += search(entry.path, words)
    return found


def is_open(entry):
    """Return whether a folder is inside of the site's; a symbolic link may lead out of it."""
    try:
        return bool(inside(entry.address))
    except Refused:
        return False


def exists(path):
    """Return whether there is a file or a folder; a storage may know no folder by its name."""
    folders, files = names_in(posixpath.dirname(path))
    return path == root() or posixpath.basename(path) in [*folders, *files]


def is_folder(path):
    return path == root() or posixpath.basename(path) in names_in(posixpath.dirname(path))[0]


def find(parent, name):
    """Return the Entry of that name in a folder; Refused unless there is one."""
    path = posixpath.join(parent, name)
    if not exists(path):
        raise Refused(_("There is no file or folder of this name: %s") % name, 404)
    return Entry(path, is_folder(path))


# Changing


def store(parent, file, replace=False):
    """Store an uploaded file in a folder; return its Entry.

    Its name is made of that of the file, and is another one if there is such a file already,
    unless that is to be replaced.
    """
    path = posixpath.join(parent, new_name(file.name))
    if replace and exists(path):
        remove(Entry(path))
    return Entry(default_storage.save(path, file, max_length=LONGEST_PATH))


def make_folder(path):
    default_storage.save(posixpath.join(path, MARK), ContentFile(b""))


def files_below(path):
    """Yield the names of all files in a folder and below it; Refused where a link leads away."""
    folders, files = names_in(inside(path[len(root()) :].strip("/")))
    yield from (posixpath.join(path, name) for name in files)
    for name in folders:
        yield from files_below(posixpath.join(path, name))


def move(entry, path):
    """Give an entry another name; first all is copied, and then removed where it was."""
    copies = {entry.path: path}
    if entry.is_folder:
        copies = {old: path + old[len(entry.path) :] for old in files_below(entry.path)}
    for old, new in copies.items():
        if project_settings.THUMBNAILS_DIR_NAME not in new.split("/"):
            with default_storage.open(old) as file:
                default_storage.save(new, file)
    remove(entry)


def remove(entry):
    """Delete a file with its thumbnails, or a folder with all that is in it."""
    if entry.is_folder:
        remove_folder(entry.path, [*files_below(entry.path)])
    else:
        default_storage.delete(entry.path)
        versions = thumbnails.folder_of(entry.path)
        remove_folder(versions, [*files_below(versions)])


def remove_folder(path, files):
    """Delete a folder, of which the names of all files below are given."""
    for file in files:
        default_storage.delete(file)
    folders = [posixpath.join(path, name) for name in names_in(path)[0]]
    for folder in folders:
        remove_folder(folder, [])
    default_storage.delete(path)
