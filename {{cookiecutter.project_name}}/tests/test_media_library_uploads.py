"""What the media library takes: names, types and sizes, and what becomes of them."""

import re
from io import BytesIO

import pytest
from django.conf import settings as project_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from media_acts import ALL, GIF, act, upload
from PIL import Image

from media_library.paths import LONGEST

pytestmark = pytest.mark.usefixtures("in_english")
TAKEN = "jpg jpeg png gif webp avif tif pdf docx xlsx pptx odt ods csv txt zip mp4 webm mp3 woff2"


def photograph(width=1200, height=800, kind="JPEG", **options):
    """Return the bytes of a picture that is red at its top left."""
    picture, target = Image.new("RGB", (width, height), "blue"), BytesIO()
    picture.paste("red", (0, 0, width // 2, height // 2))
    picture.save(target, kind, **options)
    return target.getvalue()


def stored(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Über Größe.JPG", "über_größe.jpg"),
        ("U\u0308ber.jpg", "über.jpg"),  # as a Mac sends it
        ("🎉 party.png", "🎉_party.png"),
        ("写真.webp", "写真.webp"),
        ("صورة.gif", "صورة.gif"),
        ("a  b.pdf", "a_b.pdf"),
        ("100% #1?.png", "100_1.png"),
        ("..hidden.gif", "hidden.gif"),
        ("../../site-10/evil.gif", "evil.gif"),
        ("C:\\fakepath\\photo.gif", "photo.gif"),
        ("???.gif", "file.gif"),
        ("<img src=x onerror=alert(1)>.gif", "img_src=x_onerror=alert(1).gif"),
        ("photo\u202egpj.gif", "photogpj.gif"),
        ("two.dots.tar.gz", "two.dots.tar.gz"),
    ],
)
def test_an_upload_gets_a_name_that_does_for_an_address(browse, uploads, name, called):
    admin = browse("admin")
    answer = stored(upload(admin, name))
    assert answer["name"] == called
    assert answer["path"] == f"uploads/site-1/{called}"
    assert (uploads / "site-1" / called).read_bytes() == GIF
    assert called in act(admin, "fb_browse", "get").content.decode()
    page = act(admin, "fb_file", "get", filename=called).content.decode()
    assert answer["url"] in page
    act(admin, "fb_rename", data={"name": "plain"}, filename=called)
    assert not (uploads / "site-1" / called).exists()
    assert len([*uploads.glob("site-1/plain.*")]) == 1


@pytest.mark.parametrize("stem", ["x" * 240, "é" * 120, "写" * 80])
def test_a_name_that_is_too_long_loses_its_end(browse, uploads, stem):
    answer = stored(upload(browse("admin"), f"{stem}.gif"))
    assert answer["name"].startswith(stem[:40])
    assert answer["name"].endswith(".gif")
    assert len(answer["name"].encode()) <= LONGEST
    assert (uploads / "site-1" / answer["name"]).exists()


@pytest.mark.parametrize("suffix", TAKEN.split())
def test_the_types_of_today_are_taken(browse, uploads, suffix):
    answer = stored(upload(browse("admin"), f"file.{suffix}"))
    assert answer["type"] in project_settings.FILEBROWSER_EXTENSIONS


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("page.html", "of this type"),
        ("page.XHTML", "of this type"),
        ("drawing.SVG", "of this type"),
        ("script.js", "of this type"),
        ("style.css", "of this type"),
        ("program.exe", "of this type"),
        ("picture.gif.php", "of this type"),
        ("README", "of this type"),
        (".htaccess", "of this type"),
    ],
)
def test_what_would_run_as_part_of_the_site_is_refused_in_words(browse, everything, name, words):
    before = everything()
    answer = upload(browse("admin"), name)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert everything() == before


def test_a_picture_that_pillow_cannot_read_is_refused_in_words(browse, monkeypatch, uploads):
    suffixes = Image.registered_extensions()
    without = {suffix: kind for suffix, kind in suffixes.items() if suffix != ".heic"}
    monkeypatch.setattr("PIL.Image.registered_extensions", lambda: without)
    admin = browse("admin")
    answer = upload(admin, "IMG_0001.HEIC")
    assert answer.status_code == 400
    assert "save it as JPEG or PNG: img_0001.heic" in answer.json()["error"]
    page = act(admin, "fb_browse", "get").content.decode()
    accept = re.search('accept="(.*?)" multiple', page)[1].split(",")
    assert ".jpg" in accept
    assert not {".heic", ".svg", ".html", ".js", ""} & {*accept}
    monkeypatch.setattr("PIL.Image.registered_extensions", lambda: suffixes | {".heic": "HEIF"})
    assert stored(upload(admin, "IMG_0001.HEIC"))["type"] == "Image"


def test_one_limit_holds_everywhere_and_is_said_before(browse, uploads, monkeypatch):
    monkeypatch.setattr("media_library.settings.MAX_UPLOAD_SIZE", 3 * 1024 * 1024)
    admin = browse("admin")
    stored(upload(admin, "right.gif", b"x" * 3 * 1024 * 1024))
    answer = upload(admin, "large.gif", b"x" * (3 * 1024 * 1024 + 1))
    limit = filesizeformat(3 * 1024 * 1024)
    assert answer.status_code == 413
    assert answer.json()["error"] == f"large.gif is larger than {limit}."
    assert not (uploads / "site-1/large.gif").exists()
    page = act(admin, "fb_browse", "get").content.decode()
    assert limit in page
    assert f'data-limit="{3 * 1024 * 1024}"' in page


