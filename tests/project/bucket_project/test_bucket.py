"""In a project: all that uses uploads, as tests/test_uploads_elsewhere.py has it, in a bucket."""

import os
from collections.abc import MutableMapping
from urllib.parse import quote

import pytest
import test_uploads_elsewhere as elsewhere
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from media_acts import act
from media_library.bucket import Bucket
from mezzanine.forms import admin as forms_admin
from mezzanine.forms import forms
from staff.entry_bucket import EntryBucket
from test_uploads_elsewhere import *  # noqa: F403
from test_uploads_elsewhere import PATH

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
    bucket = empty(Opened(**PLACE, location="media"))
    monkeypatch.setattr(default_storage, "_wrapped", bucket)
    return bucket


@pytest.fixture(autouse=True)
def private(monkeypatch):
    bucket = empty(EntryBucket(**PLACE, location="private"))
    for module in (forms, forms_admin):
        monkeypatch.setattr(module, "fs", bucket)
    return bucket


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
