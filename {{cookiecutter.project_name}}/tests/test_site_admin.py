"""Sites in the admin: choosing one, who may edit which, and the sites themselves."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.sites.models import Site
from django.test import Client
from django.urls import reverse
from forms import fields_of
from mezzanine.core.models import SitePermission
from mezzanine.pages.models import RichTextPage
from users_of_admin import admin_of_users, form_of_users

from multisite.models import SiteAlias

TWO = "two.example"


@pytest.fixture
def two(add_site):
    return add_site(TWO)


@pytest.fixture
def staff(db):
    """Return a function that makes a user with all permissions, for those sites."""

    def make(name, *sites):
        user = get_user_model().objects.create_user(name, password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.all())
        SitePermission.objects.create(user=user).sites.set(sites)
        return user

    return make


def choose(client, site_id, **fields):
    return client.post("/set_site/", {"site_id": site_id, **fields})


def shown(client):
    """Return the domain that the header of the admin shows, or has chosen among others."""
    header = BeautifulSoup(client.get("/admin/").content, "html.parser").select_one("#branding")
    choice = header.select_one("input[name=site_id], option[selected]")
    if choice is None:
        return header.select_one(".site").text
    return choice.text or choice["value"]


def test_the_admin_is_about_the_site_of_its_host(browse, two):
    assert shown(browse("admin")) == "127.0.0.1:8000"
    assert shown(browse("admin", TWO)) == TWO


def test_another_site_is_chosen_by_a_form_and_stays_chosen(browse, two):
    admin = browse("admin")
    fields = fields_of(admin.get("/admin/pages/page/"), 'form[action="/set_site/"]')
    response = admin.post("/set_site/", fields | {"site_id": two.pk})
    assert response["Location"] == "/admin/pages/page/"
    assert shown(admin) == TWO
    option = BeautifulSoup(admin.get("/admin/").content, "html.parser").find(
        "option", selected=True
    )
    assert option.text == TWO


def test_view_site_leads_to_the_domain_of_the_site_that_is_shown(browse, two):
    admin = browse("admin")
    choose(admin, two.pk)
    assert 'href="http://two.example:8000/"' in admin.get("/admin/").content.decode()


def test_what_another_site_has_is_not_edited_in_place(browse, two):
    page = RichTextPage.objects.get(slug="about")
    data = {"app": "pages", "model": "richtextpage", "id": page.pk, "fields": "title"}
    for client, status in [(browse("admin", TWO), 404), (browse("admin"), 200)]:
        assert client.post("/edit/", {**data, "title": "Edited"}).status_code == status
    page.refresh_from_db()
    assert page.title == "Edited"


def test_what_only_the_other_site_has_leads_back_to_its_list(browse, two):
    admin = browse("admin")
    for path, target in [
        ("/admin/pages/richtextpage/5/change/", "/admin/pages/richtextpage/"),
        ("/admin/pages/richtextpage/add/", "/admin/pages/richtextpage/add/"),
        ("https://evil.example/", "/admin/"),
        ("//evil.example/", "/admin/"),
        ("/about/", "/about/"),
    ]:
        assert choose(admin, two.pk, next=path)["Location"] == target


def test_a_site_is_not_chosen_by_a_link(browse, two):
    admin = browse("admin")
    forms = BeautifulSoup(admin.get("/admin/").content, "html.parser").find_all("form")
    assert [form["method"] for form in forms if form.get("action") == "/set_site/"] == ["post"]
    assert admin.get(f"/set_site/?site_id={two.pk}").status_code == 405
    assert shown(admin) == "127.0.0.1:8000"


def test_another_page_cannot_choose_a_site_for_its_visitor(two):
    client = Client(HTTP_HOST=TWO, enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.get(username="admin"))
    assert choose(client, two.pk).status_code == 403


def test_among_many_sites_one_is_chosen_by_its_domain(browse, two):
    Site.objects.bulk_create(Site(domain=f"{number}.example", name="") for number in range(100))
    admin = browse("admin")
    assert (
        fields_of(admin.get("/admin/"), 'form[action="/set_site/"]')["site_id"] == "127.0.0.1:8000"
    )
    choose(admin, "TWO.example")
    assert shown(admin) == TWO


@pytest.mark.parametrize("site_id", ["", "abc", "-1", "1.0", "1 ", "２", "9" * 30, "ü" * 99])
def test_what_is_no_site_is_a_bad_request(browse, site_id):
    assert choose(browse("admin"), site_id).status_code == 400


def test_a_site_that_one_may_not_edit_cannot_be_chosen(browse, staff, two):
    staff("editor", 1)
    for username in ("editor", "admin"):
        client = browse(username)
        assert choose(client, 999).status_code == 403
        assert shown(client) == "127.0.0.1:8000"
    assert choose(browse("editor"), two.pk).status_code == 403
    assert choose(browse("member"), two.pk).status_code == 302  # to the log-in


@pytest.mark.usefixtures("in_english")
def test_staff_without_permission_are_told_so_and_stay_logged_in(browse, staff, two):
    staff("editor", 1)
    editor = browse("editor", TWO)
    for path in ("/admin/", "/admin/pages/page/", "/admin/login/", "/admin/media-library/browse/"):
        response = editor.get(path)
        assert response.status_code == 403
        assert "may not edit the site two.example" in response.content.decode()
    assert editor.get("/").wsgi_request.user.username == "editor"
    assert editor.post("/admin/logout/").status_code == 200


def test_they_go_on_to_a_site_of_theirs(browse, staff, two):
    staff("editor", 1)
    editor = browse("editor", TWO)
    form = BeautifulSoup(editor.get("/admin/").content, "html.parser").find(
        "form", action="/set_site/"
    )
    choose(editor, form.button["value"])
    assert editor.get("/admin/").status_code == 200
    assert shown(editor) == "127.0.0.1:8000"


def test_staff_of_no_site_can_log_out(browse, staff):
    staff("editor")
    editor = browse("editor")
    response = editor.get("/admin/")
    assert response.status_code == 403
    page = BeautifulSoup(response.content, "html.parser")
    editor.post(page.select_one("main form[method=post]")["action"])
    assert editor.get("/admin/").status_code == 302


def test_staff_of_another_site_see_no_drafts(browse, staff, two):
    staff("editor", two)
    RichTextPage.objects.create(title="Draft", slug="draft", status=1)
    assert browse("admin").get("/draft/").status_code == 200
    assert browse("editor").get("/draft/").status_code == 404


def user_form(client, user):
    return fields_of(client.get(admin_of_users("change", user.pk)), form_of_users())


def save(client, user, **fields):
    url = admin_of_users("change", user.pk)
    return client.post(url, {**user_form(client, user), **fields})


def test_staff_cannot_give_themselves_a_site(browse, staff, two):
    editor = staff("editor", 1)
    client = browse("editor")
    save(
        client,
        editor,
        **{"sitepermissions-0-sites": [1, two.pk], "is_superuser": "on", "first_name": "Changed"},
    )
    editor.refresh_from_db()
    assert editor.first_name == "Changed"
    assert not editor.is_superuser
    assert [site.pk for site in editor.sitepermissions.sites.all()] == [1]


def test_a_superuser_gives_sites(browse, staff, two):
    editor = staff("editor", 1)
    save(browse("admin"), editor, **{"sitepermissions-0-sites": [1, two.pk]})
    assert {site.pk for site in editor.sitepermissions.sites.all()} == {1, two.pk}


@pytest.mark.parametrize(
    "address",
    [
        lambda user: admin_of_users("change", user.pk),
        lambda user: reverse("user_change_password", args=[user.pk]),
        lambda user: admin_of_users("delete", user.pk),
    ],
    ids=["change", "password", "delete"],
)
def test_staff_cannot_take_over_a_user_with_other_sites(browse, staff, two, address):
    staff("editor", 1)
    other = staff("other", 1, two)
    other.is_active = False
    other.save()
    admin = get_user_model().objects.get(username="admin")
    for user in (other, admin):
        data = {"password1": "a new passphrase", "password2": "a new passphrase", "post": "yes"}
        browse("editor").post(address(user), data)
        assert get_user_model().objects.get(pk=user.pk).password == user.password
    same = staff("same", 1)
    assert browse("editor").get(address(same)).status_code == 200


def site_fields(client, site):
    page = client.get(reverse("admin:sites_site_change", args=[site.pk]))
    return fields_of(page, "#site_form")


def test_an_alias_is_added_in_the_admin_and_redirects_at_once(browse, two):
    admin = browse("admin")
    fields = site_fields(admin, two) | {"aliases-0-host": "Zwei.Example."}
    admin.post(reverse("admin:sites_site_change", args=[two.pk]), fields)
    assert SiteAlias.objects.get().host == "zwei.example"
    assert browse(host="zwei.example").get("/")["Location"] == "http://two.example/"


@pytest.mark.parametrize(
    "domain", ["http://x.example", "x.example/a", "a b.example", "-x.example", "127.0.0.1:8000"]
)
def test_what_is_no_domain_or_taken_is_refused_in_the_admin(browse, two, domain):
    admin = browse("admin")
    for fields in ({"domain": domain}, {"aliases-0-host": domain}):
        url = reverse("admin:sites_site_change", args=[two.pk])
        response = admin.post(url, site_fields(admin, two) | fields)
        assert "errorlist" in response.content.decode()
    assert Site.objects.get(pk=two.pk).domain == TWO


@pytest.mark.usefixtures("in_english")
def test_the_alias_of_another_site_is_no_domain(browse, two):
    SiteAlias.objects.create(site=two, host="zwei.example")
    admin, first = browse("admin"), Site.objects.get(pk=1)
    url = reverse("admin:sites_site_change", args=[1])
    response = admin.post(url, site_fields(admin, first) | {"domain": "zwei.example"})
    assert "alias of two.example" in response.content.decode()
