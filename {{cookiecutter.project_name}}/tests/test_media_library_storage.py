"""The media library over a storage that has no local paths, as S3 has none."""

import pytest
from django import forms
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from media_acts import act, upload
from mezzanine.blog.models import BlogPost
from mezzanine.galleries.models import Gallery
from remote_storage import Remote
from test_media_library_uploads import photograph
from test_pictures import zip_of

from media_library.thumbnails import thumbnail

pytestmark = pytest.mark.django_db


@pytest.fixture
def storage(monkeypatch):
    """Uploads lie in memory, one file for site 1 and one for site 10 among them."""
    remote = Remote()
    monkeypatch.setattr(default_storage, "_wrapped", remote)
    for name in ("uploads/site-1/picture.gif", "uploads/site-10/picture.gif"):
        default_storage.save(name, ContentFile(b"GIF89a"))
    return remote


def test_files_and_folders_are_made_found_renamed_and_deleted(browse, storage):
    admin = browse("admin")
    act(admin, "fb_mkdir", data={"name": "summer"})
    assert act(admin, "fb_browse", "get", dir="summer").status_code == 200
    answer = upload(admin, "Lake.jpg", photograph(), folder="summer").json()
    assert answer["url"] == "https://files.example/uploads/site-1/summer/lake.jpg"
    page = act(admin, "fb_browse", "get", q="lake").content.decode()
    assert page.count("<bdi>lake.jpg</bdi>") == 1
    act(admin, "fb_rename", data={"name": "sea"}, dir="summer", filename="lake.jpg")
    act(admin, "fb_rename", data={"name": "winter"}, filename="summer")
    assert storage.exists("uploads/site-1/winter/sea.jpg")
    assert "sea.jpg" in act(admin, "fb_browse", "get", dir="winter").content.decode()
    assert act(admin, "fb_file", "get", dir="winter", filename="sea.jpg").status_code == 200
    act(admin, "fb_delete", dir="winter", filename="sea.jpg")
    assert act(admin, "fb_browse", "get", dir="winter").status_code == 200
    act(admin, "fb_delete", filename="winter")
    assert sorted(storage.files) == ["uploads/site-1/picture.gif", "uploads/site-10/picture.gif"]


def test_a_thumbnail_lies_in_the_storage(browse, storage):
    admin = browse("admin")
    path = upload(admin, "lake.jpg", photograph()).json()["path"]
    answer = act(admin, "fb_thumbnail", "get", path=path)
    assert storage.exists(answer["Location"].removeprefix("https://files.example/"))
    act(admin, "fb_delete", filename="lake.jpg")
    assert not [name for name in sorted(storage.files) if "lake" in name]


def test_a_picture_of_another_site_keeps_its_address():
    address = "https://pictures.example/a%20loaf.jpg?of=rye"
    assert thumbnail(address, 100, 100) == address


def test_nothing_leads_to_another_site(browse, storage):
    admin, before = browse("admin"), sorted(storage.files)
    answers = [
        act(admin, "fb_browse", "get", dir="../site-10"),
        act(admin, "fb_delete", dir="../site-10", filename="picture.gif"),
        act(admin, "fb_delete", filename=".."),
        act(admin, "fb_rename", data={"name": "../site-10/new"}, filename="picture.gif"),
        upload(admin, folder="../site-10"),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    assert sorted(storage.files) == before


def test_a_field_takes_a_file_of_the_site(storage):
    field = BlogPost._meta.get_field("featured_image").formfield()
    for bad in ("uploads/site-10/picture.gif", "../x.gif", "/etc/x.gif"):
        with pytest.raises(forms.ValidationError):
            field.clean(bad)
    post = BlogPost(featured_image=field.clean("uploads/site-1/picture.gif"))
    assert post.featured_image.url == "https://files.example/uploads/site-1/picture.gif"
    assert (post.featured_image.filetype, post.featured_image.size) == ("Image", 6)
    assert 'value="uploads/site-1/picture.gif"' in field.widget.render("f", post.featured_image)


def test_a_gallery_is_made_of_a_zip_file(storage, media_root):
    gallery = Gallery(title="Ours", slug="ours")
    gallery.zip_import = zip_of("a.gif")
    gallery.save()
    assert storage.exists(gallery.images.get().file.name)
