"""All that uses uploads, over storages that have no local paths, as S3 has none."""

from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils.translation import gettext as _
from media_acts import upload
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.forms import admin as forms_admin
from mezzanine.forms import fields, forms
from mezzanine.forms.models import FieldEntry, Form
from mezzanine.galleries.models import Gallery
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import override_current_site_id
from PIL import ExifTags, Image
from remote_storage import ADDRESS, Remote
from test_media_library_uploads import photograph
from test_pictures import zip_of

from media_library.bucket import BucketAway
from multisite.usage import Usages
from theme import look, pictures

PATH = "uploads/site-1/lake.jpg"
SENT = "forms/01234567-89ab-cdef-0123-456789abcdef/letter.pdf"


@pytest.fixture(autouse=True)
def disk(tmp_path, settings, db):
    """Where uploads and files of entries would be on a disk; nothing may be there at the end."""
    root = tmp_path / "disk"
    settings.MEDIA_ROOT, settings.MEDIA_URL = str(root), ADDRESS
    settings.MEDIA_LIBRARY_PER_SITE = True
    yield root
    assert not root.exists()


@pytest.fixture(autouse=True)
def storage(monkeypatch):
    remote = Remote()
    monkeypatch.setattr(default_storage, "_wrapped", remote)
    return remote


@pytest.fixture(autouse=True)
def private(monkeypatch):
    remote = Remote()
    for module in (forms, forms_admin):
        monkeypatch.setattr(module, "fs", remote)
    return remote


@pytest.fixture
def lake(browse):
    assert upload(browse("admin"), "Lake.jpg", photograph(2400, 1200)).json()["path"] == PATH
    return PATH


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser")


def names_in(addresses, storage):
    """Return the names of files at these addresses; each is a picture of the storage."""
    names = [address.removeprefix(ADDRESS) for address in addresses]
    for name in names:
        Image.open(BytesIO(storage.files[name])).load()
    return names


@pytest.mark.usefixtures("mezzanines_base")
def test_a_post_shows_its_picture_in_widths_and_is_shared_with_it(browse, lake, storage):
    post = BlogPost.objects.get()
    BlogPost.objects.update(featured_image=lake)
    shown = page(browse(), post.get_absolute_url())
    picture = shown.select_one("img.cover")
    assert (picture["width"], picture["height"]) == ("1920", "960")
    sources = [source.split() for source in picture["srcset"].split(", ")]
    assert [width for _address, width in sources] == ["480w", "960w", "1920w"]
    names = names_in([picture["src"], *(address for address, _width in sources)], storage)
    assert len(set(names)) == 4
    assert shown.select_one('meta[property="og:image"]')["content"] == picture["src"]
    names_in([picture["src"]], storage)


def test_a_page_with_pictures_opens_none_of_them_again(lake, storage):
    first = pictures.versions(lake)
    storage.opened.clear()
    assert pictures.versions(lake) == first
    assert storage.opened == []


def test_a_version_that_could_not_be_kept_is_made_the_next_time(lake, storage):
    first = pictures.versions(lake)
    gone = first["srcset"].split()[0].removeprefix(ADDRESS)
    storage.delete(gone)
    assert pictures.versions(lake) == first
    assert storage.exists(gone)


@pytest.mark.usefixtures("mezzanines_base")
def test_a_picture_in_a_text_and_one_in_a_list_of_the_admin_are_made_smaller(browse, lake, storage):
    content = f'<img src="{ADDRESS}{lake}" width="200" height="100">'
    text = RichTextPage.objects.create(title="Text", slug="text", content=content)
    gallery = Gallery.objects.create(title="Ours", slug="ours", zip_import=zip_of("a.gif"))
    BlogPost.objects.update(featured_image=lake)
    small = page(browse(), text.get_absolute_url()).select_one("#main img[width='200']")["src"]
    listed = page(browse("admin"), reverse("admin:blog_blogpost_changelist"))
    shown = page(browse(), gallery.get_absolute_url())
    thumbs = listed.select(f"#result_list img[src^='{ADDRESS}']")
    assert len(thumbs) == 1
    names_in([small, thumbs[0]["src"]], storage)
    names_in([shown.select_one(".gallery img")["src"]], storage)


def test_copies_of_a_photograph_do_not_tell_where_it_was_taken(storage):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ada"
    for kind in ("JPEG", "PNG", "WEBP"):
        name = f"photo.{kind.lower()}"
        default_storage.save(name, ContentFile(photograph(kind=kind, exif=exif.tobytes())))
        pictures.versions(name)
    copies = [storage.files[name] for name in storage.files if ".thumbnails" in name]
    assert len(copies) == 3 * 4
    assert [copy for copy in copies if Image.open(BytesIO(copy)).getexif()] == []


