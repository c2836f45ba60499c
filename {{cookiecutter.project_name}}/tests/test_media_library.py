"""The media library: a permission for each act, bare names, and the uploads of one site alone."""

import re

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from filebrowser_safe import urls as filebrowser
from forms import fields_of
from media_library import ALL, GIF, act, every_act, upload

from staff.media_library import ACTS, guarded


def test_every_view_of_the_media_library_has_an_act():
    assert {pattern.name for pattern in filebrowser.urlpatterns} == set(ACTS)


def test_a_view_that_nobody_has_thought_of_is_refused(rf, browse):
    request = rf.post("/new/")
    request.user = get_user_model().objects.get(username="admin")
    request.site_id = 1
    answer = guarded(lambda request: pytest.fail("asked"), ACTS.get("fb_new"))(request)
    assert answer.status_code == 403


def test_staff_without_a_permission_do_nothing(staff, everything):
    before = everything()
    answers = every_act(staff())
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        ACTS, 403
    )
    assert everything() == before


@pytest.mark.parametrize("permission", ["view", "add", "change", "delete"])
def test_a_permission_is_for_one_act(staff, everything, permission):
    allowed = {name for name, act in ACTS.items() if act.permission == permission}
    answers = every_act(staff(f"staff.{permission}_mediafile"))
    assert {name for name, answer in answers.items() if answer.status_code != 403} == allowed


def test_staff_with_all_permissions_do_everything(staff, uploads):
    answers = every_act(staff(*ALL))
    assert [name for name, answer in answers.items() if answer.status_code >= 400] == []
    site = uploads / "site-1"
    assert {path.name for path in site.iterdir()} >= {"new.gif", "made"}
    assert not (site / "folder/inner.gif").exists()
    assert answers["fb_check"].content == b'{"file": "picture.gif"}'


def test_a_file_is_renamed(staff, uploads, monkeypatch):
    # Filebrowser-safe renames nothing where the path of all uploads has a dot in it.
    monkeypatch.setattr("filebrowser_safe.settings.MEDIA_ROOT", "")
    editor = staff(*ALL)
    act(editor, "fb_rename", data={"name": "renamed"}, filename="picture.gif")
    assert (uploads / "site-1/renamed.gif").read_bytes() == GIF
    assert not (uploads / "site-1/picture.gif").exists()
    assert "renamed.gif" in act(editor, "fb_browse", "get").content.decode()
    answer = act(editor, "fb_rename", data={"name": "new"}, filename="renamed.gif")
    assert answer.status_code < 400


def test_the_permissions_are_offered_for_users_and_groups(browse):
    for form in ("auth_user_change", "auth_group_add"):
        args = [get_user_model().objects.get(username="admin").pk] if "change" in form else []
        page = browse("admin").get(reverse(f"admin:{form}", args=args)).content.decode()
        for name in ("view", "add", "change", "delete"):
            assert f"Can {name} file of the media library" in page


def test_who_may_not_is_told_in_words(staff, uploads):
    answer = act(staff(), "fb_browse", "get").content.decode()
    assert "You may not see the media library. A superuser can change that." in answer
    assert upload(staff()).content.decode().startswith("You may not add files")


def test_staff_of_another_site_are_kept_out(staff, add_site, everything):
    two = add_site("two.example")
    before = everything()
    answers = every_act(staff(*ALL, sites=[two.pk]))
    assert {answer.status_code for answer in answers.values()} == {403}
    assert everything() == before


def test_each_site_has_its_own_uploads(staff, add_site, uploads):
    two = add_site("two.example")
    editor = staff(*ALL, sites=[1, two.pk], host="two.example")
    upload(editor, "of_two.gif")
    assert (uploads / f"site-{two.pk}/of_two.gif").exists()
    page = act(editor, "fb_browse", "get").content.decode()
    assert "of_two.gif" in page
    assert "picture.gif" not in page


@pytest.mark.parametrize("filetype", ["Folder", "Image", ""])
@pytest.mark.parametrize("directory", ["", "folder"])
def test_without_a_name_nothing_is_deleted(browse, everything, filetype, directory):
    admin, before = browse("admin"), everything()
    for query in ({"filename": ""}, {}):
        answer = act(admin, "fb_delete", dir=directory, filetype=filetype, **query)
        assert answer.status_code == 400
    assert everything() == before


