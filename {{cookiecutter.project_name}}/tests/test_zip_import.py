"""Zip files for galleries, as several systems write them."""

import zlib
from io import BytesIO
from zipfile import ZipFile, ZipInfo

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from forms import fields_of
from mezzanine.galleries.models import Gallery
from PIL import Image
from translated_texts import filled

from staff import zip_import

pytestmark = pytest.mark.usefixtures("in_english")

DOS, UNIX = 0, 3
ADD = "/admin/galleries/gallery/add/"


def gif():
    out = BytesIO()
    Image.new("P", (2, 2)).save(out, "GIF")
    return out.getvalue()


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    """There are no others, whose names would be taken."""
    settings.MEDIA_ROOT = tmp_path


class Raw(ZipInfo):
    """A member whose name is written as these bytes, without the flag for UTF-8."""

    def __init__(self, name, system):
        super().__init__(name.decode("latin-1"))
        self.raw, self.create_system = name, system

    def _encodeFilenameFlags(self):
        return self.raw, self.flag_bits & ~zip_import.UTF_8


def archive(*members):
    """Return an upload: a zip file with a picture under each name, a str or a ZipInfo."""
    out = BytesIO()
    with ZipFile(out, "w") as file:
        for member in members:
            file.writestr(member, gif())
    return SimpleUploadedFile("pictures.zip", out.getvalue())


def names(upload):
    """Return the names of the pictures in a gallery that is made of the zip file."""
    gallery = Gallery.objects.create(title="New", zip_import=upload)
    assert not gallery.zip_import
    return [image.file.name.rpartition("/")[2] for image in gallery.images.all()]


NAME = "Straße nach Köln.gif"


@pytest.mark.parametrize(
    "member",
    [
        NAME,  # flagged, as today's programs do
        Raw(NAME.encode(), UNIX),  # macOS
        Raw("Straße nach Ko\u0308ln.gif".encode(), UNIX),  # macOS, the dots apart
        Raw(NAME.encode("cp850"), DOS),  # Windows
        Raw(NAME.encode("cp437"), DOS),
        Raw(NAME.encode("cp1252"), UNIX),  # old tools of Linux
    ],
    ids=["flag", "mac", "mac decomposed", "cp850", "cp437", "cp1252"],
)
def test_names_are_those_that_the_system_wrote(db, member):
    assert names(archive(member)) == [NAME]


def test_the_name_in_utf_8_of_info_zip_is_taken(db):
    raw = "Łódź.gif".encode("cp852")
    value = b"\x01" + zlib.crc32(raw).to_bytes(4, "little") + "Łódź.gif".encode()
    member = Raw(raw, DOS)
    member.extra = b"\x75\x70" + len(value).to_bytes(2, "little") + value
    assert names(archive(member)) == ["Łódź.gif"]


def test_folders_are_walked_and_what_is_no_picture_is_left_out(db):
    out = BytesIO()
    with ZipFile(out, "w") as file:
        file.mkdir("holiday")
        file.writestr("holiday/a.gif", gif())
        file.writestr("holiday\\b.gif", gif())
        file.writestr("../../c.gif", gif())
        file.writestr("__MACOSX/holiday/._a.gif", gif())
        file.writestr("holiday/._d.gif", gif())
        file.writestr("holiday/Thumbs.db", b"x")
        file.writestr("e.gif", b"<html>")
    assert names(SimpleUploadedFile("x.zip", out.getvalue())) == ["a.gif", "b.gif", "c.gif"]


def test_pictures_of_one_name_are_described_by_it(db):
    out = BytesIO()
    with ZipFile(out, "w") as file:
        for folder in ("one", "two"):
            file.writestr(f"{folder}/it's_a-lake.gif", gif())
    upload = SimpleUploadedFile("x.zip", out.getvalue())
    gallery = Gallery.objects.create(title="Trip", zip_import=upload)
    assert [image.description for image in gallery.images.all()] == ["Its A Lake", "Its A Lake"]


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("What? 50% #1.gif", "What 50 1.gif"),
        ("%2e.gif", "2e.gif"),
        ("?.gif", "picture.gif"),
        ('it\'s "so" & <so>.gif', "its so  so.gif"),
    ],
)
def test_a_name_can_be_an_address(db, name, stored):
    assert names(archive(name)) == [stored]


def test_a_long_name_is_cut(db):
    (name,) = names(archive("ü" * 120 + ".gif"))
    assert name.startswith("üüü")
    assert name.endswith(".gif")


def locked():
    """Return a zip file whose member says that it has a password."""
    data = bytearray(archive("a.gif").read())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GIF89a", "This is not a zip file."),
        (archive("a.gif").read()[:60], "This is not a zip file."),
        (locked(), "This zip file has a password."),
    ],
    ids=["another file", "half a file", "a password"],
)
def test_what_cannot_be_unpacked_is_told_at_the_field(browse, data, words):
    admin = browse("admin")
    sent = fields_of(admin.get(ADD), "#gallery_form") | {"title": "Odd", "content": "x"}
    sent["zip_import"] = SimpleUploadedFile("x.zip", data)
    answer = admin.post(ADD, sent)
    assert answer.status_code == 200
    assert words in BeautifulSoup(answer.content, "html.parser").text
    assert not Gallery.objects.filter(title="Odd").exists()


def test_a_zip_file_of_the_admin_becomes_pictures(browse):
    admin = browse("admin")
    sent = filled(fields_of(admin.get(ADD), "#gallery_form"), title="Even", content="x")
    sent["zip_import"] = archive("a.gif", "b.gif")
    assert admin.post(ADD, sent).status_code == 302
    assert Gallery.objects.get(title="Even").images.count() == 2


def test_what_is_no_picture_is_named(browse):
    out = BytesIO()
    with ZipFile(out, "w") as file:
        file.writestr("a.gif", gif())
        for name in ("Thumbs.db", ".DS_Store", "__MACOSX/._a.gif", "folder/desktop.ini"):
            file.writestr(name, b"x")
        for number in range(7):
            file.writestr(f"folder/letter {number}{'x' * 99}.pdf", b"x")
    admin = browse("admin")
    sent = filled(fields_of(admin.get(ADD), "#gallery_form"), title="Mixed", content="x")
    sent["zip_import"] = SimpleUploadedFile("x.zip", out.getvalue())
    page = admin.post(ADD, sent, follow=True)
    (told,) = [str(each) for each in page.context["messages"] if each.level_tag == "warning"]
    assert "cannot be read as pictures: letter 0xx" in told
    assert told.endswith(" and 2 more")
    assert len(told) < 400
    assert "Thumbs" not in told


def test_more_than_a_disk_holds_is_refused(browse, monkeypatch):
    monkeypatch.setattr(zip_import, "MOST", 10)
    admin = browse("admin")
    sent = filled(fields_of(admin.get(ADD), "#gallery_form"), title="Large", content="x")
    sent["zip_import"] = archive("a.gif")
    assert "is too large" in admin.post(ADD, sent).text
