"""The file in which content travels: a zip with lines of JSON, one row a line.

content.json        what it is: see versions.py
rows/APP.MODEL      a row of the table as a list, in the order of "columns" in content.json
users               who the content refers to, where accounts do not travel: [name, attributes]
base/APP.MODEL      [primary key, digest] of each row as it was when it was pulled
media/..., private/...  files, where it is one site alone; percent-encoded, since a zip takes no
                        name that is not UTF-8

Of the same content it is the same, byte for byte: so a transfer that was cut off goes on.
"""

import hashlib
import json
import os
import zipfile
import zlib
from contextlib import contextmanager
from urllib.parse import quote, unquote_to_bytes

HEADER = "content.json"
FORMAT = 1
BLOCK = 2**20  # bytes


class Refused(Exception):
    """What is wrong, in one line; nothing was changed."""


class Writer:
    """Writes a Package to a path; a context manager."""

    def __init__(self, path):
        self.zip = zipfile.ZipFile(path, "w")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.zip.close()

    @contextmanager
    def lines(self, name):
        """Yield a function that writes a value as a line."""
        info = zipfile.ZipInfo(name)  # with no time in it
        info.compress_type = zipfile.ZIP_DEFLATED
        with self.zip.open(info, "w", force_zip64=True) as member:

            def write(value):
                text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
                member.write(text.encode("utf-8", "surrogatepass") + b"\n")

            yield write

    def add(self, name, source):
        """Add a file, a Stored; what is a picture is not compressed again."""
        info = zipfile.ZipInfo(quote(os.fsencode(name)))
        with source.open() as file, self.zip.open(info, "w", force_zip64=True) as member:
            while block := file.read(BLOCK):
                member.write(block)

    def header(self, values):
        with self.lines(HEADER) as write:
            write(values | {"format": FORMAT})


class Package:
    """Reads a file that Writer has written; a context manager. Refused where it is no such file."""

    def __init__(self, path):
        self.path = path
        try:
            self.zip = zipfile.ZipFile(path)
            self.names = set(self.zip.namelist())
            self.header = json.loads(self.zip.read(HEADER))
        except FileNotFoundError:
            raise Refused(f"there is no file {path}") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
            raise Refused(f"{path} is damaged, or no file of exported content") from None
        except (KeyError, ValueError):
            raise Refused(f"{path} is no file of exported content") from None
        if self.header.get("format") != FORMAT:
            raise Refused(f"{path} was exported by a newer version of the project")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.zip.close()

    def check(self):
        """Read all of it; Refused where it is damaged."""
        try:
            damaged = self.zip.testzip()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
            damaged = "it"
        if damaged:
            raise Refused(f"{self.path} is damaged: {damaged} cannot be read")

    def lines(self, name):
        """Yield the values of a member, none where it has no such member."""
        if name in self.names:
            with self.zip.open(name) as member:
                for line in member:
                    yield json.loads(line.decode("utf-8", "surrogatepass"))

    def rows(self, label):
        return self.lines(f"rows/{label}")

    def files(self):
        """Yield each member, and the name of the file that it is, such as media/a.jpg."""
        for member in sorted(self.names):
            yield member, os.fsdecode(unquote_to_bytes(member))


def sha256(path):
    """Return the SHA-256 of a file, as a str."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
