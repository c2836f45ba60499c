"""A file that somebody reads while it is stored is whole, or not there yet."""

import errno
import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile
from mezzanine.forms import forms
from test_media_library_uploads import photograph

from media_library import thumbnails
from theme import pictures

PATH = "uploads/site-1/lake.jpg"


class Slow(ContentFile):
    """Content in two parts; what is done between them is a function."""

    def __init__(self, between):
        super().__init__(b"begins, and ends")
        self.between = between

    def chunks(self, chunk_size=None):
        yield b"begins, "
        self.between()
        yield b"and ends"


@pytest.fixture(autouse=True)
def media(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return settings.MEDIA_ROOT


@pytest.fixture(params=["uploads", "entries"])
def storage(request, tmp_path, monkeypatch):
    """The storage of uploads, and that of files that visitors have sent through forms."""
    if request.param == "uploads":
        return default_storage
    monkeypatch.setattr(forms, "fs", type(forms.fs)(location=tmp_path / "entries"))
    return forms.fs


def files_below(storage):
    return [path for path in Path(storage.location).rglob("*") if path.is_file()]


def test_a_file_has_its_name_when_all_of_it_is_written(storage):
    seen = []
    name = storage.save("a/b.txt", Slow(lambda: seen.append(storage.exists("a/b.txt"))))
    assert seen == [False]
    assert storage.open(name).read() == b"begins, and ends"
    assert [path.name for path in files_below(storage)] == ["b.txt"]


def test_a_name_that_is_taken_meanwhile_stays_with_who_took_it(storage):
    def take():
        storage.save("a/b.txt", ContentFile(b"the other"))

    name = storage.save("a/b.txt", Slow(take))
    assert storage.open("a/b.txt").read() == b"the other"
    assert name != "a/b.txt"
    assert storage.open(name).read() == b"begins, and ends"


def test_a_full_disk_leaves_nothing(storage):
    def fill_up():
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        storage.save("a/b.txt", Slow(fill_up))
    assert files_below(storage) == []


def test_a_disk_without_links_will_do(storage, monkeypatch):
    def link(*args):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    name = storage.save("a/b.txt", Slow(lambda: None))
    assert storage.open(name).read() == b"begins, and ends"
    assert len(files_below(storage)) == 1


def test_a_large_upload_that_lies_on_the_disk_already_is_moved(storage):
    with TemporaryUploadedFile("b.txt", "text/plain", 5, None) as upload:
        upload.write(b"large")
        upload.seek(0)
        name = storage.save("a/b.txt", upload)
    assert storage.open(name).read() == b"large"
    assert len(files_below(storage)) == 1


def test_who_reads_meanwhile_never_gets_a_part_of_a_picture(media, monkeypatch):
    default_storage.save(PATH, ContentFile(photograph(2400, 1200)))
    folder, seen, counts = media / thumbnails.folder_of(PATH), {}, []

    class InTwo(ContentFile):
        def chunks(self, chunk_size=None):
            yield self.read(99)
            shown = [path for path in folder.iterdir() if not path.name.startswith(".")]
            seen.update({path: path.read_bytes() for path in shown})
            counts.append(len(shown))
            yield self.read()

    monkeypatch.setattr(thumbnails, "ContentFile", InTwo)
    pictures.versions(PATH)
    thumbnails.small(PATH)
    assert counts == [*range(5)]
    assert all(path.read_bytes() == content for path, content in seen.items())