def test_what_is_deleted_in_the_library_takes_all_its_versions_with_it(browse, lake, storage):
    pictures.versions(lake)
    browse("admin").post(reverse("fb_delete", query={"filename": "lake.jpg"}))
    assert storage.files == {}


@pytest.mark.usefixtures("mezzanines_base")
def test_icons_logos_and_fonts_of_a_site_have_the_address_of_the_storage(browse, lake):
    for name in ("LOOK_ICON", "LOOK_LOGO", "LOOK_FONT_FILE", "LOOK_SHARE_PICTURE"):
        Setting.objects.create(name=name, value=lake, site_id=1)
    shown = page(browse(), "/about/")
    assert shown.select_one('link[rel="icon"]')["href"] == ADDRESS + lake
    assert shown.select_one("img.logo")["src"].startswith(ADDRESS)
    assert shown.select_one('meta[property="og:image"]')["content"].startswith(ADDRESS)
    assert f'url("{ADDRESS}{lake}")' in look.of_site()


def test_a_file_that_came_by_a_form_is_stored_downloaded_and_deleted(
    browse, private, django_capture_on_commit_callbacks
):
    form = Form.objects.get(slug="contact")
    form.fields.all().delete()
    field = form.fields.create(label="Letter", field_type=fields.FILE)
    letter = SimpleUploadedFile("Letter.pdf", b"%PDF-1.4")
    answer = browse().post(form.get_absolute_url(), {f"field_{field.pk}": letter, "referrer": ""})
    assert answer.status_code == 302
    assert list(private.files.values()) == [b"%PDF-1.4"]
    stored = FieldEntry.objects.get()
    answer = browse("admin").get(reverse("admin:form_file", args=[stored.pk]))
    assert b"".join(answer.streaming_content) == b"%PDF-1.4"
    assert "Letter.pdf" in answer["Content-Disposition"]
    with django_capture_on_commit_callbacks(execute=True):
        stored.entry.delete()
    assert private.files == {}


def away(name):
    raise BucketAway("no answer")


def test_an_entry_stays_while_its_file_cannot_be_deleted(
    browse, private, monkeypatch, django_capture_on_commit_callbacks
):
    form = Form.objects.get(slug="contact")
    field = form.fields.create(label="Letter", field_type=fields.FILE)
    private.files[SENT] = b"%PDF-1.4"
    entry = form.entries.create(entry_time="2026-01-01T00:00Z")
    entry.fields.create(field_id=field.pk, value=SENT)
    entry.fields.create(field_id=form.fields.first().pk, value="ann@example.com")
    browser, entries = browse("admin"), reverse("admin:form_entries", args=[form.pk])
    deleted = {"delete": "1", "selected": entry.pk}
    views = "admin:forms_form_delete", "admin:pages_page_delete"
    pages = [(reverse(view, args=[form.pk]), {"post": "yes"}) for view in views]
    with monkeypatch.context() as bucket, django_capture_on_commit_callbacks(execute=True):
        bucket.setattr(private, "exists", away)
        for address, data in ((entries, deleted), *pages):
            answer = browser.post(address, data, follow=True)
            assert str(_("The files cannot be reached just now; try again later.")) in answer.text
        with pytest.raises(CommandError):
            call_command("deletevisitor", "ann@example.com", "--noinput", verbosity=0)
    assert entry in form.entries.all()
    assert entry.fields.count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(entries, deleted)
    assert private.files == {}
    assert not form.entries.exists()


def test_a_site_goes_with_its_files_and_comes_back(sites, storage, private, tmp_path):
    other = sites["two.example"]
    files = {f"uploads/site-{other}/lake.gif": b"GIF89a", f"uploads/site-{other}/a/b.gif": b"b"}
    for name, content in {**files, "uploads/site-1/ours.gif": b"ours"}.items():
        default_storage.save(name, ContentFile(content))
    private.save(SENT, ContentFile(b"letter"))
    with override_current_site_id(other):
        entry = Form.objects.create(title="Form").entries.create(entry_time="2026-01-01T00:00Z")
        field = entry.form.fields.create(label="Letter", field_type=fields.FILE)
        entry.fields.create(field_id=field.pk, value=SENT)
    assert Usages().of(other).bytes == 7
    file = str(tmp_path / "site.zip")
    call_command("removesite", "two.example", export=file, verbosity=0)
    assert storage.files == {"uploads/site-1/ours.gif": b"ours"}
    private.files[SENT] = b"another"
    call_command("importsite", file, verbosity=0)
    assert sorted(storage.files.values()) == [b"GIF89a", b"b", b"ours"]
    assert private.files.pop(SENT) == b"another"
    (new,) = private.files
    assert private.files[new] == b"letter"
    assert FieldEntry.objects.get(value=new)
