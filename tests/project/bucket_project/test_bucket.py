"""In a project: all that uses uploads, as tests/test_uploads_elsewhere.py has it, in a bucket."""

import os
import socket
import time
from collections.abc import MutableMapping
from urllib.parse import quote, unquote

import pytest
import test_uploads_elsewhere as elsewhere
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from media_acts import act
from media_library import bucket
from media_library.bucket import Bucket, BucketAway
from mezzanine.forms import admin as forms_admin
from mezzanine.forms import forms
from staff.entry_bucket import EntryBucket
from test_uploads_elsewhere import *  # noqa: F403
from test_uploads_elsewhere import PATH
from theme import pictures

PLACE = {"bucket": "garden", "endpoint": os.environ["OBJECT_STORE"], "region": "eu-central-1"}


class Files(MutableMapping):
    """The objects of a storage, by their names there."""

    def __init__(self, storage):
        self.storage = storage

    def __getitem__(self, name):
        with self.storage.open(name) as file:
            return file.read()

    def __setitem__(self, name, content):
        self.storage.delete(name)
        assert self.storage.save(name, ContentFile(content)) == name

    def __delitem__(self, name):
        self.storage.delete(name)

    def __iter__(self):
        top = f"{self.storage.location}/"
        for each in self.storage.bucket.objects.filter(Prefix=top):
            yield each.key.removeprefix(top)

    def __len__(self):
        return sum(1 for _ in self)


class Opened(Bucket):
    def _open(self, name, mode="rb"):
        self.opened.append(name)
        return super()._open(name, mode)


def empty(storage):
    storage.files, storage.opened = Files(storage), []
    storage.files.clear()
    return storage


@pytest.fixture(autouse=True)
def storage(monkeypatch):
    opened = empty(Opened(**PLACE, location="media"))
    monkeypatch.setattr(default_storage, "_wrapped", opened)
    return opened


@pytest.fixture(autouse=True)
def private(monkeypatch):
    entries = empty(EntryBucket(**PLACE, location="private"))
    for module in (forms, forms_admin):
        monkeypatch.setattr(module, "fs", entries)
    return entries


def test_the_media_library_makes_folders_renames_and_deletes(browse, lake, storage):
    staff, folder = browse("admin"), {"dir": "summer"}
    assert act(staff, "fb_mkdir", data={"name": "Summer"}).status_code == 302
    assert (
        act(staff, "fb_rename", data={"name": "Pond é 1"}, filename="lake.jpg").status_code == 302
    )
    files = {"folder": "summer", "Filedata": ContentFile(b"%PDF", "Plan.pdf")}
    assert staff.post(reverse("fb_do_upload"), files).json()["path"].endswith("summer/plan.pdf")
    page = act(staff, "fb_browse", "get").content.decode()
    assert "pond_é_1.jpg" in page
    assert "summer" in page
    assert "plan.pdf" in act(staff, "fb_browse", "get", **folder).content.decode()
    assert act(staff, "fb_rename", data={"name": "Winter"}, filename="summer").status_code == 302
    names = {name for name in storage.files if ".thumbnails" not in name}
    assert names == {
        f"uploads/site-1/{name}" for name in ("pond_é_1.jpg", "winter/plan.pdf", "winter/.folder")
    }
    assert default_storage.url("a é.jpg") == elsewhere.ADDRESS + quote("a é.jpg")
    assert act(staff, "fb_delete", filename="winter").status_code == 302
    assert not any("winter" in name for name in storage.files)


def test_a_file_of_the_same_name_replaces_none(storage):
    names = [default_storage.save("one.txt", ContentFile(text)) for text in (b"one", b"two")]
    assert names[0] == "one.txt" != names[1]
    assert storage.files["one.txt"] == b"one"


def test_where_the_bucket_refuses_pages_answer_and_staff_are_told(browse, lake, storage):
    elsewhere.BlogPost.objects.update(featured_image=lake)
    storage.secret_key, storage._connections.connection = "another", None
    storage._bucket = None
    post = elsewhere.BlogPost.objects.get()
    assert browse().get(post.get_absolute_url()).status_code == 200
    for name in ("fb_browse", "fb_file"):
        answer = act(browse("admin"), name, "get", filename="lake.jpg")
        assert answer.status_code == 503


