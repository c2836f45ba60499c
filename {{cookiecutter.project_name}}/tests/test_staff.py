"""Staff without a permission change nothing and learn nothing, in views that are not Django's."""

import json
import re
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.admindocs.views import extract_views_from_urlpatterns, simplify_regex
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.timezone import now
from forms import fields_of
from mezzanine.conf.models import Setting
from mezzanine.forms import fields
from mezzanine.forms.admin import fs
from mezzanine.forms.models import Field, FieldEntry, Form, FormEntry
from mezzanine.generic.models import Keyword
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import override_current_site_id
from translated_texts import filled
from users_of_admin import permission_of_users

pytestmark = pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english")

ORDERING = "/admin/admin_page_ordering/"


@pytest.fixture
def entry(db):
    """What a visitor has sent by the form of the first site."""
    entry = FormEntry.objects.create(form=Form.objects.first(), entry_time=now())
    field = entry.form.fields.order_by("pk").first()
    FieldEntry.objects.create(entry=entry, field_id=field.pk, value="a private message")
    return entry


@pytest.fixture
def file_of(entry, media_root):
    """Return a function that makes an entry of a field of that type, with that value."""

    def make(value, field_type=fields.FILE):
        field = Field.objects.create(form=entry.form, label="File", field_type=field_type)
        made = FieldEntry.objects.create(entry=entry, field_id=field.pk, value=value)
        return reverse("admin:form_file", args=[made.pk])

    return make


