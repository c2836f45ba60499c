"""The media library: a permission for each act, and the uploads of one site alone."""

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from forms import fields_of
from media_acts import ALL, GIF, act, every_act, upload
from users_of_admin import admin_of_users

from media_library.urls import urlpatterns

pytestmark = pytest.mark.usefixtures("in_english")
ACTS = {pattern.name: pattern.callback.act for pattern in urlpatterns}


def test_each_view_of_the_media_library_is_tried_here(staff, uploads):
    assert set(every_act(staff())) == set(ACTS)


def test_staff_without_a_permission_do_nothing(staff, everything):
    before = everything()
    answers = every_act(staff())
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        ACTS, 403
    )
    assert everything() == before


@pytest.mark.parametrize("permission", ["view", "add", "change", "delete"])
def test_a_permission_is_for_one_act(staff, everything, permission):
    allowed = {name for name, act in ACTS.items() if act == permission}
    answers = every_act(staff(f"staff.{permission}_mediafile"))
    assert {name for name, answer in answers.items() if answer.status_code != 403} == allowed


def test_staff_with_all_permissions_do_everything(staff, uploads):
    answers = every_act(staff(*ALL))
    assert [name for name, answer in answers.items() if answer.status_code >= 400] == []
    site = uploads / "site-1"
    assert {path.name for path in site.iterdir()} >= {"new.gif", "made"}
    assert not (site / "folder/inner.gif").exists()


def test_a_file_is_renamed(staff, uploads):
    editor = staff(*ALL)
    act(editor, "fb_rename", data={"name": "renamed"}, filename="picture.gif")
    assert (uploads / "site-1/renamed.gif").read_bytes() == GIF
    assert not (uploads / "site-1/picture.gif").exists()
    assert "renamed.gif" in act(editor, "fb_browse", "get").content.decode()
    answer = act(editor, "fb_rename", data={"name": "new"}, filename="renamed.gif")
    assert answer.status_code < 400


def test_the_permissions_are_offered_for_users_and_groups(browse):
    admin = get_user_model().objects.get(username="admin")
    for form in (admin_of_users("change", admin.pk), reverse("admin:auth_group_add")):
        page = browse("admin").get(form).content.decode()
        for name in ("view", "add", "change", "delete"):
            assert f"Can {name} file of the media library" in page


def test_who_may_not_is_told_in_words(staff, uploads):
    answer = act(staff(), "fb_browse", "get").content.decode()
    assert "You may not see the media library. A superuser can change that." in answer
    assert upload(staff()).json()["error"].startswith("You may not add files")
    page = staff().get(reverse("fb_browse"), headers={"accept": "text/html"})
    assert "You may not see the media library." in page.content.decode()
    assert page["Content-Type"].startswith("text/html")


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


@pytest.mark.parametrize("directory", ["", "folder"])
def test_without_a_name_nothing_is_deleted(browse, everything, directory):
    admin, before = browse("admin"), everything()
    for query in ({"filename": ""}, {}):
        answer = act(admin, "fb_delete", dir=directory, **query)
        assert answer.status_code == 400
    assert everything() == before


def test_what_does_not_exist_is_said(browse, uploads):
    admin = browse("admin")
    for answer in (
        act(admin, "fb_delete", filename="nothing.gif"),
        act(admin, "fb_rename", data={"name": "new"}, filename="nothing.gif"),
        act(admin, "fb_file", "get", filename="nothing.gif"),
        act(admin, "fb_mkdir", data={"name": "new"}, dir="nowhere"),
        upload(admin, folder="nowhere"),
    ):
        assert answer.status_code == 404
        assert "There is no" in answer.json()["error"]
    assert act(admin, "fb_browse", "get", dir="nowhere").status_code == 302
    assert "no such folder: nowhere" in act(admin, "fb_browse", "get").content.decode()


@pytest.mark.parametrize("name", ["fb_delete", "fb_do_upload", "fb_mkdir", "fb_rename"])
def test_a_link_changes_nothing(browse, everything, name):
    before = everything()
    answer = act(browse("admin"), name, "get", filename="picture.gif")
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
    for name in ("fb_do_upload", "fb_mkdir", "fb_rename", "fb_delete"):
        address = reverse(name, query={"filename": "picture.gif"})
        data = {"folder": "", "Filedata": SimpleUploadedFile("new.gif", GIF), "name": "new"}
        answer = browser.post(address, data, HTTP_ORIGIN="https://evil.example")
        assert answer.status_code == 403, name
    assert everything() == before


def test_the_forms_of_the_media_library_have_a_token(browser, uploads):
    fields = fields_of(act(browser, "fb_browse", "get"), "#media-upload")
    fields["Filedata"] = SimpleUploadedFile("new.gif", GIF)
    browser.post(reverse("fb_do_upload"), fields)
    assert (uploads / "site-1/new.gif").exists()
    page = act(browser, "fb_file", "get", filename="new.gif")
    act(browser, "fb_delete", data=fields_of(page, "form[action*=delete]"), filename="new.gif")
    assert not (uploads / "site-1/new.gif").exists()
    fields = fields_of(act(browser, "fb_browse", "get"), "form[action*=mkdir]")
    act(browser, "fb_mkdir", data=fields | {"name": "made"})
    assert (uploads / "site-1/made").is_dir()


def test_who_may_only_add_replaces_nothing(staff, uploads):
    picture = uploads / "site-1/picture.gif"
    adding = staff("staff.add_mediafile")
    assert upload(adding, "Picture.GIF", b"other", replace="1").status_code == 403
    assert upload(adding, "Picture.GIF", b"other").json()["name"] != "picture.gif"
    assert picture.read_bytes() == GIF


def test_what_is_left_out_or_senseless_is_a_bad_request(browse, uploads):
    admin = browse("admin")
    answers = [
        act(admin, "fb_do_upload", data={"folder": ""}),
        act(admin, "fb_mkdir", data={}),
        act(admin, "fb_mkdir", data={"name": "folder"}),
        act(admin, "fb_rename", filename="picture.gif"),
        act(admin, "fb_rename", data={"name": "picture"}, filename="picture.gif"),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)


@pytest.mark.parametrize("address", ["file/%0A", "delete/%0A", "mkdir/more/", "browse/%0A"])
def test_no_other_spelling_of_an_address_leads_past_the_permission(staff, everything, address):
    before = everything()
    answer = staff().post(f"/admin/media-library/{address}", {"folder": "", "file": "picture.gif"})
    assert answer.status_code in (403, 404)
    assert everything() == before
