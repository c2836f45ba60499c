"""Pages, forms and settings in English and German, in a project with USE_MODELTRANSLATION.

Either may be LANGUAGE_CODE. What is "Bread" in that one is "Brot" in the other.
"""

import re
from io import StringIO
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from django.conf import settings as project_settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.redirects.models import Redirect
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from forms import fields_of
from languages import rights, texts
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.core.models import SitePermission
from mezzanine.forms.models import Form
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import override_current_site_id
from modeltranslation.admin import TranslationAdmin
from page_tree import change, move, send, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mezzanines_defaults")]


@pytest.fixture(autouse=True)
def addresses_with_languages(settings):
    settings.ROOT_URLCONF = f"{settings.PROJECT_APP}.urls"


FIRST = project_settings.LANGUAGE_CODE
SECOND = {"en": "de", "de": "en"}[FIRST]


def accepting(language):
    return {"accept-language": language}


def both(name, first, second):
    """Return the values of a field in both languages, a dict."""
    return {f"{name}_{FIRST}": first, f"{name}_{SECOND}": second}


@pytest.fixture
def add_page(browse):
    """Return a function that adds a page in the admin and returns its address."""

    def add(first, second, parent=None, **fields):
        fields = both("title", first, second) | {"in_sitemap": "on"} | fields
        fields |= both("content", f"<p>{first}!</p>", second and f"<p>{second}!</p>")
        path = reverse("admin:pages_richtextpage_add")
        path += f"?parent={parent.pk}" if parent else ""
        answer = send(browse("admin"), path, "richtextpage", fields)
        assert answer.status_code == 302, answer.text
        return RichTextPage.objects.latest("pk")

    return add


def title_of(answer):
    return re.search(r"<title>\s*(.*?)\s*</title>", answer.text, re.DOTALL)[1].split("|")[0].strip()


def test_a_page_has_a_text_and_a_place_in_the_menus_in_each_language(add_page, browse):
    add_page("Bread", "Brot")
    for language, title, other in ((FIRST, "Bread", "Brot"), (SECOND, "Brot", "Bread")):
        page = browse().get(f"/{language}/bread/")
        assert title_of(page) == title
        assert f"{title}!" in page.text
        assert f"{other}!" not in page.text
        assert f'lang="{language}"' in page.text
        about = browse().get(f"/{language}/about/")
        assert re.search(rf'href="/{language}/bread/"[^>]*>\s*{title}', about.text)


def test_what_is_not_translated_is_shown_in_the_default_language(add_page, browse):
    add_page("Rolls", "")
    page = browse().get(f"/{SECOND}/rolls/")
    assert title_of(page) == "Rolls"
    assert "Rolls!" in page.text


def titles(page):
    return [getattr(page, f"titles_{language}") for language in (FIRST, SECOND)]


def test_the_titles_above_a_page_follow_in_each_language(add_page, browse):
    bread = add_page("Bread", "Brot")
    rye = add_page("Rye", "Roggen", parent=bread)
    assert titles(rye) == ["Bread / Rye", "Brot / Roggen"]
    with_admin = browse("admin")
    assert change(with_admin, stored("bread"), **{f"title_{SECOND}": "Brote"}).status_code == 302
    rye.refresh_from_db()
    assert titles(rye) == ["Bread / Rye", "Brote / Roggen"]
    about = stored("about")
    assert move(with_admin, stored("bread/rye"), about).status_code == 200
    rye = Page.objects.get(pk=rye.pk)
    assert titles(rye) == ["About / Rye", "About / Roggen"]


def test_an_old_address_leads_to_the_new_one_in_each_language(add_page, browse):
    page = add_page("Bread", "Brot")
    add_page("Rye", "Roggen", parent=page)
    assert change(browse("admin"), stored("bread"), slug="loaves").status_code == 302
    for language in (FIRST, SECOND):
        for end in ("", "rye/"):
            answer = browse().get(f"/{language}/bread/{end}")
            assert answer.headers["Location"] == f"/{language}/loaves/{end}"
    assert Redirect.objects.count() == 4


