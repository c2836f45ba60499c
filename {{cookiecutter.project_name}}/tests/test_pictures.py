"""Pictures of galleries, and what visitors sent, stay with the site that they are of."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from forms import fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.forms.models import Form, FormEntry
from mezzanine.galleries.models import Gallery
from mezzanine.utils.sites import override_current_site_id
from PIL import Image

from media_library.paths import is_of_site, root

pytestmark = pytest.mark.usefixtures("db", "in_english")
GALLERY = [
    f"galleries.{act}_{model}" for act in ("add", "change") for model in ("gallery", "galleryimage")
]


def zip_of(*names):
    """Return an upload: a zip file with a small GIF under each name."""
    picture, archive = BytesIO(), BytesIO()
    Image.new("P", (2, 2)).save(picture, "GIF")
    with ZipFile(archive, "w") as file:
        for name in names:
            file.writestr(name, picture.getvalue())
    return SimpleUploadedFile("pictures.zip", archive.getvalue())


@pytest.mark.parametrize("slug", ["site-10", "../site-10", "/tmp/site-10", "a/../../site-10"])
def test_a_zip_file_is_unpacked_into_the_uploads_of_its_site(slug, media_root):
    gallery = Gallery.objects.create(title="Ours", slug=slug, zip_import=zip_of("a.gif"))
    (image,) = gallery.images.all()
    assert image.file.name.startswith(root())
    assert (media_root / image.file.name).resolve().is_relative_to(media_root / root())


def test_what_is_a_picture_and_has_another_name_gets_one_of_a_picture():
    gallery = Gallery.objects.create(title="Odd", zip_import=zip_of("page.html", "b.GIF", ".gif"))
    names = {image.file.name.rpartition("/")[2] for image in gallery.images.all()}
    assert names == {"page.gif", "b.GIF", "picture.gif"}


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("uploads/site-1/a.png", True),
        ("uploads/shared/a.png", True),
        ("galleries/a.png", True),
        ("uploads/site-10/a.png", False),
        ("uploads/site-1/../site-10/a.png", False),
        ("/etc/passwd.png", False),
        ("../../a.png", False),
    ],
)
def test_a_picture_is_chosen_from_the_uploads_of_the_site(path, ours, settings):
    settings.MEDIA_LIBRARY_PER_SITE = True
    assert is_of_site(path) is ours


def test_a_field_opens_the_media_library_and_shows_what_was_chosen(browse):
    BlogPost.objects.update(featured_image="uploads/site-1/demo/lake.webp")
    post = BlogPost.objects.first()
    page = browse("admin").get(f"/admin/blog/blogpost/{post.pk}/change/")
    field = BeautifulSoup(page.content, "html.parser").select_one(".media-field")
    opened = [field[f"data-{name}"] for name in ("browse", "folder", "type")]
    assert opened == ["/admin/media-library/browse/", "blog", "Image"]
    assert field.input["value"] == "uploads/site-1/demo/lake.webp"
    assert browse("admin").get(field.img["src"]).status_code == 302
    assert post.featured_image.url == f"{settings.MEDIA_URL}uploads/site-1/demo/lake.webp"


def test_a_form_says_where_a_picture_has_to_be(staff):
    editor = staff("pages.add_page", *GALLERY)
    page = editor.get("/admin/galleries/gallery/add/")
    fields = fields_of(page, "#gallery_form")
    fields |= {"title": "Far", "images-TOTAL_FORMS": "1", "images-0-file": "/tmp/x/a.png"}
    answer = editor.post("/admin/galleries/gallery/add/", fields)
    assert "Choose a file of the media library of this site" in answer.content.decode()
    assert not Gallery.objects.filter(title="Far").exists()


def test_entries_of_another_site_cannot_be_deleted_by_way_of_a_form_of_ones_own(staff, sites):
    other = next(pk for pk in sites.values() if pk != 1)
    with override_current_site_id(other):
        theirs = Form.objects.create(title="Theirs").entries.create(entry_time="2026-01-01T00:00Z")
    own = Form.objects.create(title="Ours").entries.create(entry_time="2026-01-01T00:00Z")
    editor = staff("forms.view_formentry", "forms.delete_formentry", "forms.change_formentry")
    address = f"/admin/forms/form/{own.form_id}/entries/"
    send = {"delete": "1", "field_0_export": "on", "selected": [theirs.pk]}
    assert editor.post(address, send).status_code == 404
    assert FormEntry.objects.filter(pk=theirs.pk).exists()
    assert editor.post(address, send | {"selected": [own.pk]}).status_code == 200
