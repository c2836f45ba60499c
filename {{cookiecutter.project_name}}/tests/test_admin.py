"""The admin, as the superuser and as those who must stay outside."""

import json
import re

import mezzanine.accounts.admin
import mezzanine.blog.admin
import mezzanine.conf.admin
import mezzanine.forms.admin
import pytest
from bs4 import BeautifulSoup
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from forms import IN_PLACE, fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.conf import settings
from mezzanine.core.models import SitePermission
from mezzanine.forms.models import Form, FormEntry
from mezzanine.generic.models import ThreadedComment
from mezzanine.pages.models import Page, RichTextPage
from translated_texts import filled
from users_of_admin import admin_of_users

import multisite.admin
import navigation.admin
import staff.admin

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


def test_what_is_changed_is_inherited_by_an_admin_of_the_projects_own():
    for theirs, ours in (
        (mezzanine.accounts.admin.UserProfileAdmin, multisite.admin.UserAdmin),
        (mezzanine.blog.admin.BlogPostAdmin, navigation.admin.SearchedBlogPostAdmin),
        (mezzanine.conf.admin.SettingsAdmin, staff.admin.PermittedSettingsAdmin),
        (mezzanine.forms.admin.FormAdmin, staff.admin.PermittedFormAdmin),
    ):
        assert theirs is ours
    kinds = {model: type(found) for model, found in admin.site._registry.items()}
    assert issubclass(kinds[get_user_model()], multisite.admin.UserAdmin)
    assert issubclass(kinds[BlogPost], navigation.admin.SearchedBlogPostAdmin)
    assert issubclass(kinds[Form], staff.admin.PermittedFormAdmin)


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


@pytest.mark.usefixtures("in_english")
def test_every_page_has_the_menu_in_the_order_of_the_setting(superuser):
    for path in (admin_of_users("changelist"), "/admin/media-library/browse/"):
        page = BeautifulSoup(superuser.get(path).content, "html.parser")
        titles = [each.text for each in page.select("#nav-sidebar caption a")]
        assert titles[:3] == ["Content", "Site", "Users"], path
        assert page.select_one("#nav-sidebar a[href='/admin/media-library/']")
        assert page.select_one("#logout-form[method=post] button")
        assert page.title.text.endswith(f"| {settings.SITE_TITLE}")


@pytest.mark.usefixtures("in_english")
def test_a_path_on_a_page_leads_to_a_list_of_models(superuser):
    for app, words in {"forms": "Pages", "blog": "Blog posts"}.items():
        assert words in superuser.get(reverse("admin:app_list", args=[app])).text


@pytest.mark.usefixtures("in_english")
def test_the_menu_has_what_staff_may_see_and_no_more(browse):
    user = get_user_model().objects.create_user("editor", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_blogpost"))
    SitePermission.objects.create(user=user).sites.set([1])
    page = BeautifulSoup(browse("editor").get("/admin/blog/blogpost/").content, "html.parser")
    names = [each.get_text(strip=True) for each in page.select("#nav-sidebar th[id]")]
    assert names == ["Blog posts", "Media Library"]


@pytest.mark.usefixtures("in_english")
def test_the_dashboard_says_what_waits(superuser, browse):
    post = BlogPost.objects.create(title="A draft", content="x", user_id=1, status=1)
    comment = ThreadedComment(content_object=post, user_name="Ada", comment="So", site_id=1)
    comment.save()
    ThreadedComment.objects.update(is_public=False)
    FormEntry.objects.create(form=Form.objects.first(), entry_time=timezone.now())
    page = BeautifulSoup(superuser.get("/admin/").content, "html.parser")
    todo = page.select_one("#overview")
    for address, words in (
        (reverse("admin:blog_blogpost_change", args=[post.pk]), "A draft"),
        (reverse("admin:form_entries", args=[Form.objects.first().pk]), "Contact"),
        ("/admin/generic/threadedcomment/?is_public__exact=0", "1 comment waits for approval"),
    ):
        assert todo.find("a", href=address).get_text(strip=True) == words
    assert "Mezzanine 6.1.1" in page.select_one("#software").text


@pytest.mark.usefixtures("in_english")
def test_the_dashboard_tells_staff_nothing_of_what_they_may_not_see(browse):
    BlogPost.objects.create(title="A draft", content="x", user_id=1, status=1)
    FormEntry.objects.create(form=Form.objects.first(), entry_time=timezone.now())
    user = get_user_model().objects.create_user("editor", password="x", is_staff=True)
    SitePermission.objects.create(user=user).sites.set([1])
    page = BeautifulSoup(browse("editor").get("/admin/").content, "html.parser")
    assert "Nothing waits for you." in page.select_one("#overview").text
    assert not page.select("#software")


def test_a_row_that_nobody_has_filled_in_is_not_saved(superuser):
    form = Form.objects.first()
    path = reverse("admin:forms_form_change", args=[form.pk])
    fields = fields_of(superuser.get(path), "#form_form")
    new = max(name for name in fields if re.fullmatch("fields-[0-9]+-_order", name))
    number = form.fields.count()
    fields[new] = number
    assert superuser.post(path, fields).status_code == 302
    assert form.fields.count() == number
    order = {f"fields-{place}-_order": number - place for place in range(number)}
    before = [*form.fields.values_list("label", flat=True)]
    assert superuser.post(path, fields | order).status_code == 302
    assert [*form.fields.values_list("label", flat=True)] == before[::-1]


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
    fields = fields_of(superuser.get(settings), "#settings-form")
    superuser.post(settings, filled(fields, SITE_TITLE="Another title"))
    assert "<title>About | Another title</title>" in browse().get("/about/").content.decode()


def test_a_page_is_written_and_shown(superuser, browse):
    add = reverse("admin:pages_richtextpage_add")
    fields = fields_of(superuser.get(add), "#richtextpage_form")
    superuser.post(add, filled(fields, title="A new page", content="<p>Fresh content</p>"))
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