@pytest.mark.parametrize("slug", ["en-route", "de-facto", "en", "de/en", "english"])
def test_an_address_may_begin_as_a_language_does(browse, slug):
    text = both("content", "On our way", None)
    RichTextPage.objects.create(slug=slug, **both("title", "Way", None), **text)
    for language in (FIRST, SECOND):
        assert "On our way" in browse().get(f"/{language}/{slug}/").text


def test_the_browser_decides_where_the_address_does_not(browse):
    for path, accepted, found in (
        ("/", "de", "/de/"),
        ("/", "en", "/en/"),
        ("/about/", "de", "/de/about/"),
        ("/about/", "fr", f"/{FIRST}/about/"),
    ):
        assert browse().get(path, headers=accepting(accepted)).headers["Location"] == found


def test_the_switcher_leads_to_the_same_page_and_is_remembered(add_page, browse):
    add_page("Bread", "Brot")
    visitor = browse()
    shown = visitor.get(f"/{FIRST}/bread/").text
    link = BeautifulSoup(shown, "html.parser").select_one(f"nav.languages a[hreflang={SECOND}]")
    assert urlsplit(link["href"]).path == f"/{SECOND}/bread/"
    sent = {"language": SECOND, "next": f"/{FIRST}/bread/"}
    assert visitor.post(reverse("set_language"), sent).headers["Location"] == f"/{SECOND}/bread/"
    assert visitor.get("/", headers=accepting(FIRST)).headers["Location"] == f"/{SECOND}/"
    elsewhere = visitor.post(reverse("set_language"), sent | {"next": "//evil.example/"})
    assert elsewhere.headers["Location"] == "/"


def test_searching_finds_the_language_of_the_visitor_and_what_is_shown_for_want_of_it(
    add_page, browse
):
    add_page("Pumpernickel", "Schwarzbrot", in_menus=[])
    add_page("Baguette", "", in_menus=[])
    found = {
        (language, word): f'href="/{language}/{slug}/"' in answer.text
        for language in (FIRST, SECOND)
        for word, slug in (
            *[("Pumpernickel", "pumpernickel"), ("Schwarzbrot", "pumpernickel")],
            ("Baguette", "baguette"),
        )
        for answer in [browse().get(f"/{language}/search/", {"q": word})]
    }
    assert found[FIRST, "Pumpernickel"]
    assert not found[FIRST, "Schwarzbrot"]
    assert found[SECOND, "Schwarzbrot"]
    assert found[FIRST, "Baguette"]
    assert found[SECOND, "Baguette"]


def test_the_site_map_names_each_language_of_each_address(add_page, browse):
    add_page("Bread", "Brot")
    shown = browse().get("/sitemap.xml").text
    site = re.search(r"<loc>(https?://[^/]+)/", shown)[1]
    for language in (FIRST, SECOND):
        address = f"<loc>{site}/{language}/bread/</loc>"
        (entry,) = [each for each in shown.split("<url>") if address in each]
        for other, code in (("en", "en"), ("de", "de"), (FIRST, "x-default")):
            assert f'rel="alternate" hreflang="{code}" href="{site}/{other}/bread/"' in entry
    assert f"<loc>{site}/de/</loc>" in shown
    assert f"<loc>{site}/bread/</loc>" not in shown