def test_no_address_leads_to_what_came_by_a_form(private):
    name = private.save("forms/01234567-89ab-cdef-0123-456789abcdef/<b>.pdf", ContentFile(b"x"))
    assert name == "forms/01234567-89ab-cdef-0123-456789abcdef/b.pdf"
    with pytest.raises(NotImplementedError):
        private.url(name)


def test_the_path_is_that_of_the_site(lake):
    assert lake == PATH


# Away, or slow


@pytest.fixture
def silent(monkeypatch):
    """An address where a server accepts connections, and says nothing."""
    monkeypatch.setattr(Bucket, "asked_again_at", 0.0)
    monkeypatch.setitem(bucket.PATIENT, "read_timeout", 0.5)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_after_a_question_without_an_answer_the_next_ones_wait_for_nothing(silent, monkeypatch):
    for endpoint in ("http://127.0.0.1:1", silent):
        away = Bucket(**PLACE | {"endpoint": endpoint}, location="media")
        with pytest.raises(BucketAway, match=endpoint):
            away.exists("lake.jpg")
        with pytest.raises(BucketAway, match="did not answer a moment ago"):
            away.listdir("uploads")
        later = time.monotonic() + bucket.PAUSE
        with monkeypatch.context() as clock:
            clock.setattr(bucket.time, "monotonic", lambda later=later: later + 1)
            with pytest.raises(BucketAway, match=endpoint):
                away.exists("lake.jpg")
        monkeypatch.setattr(Bucket, "asked_again_at", 0.0)


def test_where_a_bucket_refuses_the_next_question_is_asked(storage):
    wrong = Bucket(**PLACE | {"bucket": "none"}, location="media")
    for _ in range(2):
        with pytest.raises((BucketAway, FileNotFoundError), match="NoSuchBucket"):
            wrong.listdir("")
    assert storage.listdir("") == ([], [])


# Names


HOSTILE = ["Täg #1 %2F a+b.gif", "ä" * 150 + ".gif", "a'b\"<c>.gif", "x\ny.gif"]


def test_whatever_a_file_is_called_it_is_stored_shown_and_deleted(browse, storage):
    for name in HOSTILE:
        answer = elsewhere.upload(browse("admin"), name, b"GIF89a")
        assert answer.status_code == 200, name
    assert elsewhere.upload(browse("admin"), "empty.gif", b"").status_code in (200, 400)
    stored = {name for name in storage.files if not name.endswith("empty.gif")}
    assert len(stored) == len(HOSTILE)
    for name in stored:
        assert len(os.path.basename(name).encode()) < 200
        assert storage.url(name) == elsewhere.ADDRESS + quote(name)
        deleted = act(browse("admin"), "fb_delete", filename=os.path.basename(name))
        assert deleted.status_code == 302
    assert stored & set(storage.files) == set()


@pytest.mark.usefixtures("mezzanines_base")
def test_pictures_of_a_zip_file_have_names_that_a_backup_can_have(browse, storage):
    names = ["Täg #1 %2F a+b.gif", "ä" * 150 + ".gif", "a/../b.gif"]
    gallery = elsewhere.Gallery.objects.create(
        title="Ours", slug="ours/summer", zip_import=elsewhere.zip_of(*names)
    )
    assert gallery.images.count() == len(names)
    for image in gallery.images.all():
        assert storage.exists(image.file.name)
        assert max(len(part.encode()) for part in image.file.name.split("/")) < 256
    shown = elsewhere.page(browse(), gallery.get_absolute_url())
    addresses = [picture["src"] for picture in shown.select(".gallery img")]
    assert len(elsewhere.names_in(map(unquote, addresses), storage)) == len(names)


def test_small_pictures_follow_one_that_is_uploaded_again(browse, lake, storage):
    first = pictures.versions(lake)
    again = elsewhere.photograph(1200, 1200)
    elsewhere.upload(browse("admin"), "Lake.jpg", again, replace="1")
    second = pictures.versions(lake)
    assert (first["height"], second["height"]) == (960, 1200)
    assert storage.files[lake] == again
