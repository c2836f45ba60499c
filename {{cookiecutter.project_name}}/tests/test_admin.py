"""The admin, as the superuser and as those who must stay outside."""

import json

import pytest
from django.contrib import admin
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from forms import IN_PLACE, fields_of
from mezzanine.pages.models import Page, RichTextPage

PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


@pytest.fixture
def superuser(browse):
    return browse("admin")


def admin_pages():
    """Return the addresses of all lists and forms that the admin has for its models."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_add")
        if found := model._default_manager.first():
            for view in ("change", "history", "delete"):
                yield reverse(f"{name}_{view}", args=[found.pk])


def test_every_list_and_form_opens(superuser):
    statuses = {path: superuser.get(path, follow=True).status_code for path in admin_pages()}
    # What is only changed, never added by hand, such as settings.
    assert {path for path, status in statuses.items() if status != 200} <= {
        path for path, status in statuses.items() if status == 403 and path.endswith("/add/")
    }
    assert len(statuses) > 30


@pytest.mark.parametrize("user", [None, "admin"])
def test_the_admin_says_which_environment_it_is(browse, settings, user):
    path = reverse("admin:index" if user else "admin:login")
    label = '<p class="environment">'
    for environment in ("production", "development"):
        settings.ENVIRONMENT = environment
        assert label not in browse(user).get(path).content.decode()
    settings.ENVIRONMENT = "staging"
    assert f"{label}staging</p>" in browse(user).get(path).content.decode()


@pytest.mark.parametrize("user", [None, "member"])
def test_the_admin_is_closed_to_others(browse, user):
    visitor = browse(user)
    for path in admin_pages():
        assert visitor.get(path).status_code == 302, path


def test_its_foot_says_to_staff_which_revisions_run(superuser, browse, settings, tmp_path):
    settings.BASE_DIR = tmp_path / "project"
    settings.BASE_DIR.mkdir()
    assert '<p class="revisions">' in superuser.get("/admin/").text
    (tmp_path / "REVISION").write_text("0123456789abcdef\n")
    (settings.BASE_DIR / ".cruft.json").write_text('{"commit": "fedcba9876543210"}')
    foot = superuser.get("/admin/").text.partition('<p class="revisions">')[2].partition("</p>")[0]
    assert foot.split() == ["Revision", "01234567", "Template", "fedcba98"]
    assert "fedcba98" not in browse(None).get("/admin/login/").text
    for damaged in ("<<<<<<< ours", "[]", '{"commit": null}', "\xff"):
        (settings.BASE_DIR / ".cruft.json").write_text(damaged, "latin-1")
        assert superuser.get("/admin/").status_code == 200


@pytest.mark.usefixtures("mezzanines_defaults", "mezzanines_base")
def test_the_title_of_the_site_is_changed_in_the_admin(superuser, browse):
    settings = reverse("admin:conf_setting_changelist")
    fields = fields_of(superuser.get(settings), "#settings-form") | {"SITE_TITLE": "Another title"}
    superuser.post(settings, fields)
    assert "<title>About | Another title</title>" in browse().get("/about/").content.decode()


def test_a_page_is_written_and_shown(superuser, browse):
    add = reverse("admin:pages_richtextpage_add")
    fields = fields_of(superuser.get(add), "#richtextpage_form")
    superuser.post(add, fields | {"title": "A new page", "content": "<p>Fresh content</p>"})
    page = RichTextPage.objects.get(title="A new page")
    assert "Fresh content" in browse().get(page.get_absolute_url()).content.decode()


def test_pages_are_reordered_in_the_tree(superuser):
    team, history = Page.objects.get(slug="about/team"), Page.objects.get(slug="about/history")
    superuser.post(
        reverse("admin_page_ordering"),
        {"id": history.id, "parent_id": history.parent_id, "siblings[]": [history.id, team.id]},
    )
    children = Page.objects.filter(parent__slug="about").order_by("_order")
    assert [page.slug for page in children] == ["about/history", "about/team"]


def test_a_picture_is_uploaded_to_the_media_library(superuser):
    upload = SimpleUploadedFile("pixel.gif", PIXEL, "image/gif")
    response = superuser.post(reverse("fb_do_upload"), {"folder": "", "Filedata": upload})
    assert response.status_code == 200
    assert default_storage.open("uploads/site-1/pixel.gif").read() == PIXEL
    assert "pixel.gif" in superuser.get(reverse("fb_browse")).content.decode()


@pytest.mark.parametrize("user", [None, "member"])
def test_the_media_library_is_closed_to_others(browse, user):
    visitor = browse(user)
    for name in ("fb_browse", "fb_file", "fb_thumbnail", "fb_do_upload", "fb_mkdir"):
        response = visitor.post(reverse(name), {"folder": "", "name": "pixel.gif"})
        assert response.status_code == 302, name


def test_the_superuser_edits_a_page_in_place(superuser, browse):
    fields = fields_of(superuser.get("/about/"), IN_PLACE)
    superuser.post(reverse("edit"), fields | {"content": "<p>Edited in place</p>"})
    assert "Edited in place" in browse().get("/about/").content.decode()


def test_a_member_edits_nothing_in_place(superuser, browse):
    fields = fields_of(superuser.get("/about/"), IN_PLACE)
    browse("member").post(reverse("edit"), fields | {"content": "<p>Edited in place</p>"})
    assert "Edited in place" not in browse().get("/about/").content.decode()


def test_links_to_pages_are_offered_to_the_editor(superuser):
    offered = json.loads(superuser.get(reverse("displayable_links_js")).content)
    assert "/about/" in [link["value"] for link in offered]