def test_every_page_of_the_site_map_is_there(browse):
    shown = browse().get("/sitemap.xml").text
    paths = re.findall(r"<loc>https?://[^/]+(/[^<]*)</loc>", shown)
    assert len(paths) > 10
    assert {path: browse().get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


def test_a_setting_has_a_value_in_each_language(browse):
    client, path = browse("admin"), reverse("admin:conf_setting_changelist")
    fields = fields_of(client.get(path), "#changelist form, form#settings_form, #content-main form")
    named = both("SITE_TAGLINE_modeltranslation", "Rye", "Korn")
    assert named.keys() <= fields.keys()
    assert client.post(path, fields | named).status_code == 302
    row = Setting.objects.get(name="SITE_TAGLINE")
    assert both("value", "Rye", "Korn").items() <= vars(row).items()
    assert "Korn" in browse().get(f"/{SECOND}/about/").text
    assert "Korn" not in browse().get(f"/{FIRST}/about/").text


def test_a_post_has_a_text_in_each_language(browse):
    post = BlogPost.objects.create(
        **both("title", "Rye", "Roggen"),
        **both("content", "Grain", "Korn"),
        user=get_user_model().objects.first(),
    )
    assert post.slug == "rye"
    assert "Korn" in browse().get(f"/{SECOND}/blog/rye/").text
    assert "Grain" in browse().get(f"/{FIRST}/blog/rye/").text
    assert "Roggen" in browse().get(f"/{SECOND}/blog/").text
    assert "Roggen" in browse().get(f"/{SECOND}/blog/feeds/rss/").text


def test_a_form_has_labels_in_each_language(browse):
    form = Form.objects.create(title="Order", slug="order", response="<p>Thanks</p>")
    form.fields.create(**both("label", "Your grain", "Ihr Korn"), field_type=1, required=True)
    assert "Your grain" in browse().get(f"/{FIRST}/order/").text
    assert "Ihr Korn" in browse().get(f"/{SECOND}/order/").text


def test_pages_that_say_their_language_are_kept_apart(
    settings, add_page, browse, django_capture_on_commit_callbacks
):
    settings.PAGE_CACHE_SECONDS = 60
    add_page("Bread", "Brot")
    for _ in range(2):  # made, and then kept
        for language, accepted, text in ((FIRST, SECOND, "Bread!"), (SECOND, FIRST, "Brot!")):
            assert text in browse().get(f"/{language}/bread/", headers=accepting(accepted)).text
    connection.run_on_commit.clear()  # what was written before is committed
    with django_capture_on_commit_callbacks(execute=True):
        change(browse("admin"), stored("bread"), **{f"content_{SECOND}": "<p>Laib</p>"})
    assert "Laib" in browse().get(f"/{SECOND}/bread/").text
    assert "Bread!" in browse().get(f"/{FIRST}/bread/").text


def test_a_copied_site_has_all_languages(add_page, add_site):
    add_page("Bread", "Brot")
    site = add_site("two.example", copy_from="1")
    with override_current_site_id(site.pk):
        page = RichTextPage.objects.get(slug="bread")
    expected = both("title", "Bread", "Brot") | both("content", "<p>Bread!</p>", "<p>Brot!</p>")
    assert expected.items() <= vars(page).items()


def test_texts_of_before_are_those_of_the_default_language(add_site):
    site = add_site("two.example")
    title = f"title_{FIRST}"
    rows = Page._base_manager.filter(slug="/")
    untranslated = dict(rows.rewrite(False).values_list("site_id", "title"))
    assert untranslated[1] == "Home"
    rows.update(**both("title", None, None), **both("titles", None, None))
    before = dict(rows.rewrite(False).values_list("site_id", title))
    assert before == {1: None, site.pk: None}
    call_command("migrate", stdout=StringIO())
    after = dict(rows.rewrite(False).values_list("site_id", title))
    assert after == untranslated
    page = stored("about")
    Page._base_manager.filter(pk=page.pk).update(**both("title", None, "Wir"))
    texts.give(Page, "default")
    assert getattr(stored("about"), title) is None  # it was there in the other one alone


def test_the_admin_opens(browse):
    client, paths = browse("admin"), []
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        paths += [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        if thing := model._base_manager.first():
            paths.append(reverse(f"{name}_change", args=[thing.pk]))
    found = {path: client.get(path, follow=True).status_code for path in paths}
    assert {path: status for path, status in found.items() if status not in (200, 403)} == {}


def reader_of_pages(client):
    """Log in somebody who may view pages of text, and no more; return the address of one."""
    user = get_user_model().objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_richtextpage"))
    SitePermission.objects.create(user=user).sites.add(1)
    client.force_login(user)
    page = RichTextPage.objects.create(**both("title", "Bread", "Brot"))
    return reverse("admin:pages_richtextpage_change", args=[page.pk])


def test_staff_who_may_only_view_a_page_see_it(client):
    answer = client.get(reader_of_pages(client))
    assert answer.status_code == 200
    assert {"Bread", "Brot"} <= {*re.findall(r"\bBread\b|\bBrot\b", answer.text)}


def test_they_would_not_with_modeltranslation_as_it_is(client, monkeypatch):
    monkeypatch.setattr(TranslationAdmin, "_get_form_or_formset", rights.options_of_form)
    with pytest.raises(FieldError):
        client.get(reader_of_pages(client))