def test_nginx_lets_through_what_the_media_library_takes():
    template = project_settings.BASE_DIR / "deploy/nginx.conf.template"
    sizes = re.findall(r"client_max_body_size (\d+)m;", template.read_text("utf-8"))
    room_for_the_form = 64 * 1024
    limit = project_settings.FILEBROWSER_MAX_UPLOAD_SIZE + room_for_the_form
    assert sizes
    assert max(map(int, sizes)) * 1024 * 1024 >= limit


def test_a_photograph_of_20_megabytes_is_taken(browse, uploads):
    photo = photograph() + b"\0" * 20_000_000
    answer = stored(upload(browse("admin"), "IMG_1234.JPG", photo))
    assert (uploads / "site-1" / answer["name"]).stat().st_size == len(photo)


def test_a_file_of_the_same_name_is_replaced_only_where_it_is_asked(staff, uploads):
    editor, picture = staff(*ALL), uploads / "site-1/picture.gif"
    act(editor, "fb_thumbnail", "get", path="uploads/site-1/picture.gif")
    other = stored(upload(editor, "Picture.GIF", b"other"))
    assert other["name"] != "picture.gif"
    assert picture.read_bytes() == GIF
    assert stored(upload(editor, "Picture.GIF", b"other", replace="1"))["name"] == "picture.gif"
    assert picture.read_bytes() == b"other"


def test_what_is_replaced_or_deleted_takes_its_thumbnail_along(browse, uploads):
    admin = browse("admin")
    thumbnails = uploads / "site-1/.thumbnails/photo.jpg"
    for change in (
        lambda: upload(admin, "photo.jpg", photograph(), replace="1"),
        lambda: act(admin, "fb_rename", data={"name": "other"}, filename="photo.jpg"),
        lambda: act(admin, "fb_delete", filename="photo.jpg"),
    ):
        upload(admin, "photo.jpg", photograph(), replace="1")
        act(admin, "fb_thumbnail", "get", path="uploads/site-1/photo.jpg")
        assert [*thumbnails.iterdir()]
        change()
        assert not thumbnails.exists()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF"])
def test_the_grid_shows_small_pictures(browse, uploads, kind):
    path = f"uploads/site-1/photo.{kind.lower()}"
    (uploads.parent / path).write_bytes(photograph(kind=kind))
    answer = act(browse("admin"), "fb_thumbnail", "get", path=path)
    with Image.open(
        uploads.parent / answer["Location"].removeprefix(project_settings.MEDIA_URL)
    ) as small:
        assert (small.format, small.size) == ("WEBP", (360, 240))


def test_a_photograph_that_was_taken_upright_is_shown_upright(browse, uploads):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    path = uploads / "site-1/upright.jpg"
    path.write_bytes(photograph(exif=exif))
    answer = act(browse("admin"), "fb_thumbnail", "get", path="uploads/site-1/upright.jpg")
    with Image.open(
        uploads.parent / answer["Location"].removeprefix(project_settings.MEDIA_URL)
    ) as small:
        assert small.size == (240, 360)
        red, _, blue = small.convert("RGB").getpixel((230, 10))
        assert red > 200 > 50 > blue


def test_what_is_no_picture_is_shown_as_it_is(browse, uploads):
    answer = act(browse("admin"), "fb_thumbnail", "get", path="uploads/site-1/picture.gif")
    assert answer["Location"] == f"{project_settings.MEDIA_URL}uploads/site-1/picture.gif"


def test_files_are_found_in_folders_below_and_sorted(browse, uploads):
    admin = browse("admin")
    upload(admin, "aaa.gif")
    upload(admin, "zzz.gif", folder="folder")
    shown = re.compile("<bdi>(.*?)</bdi>")
    page = act(admin, "fb_browse", "get", q="ZZ").content.decode()
    assert shown.findall(page) == ["zzz.gif"]
    assert "<small>folder</small>" in page
    (uploads / "site-1/aaa.gif").touch()
    page = act(admin, "fb_browse", "get").content.decode()
    assert shown.findall(page) == ["folder", "aaa.gif", "picture.gif"]
    page = act(admin, "fb_browse", "get", q="(").content.decode()
    assert "No name here has" in page


def test_a_form_is_offered_what_it_may_choose(browse, uploads):
    admin = browse("admin")
    upload(admin, "text.pdf")
    for type, offered in (("Image", ["picture.gif"]), ("Document", ["text.pdf"]), ("Font", [])):
        page = act(admin, "fb_browse", "get", _popup="1", type=type).content.decode()
        assert re.findall('data-name="(.*?)"', page) == offered
    query = {"_popup": "1", "type": "Image", "dir": "blog"}  # which nobody has made
    assert act(admin, "fb_browse", "get", **query)["Location"] == reverse(
        "fb_browse", query={"_popup": "1", "type": "Image"}
    )


def test_without_a_script_several_files_are_sent_at_once(browse, uploads):
    admin = browse("admin")
    files = [SimpleUploadedFile(name, GIF) for name in ("one.gif", "two.gif")]
    page = {"accept": "text/html,*/*;q=0.8"}
    data = {"folder": "folder", "Filedata": files}
    answer = admin.post(reverse("fb_do_upload"), data, headers=page)
    assert answer["Location"] == reverse("fb_browse", query={"dir": "folder"})
    assert {path.name for path in (uploads / "site-1/folder").iterdir()} >= {"one.gif", "two.gif"}
    assert "one.gif is in the media library" in admin.get(answer["Location"]).text.lower()
    refused = admin.post(reverse("fb_do_upload"), {"folder": ""}, headers=page)
    assert "Choose a file to upload." in refused.content.decode()