def test_what_does_not_exist_is_said(browse, uploads):
    admin = browse("admin")
    for answer in (
        act(admin, "fb_delete", filename="nothing.gif", filetype="Image"),
        act(admin, "fb_rename", data={"name": "new"}, filename="nothing.gif"),
        upload(admin, folder="nowhere"),
    ):
        assert answer.status_code == 404
        assert re.search("no such folder|no file or folder", answer.content.decode())
    for name in ("fb_browse", "fb_mkdir", "fb_upload"):
        assert act(admin, name, "get", dir="nowhere").status_code == 302  # with a message
    assert act(admin, "fb_rename", "get").status_code == 302


@pytest.mark.parametrize("name", ["fb_delete", "fb_do_upload", "fb_check"])
def test_a_link_changes_nothing(browse, everything, name):
    before = everything()
    answer = act(browse("admin"), name, "get", filename="picture.gif", filetype="Image")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert everything() == before


@pytest.fixture
def browser(db):
    """A superuser's browser, whose forms need a token."""
    client = Client(HTTP_HOST="127.0.0.1:8000", enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.get(username="admin"))
    return client


def test_another_page_cannot_act_for_its_visitor(browser, everything):
    before = everything()
    for name in ("fb_do_upload", "fb_check", "fb_mkdir", "fb_rename", "fb_delete"):
        address = reverse(name, query={"filename": "picture.gif", "filetype": "Image"})
        data = {"folder": "", "Filedata": SimpleUploadedFile("new.gif", GIF), "name": "new"}
        answer = browser.post(address, data, HTTP_ORIGIN="https://evil.example")
        assert answer.status_code == 403, name
    assert everything() == before


def test_the_forms_of_the_media_library_have_a_token(browser, uploads):
    fields = fields_of(act(browser, "fb_upload", "get"), "#upload-form")
    fields.pop("Filedata")
    assert act(browser, "fb_check", data=fields | {"file": "x.gif"}).content == b"{}"
    assert upload(browser, **fields).status_code == 302
    assert (uploads / "site-1/new.gif").exists()
    page = BeautifulSoup(act(browser, "fb_browse", "get").content, "html.parser")
    form = page.select_one('form[action*="new.gif"]')
    browser.post(form["action"], {field["name"]: field["value"] for field in form("input")})
    assert not (uploads / "site-1/new.gif").exists()


def test_who_may_only_add_replaces_nothing(staff, uploads):
    picture = uploads / "site-1/picture.gif"
    adding = staff("staff.add_mediafile")
    assert upload(adding, "Picture.GIF", b"other").status_code == 403
    assert picture.read_bytes() == GIF
    assert upload(staff(*ALL), "Picture.GIF", b"other").status_code == 200
    assert picture.read_bytes() == b"other"


def test_before_a_file_is_replaced_its_user_is_asked(browse, uploads):
    answer = act(browse("admin"), "fb_check", data={"folder": "", "file": "PICTURE.gif"})
    assert answer.content == b'{"file": "picture.gif"}'


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("page.html", "of this type"),
        ("drawing.SVG", "of this type"),
        ("program.exe", "of this type"),
        ("folder", "There is a folder"),
        (".htaccess", "not the name"),
        ("é" * 120 + ".gif", "too long"),
    ],
)
def test_what_cannot_be_uploaded_is_said_now_and_on_the_next_page(browse, uploads, name, words):
    admin = browse("admin")
    answer = upload(admin, name)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert words in act(admin, "fb_browse", "get").content.decode()


def test_what_is_left_out_or_senseless_is_a_bad_request(browse, uploads):
    admin = browse("admin")
    answers = [
        act(admin, "fb_do_upload", data={"folder": ""}),
        act(admin, "fb_do_upload", data={"Filedata": SimpleUploadedFile("new.gif", GIF)}),
        act(admin, "fb_check", data={"file": "x"}),
        act(admin, "fb_browse", "get", o="delete"),
        act(admin, "fb_browse", "get", q="("),
        act(admin, "fb_mkdir", data={"dir_name": "x" * 300}),
        act(admin, "fb_rename", data={"name": "x" * 300}, filename="picture.gif"),
        act(admin, "fb_rename", data={"name": "picture"}, filename="picture.gif"),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)


@pytest.mark.parametrize("address", ["check_file/%0A", "delete/%0A", "mkdir/more/", "browse/%0A"])
def test_no_other_spelling_of_an_address_leads_past_the_permission(staff, everything, address):
    before = everything()
    answer = staff().post(f"/admin/media-library/{address}", {"folder": "", "file": "picture.gif"})
    assert answer.status_code in (403, 404)
    assert everything() == before