@pytest.fixture
def attachment(monkeypatch, media_root):
    """A file that came with a form."""
    monkeypatch.setitem(vars(fs), "location", str(media_root))
    name = "forms/01234567-89ab-cdef-0123-456789abcdef/letter.txt"
    file = Path(media_root, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("a letter")
    return name


def move(client):
    team, history = (Page.objects.get(slug=f"about/{name}") for name in ("team", "history"))
    order = {"id": history.pk, "parent_id": history.parent_id, "siblings[]": [history.pk, team.pk]}
    return client.post(ORDERING, order)


def order():
    return [page.slug for page in Page.objects.filter(parent__slug="about").order_by("_order")]


def test_pages_are_put_in_order_by_permission(staff):
    before = order()
    assert move(staff()).status_code == 403
    assert order() == before
    assert move(staff("pages.change_page")).content == b"ok"
    assert order() == before[::-1]


def test_a_page_that_there_is_not_cannot_be_moved(staff):
    page = Page.objects.get(slug="about/team")
    editor = staff("pages.change_page")
    for data in ({"id": "0", "parent_id": ""}, {"id": page.pk, "parent_id": "999"}):
        assert editor.post(ORDERING, data).status_code == 404


@pytest.mark.parametrize("permission", ["blog.change_blogpost", "generic.add_keyword"])
def test_keywords_are_added_by_permission(staff, permission):
    address = reverse("admin_keywords_submit")
    assert staff().post(address, {"text_keywords": "nonsense"}).status_code == 403
    assert not Keyword.objects.filter(title="nonsense").exists()
    assert staff(permission).post(address, {"text_keywords": "sense"}).status_code == 200
    assert Keyword.objects.filter(title="sense").exists()


def test_links_to_drafts_are_for_who_writes(staff, browse):
    RichTextPage.objects.create(title="A secret plan", slug="plan", status=1)
    for client, shown in ((staff("pages.add_richtextpage"), True), (staff(), False)):
        content = client.get(reverse("displayable_links_js")).content
        links = {link["value"] for link in json.loads(content)}
        assert "/about/" in links
        assert ("/plan/" in links) == shown
    assert content == browse().get(reverse("displayable_links_js")).content


def test_settings_are_changed_by_permission(staff, browse):
    address = reverse("admin:conf_setting_changelist")
    sent = fields_of(browse("admin").get(address), "#settings-form")
    sent = filled(sent, SITE_TITLE="Taken over")
    assert staff().post(address, sent).status_code == 403
    assert not Setting.objects.filter(value="Taken over").exists()
    assert staff("conf.change_setting").post(address, sent).status_code == 302
    assert Setting.objects.filter(value="Taken over").exists()


@pytest.mark.parametrize("permission", ["view", "change"])
def test_what_visitors_have_sent_is_shown_by_permission(staff, entry, permission):
    address = reverse("admin:form_entries", args=[entry.form_id])
    columns = fields_of(
        staff(f"forms.{permission}_formentry").get(address), "form#entries-form, form"
    )
    for method, data in (("get", {}), ("post", columns | {"export": "1"})):
        answer = getattr(staff(), method)(address, data)
        assert answer.status_code == 403
        assert "a private message" not in answer.content.decode()
    assert staff(f"forms.{permission}_formentry").get(address).status_code == 200


def test_a_file_that_came_with_a_form_is_shown_by_permission(staff, file_of, attachment):
    address = file_of(attachment)
    assert staff().get(address).status_code == 403
    assert staff("forms.view_formentry").get(address).getvalue() == b"a letter"


@pytest.mark.parametrize(
    ("value", "field_type"),
    [
        ("{attachment}", fields.TEXT),
        ("{outside}", fields.FILE),
        ("forms/../secret.txt", fields.FILE),
        ("forms/nothing.txt", fields.FILE),
        ("forms", fields.FILE),
        ("", fields.FILE),
    ],
)
def test_what_a_visitor_typed_leads_to_no_file(
    browse, file_of, attachment, media_root, value, field_type
):
    secret = Path(media_root, "secret.txt")
    secret.write_text("a secret")
    address = file_of(value.format(attachment=attachment, outside=secret), field_type)
    assert browse("admin").get(address).status_code == 404


def test_the_file_of_another_site_is_not_shown(browse, file_of, attachment, add_site):
    two = add_site("two.example")
    address = file_of(attachment)
    with override_current_site_id(two.pk):
        assert not Form.objects.exists()
    assert browse("admin", "two.example").get(address).status_code == 404


def test_staff_without_a_permission_see_nothing_but_what_is_their_own(staff, entry, file_of):
    file_of("forms/nothing.txt")
    client, shown = staff(), set()
    for _, route, _, name in extract_views_from_urlpatterns(admin.site.urls, "/admin/"):
        address = re.sub("<.*?>", "1", simplify_regex(route))
        if client.get(address, {"u": "/static/css/theme.css"}).status_code == 200:
            shown.add(name)
    assert shown == {
        *["index", "jsi18n", "password_change", "password_change_done"],
        *["static_proxy", "displayable_links_js"],  # what any visitor may see
    }


def edit(client, obj, **changes):
    names = {"app": obj._meta.app_label, "model": obj._meta.model_name, "id": obj.pk}
    return client.post(reverse("edit"), names | {"fields": ",".join(changes)} | changes)


def test_in_place_staff_edit_what_the_admin_lets_them(staff):
    page = RichTextPage.objects.get(slug="about")
    assert edit(staff(), page, title="Edited").status_code == 403
    assert edit(staff("pages.change_richtextpage"), page, title="Edited").content == b""
    page.refresh_from_db()
    assert page.title == "Edited"


def test_in_place_nobody_edits_what_the_admin_keeps_from_them(staff):
    editor = staff(permission_of_users("change"), "core.change_sitepermission")
    user = editor.get("/").context["request"].user
    admin_user = get_user_model().objects.get(username="admin")
    for obj, changes in (
        (user, {"is_superuser": "on"}),
        (user, {"password": "!"}),
        (admin_user, {"email": "editor@example.com"}),
        (user.sitepermissions, {"sites": "1"}),
    ):
        assert edit(editor, obj, **changes).status_code == 403
    user.refresh_from_db()
    assert not user.is_superuser


def test_in_place_what_there_is_not_is_not_found(browse):
    right = {"app": "pages", "model": "richtextpage", "id": "1", "fields": "title"}
    for wrong in ({"app": "x"}, {"model": "x"}, {"id": "x"}, {"id": "0"}, {"fields": "x"}):
        assert browse("admin").post(reverse("edit"), right | wrong).status_code == 404
