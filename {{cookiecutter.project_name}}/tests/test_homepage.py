"""The first page: its sections, who edits them, and its demo content."""

import sys
from types import ModuleType

import pytest
from addresses import BLOG
from bs4 import BeautifulSoup
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.urls import include, path, reverse
from forms import fields_of
from growing import cost
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.forms.models import Form
from mezzanine.galleries.models import Gallery
from mezzanine.pages.models import Page, RichTextPage
from mezzanine.utils.sites import override_current_site_id
from translated_texts import filled

from homepage import content, demo
from homepage.models import HomePage, Section

TWO = "two.example:8000"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english", "home_page"),
]


@pytest.fixture
def home():
    return HomePage.objects.get(slug="/")


@pytest.fixture
def see(browse):
    """Return a function that opens the first page and returns its main part."""

    def see(user=None, **options):
        html = browse(user, **options).get("/").content
        return BeautifulSoup(html, "html.parser").main

    return see


def section(home, kind, **fields):
    home.sections.all().delete()
    return home.sections.create(kind=kind, **fields)


# What is shown


def test_a_new_site_shows_what_it_can_do(see):
    page = see()
    assert page.h1.text == content.HERO["title"]
    assert [each.text.strip() for each in page.select(".features h2")] == [
        each["title"] for each in content.FEATURES
    ]
    assert BlogPost.objects.get().title in page.select_one(".cards:not(.features)").text
    assert len(page.select(".gallery img")) == 4
    assert page.select_one(".contact form")["action"] == "/contact/"
    for picture in page.select(".hero img, .features img"):
        assert picture["alt"]
        assert picture["srcset"]


def test_features_that_follow_one_another_stand_side_by_side(see, home):
    section(home, "feature", title="One")
    home.sections.create(kind="feature", title="Two")
    home.sections.create(kind="hero", title="Between")
    home.sections.create(kind="feature", title="Three")
    lists = [[h.text.strip() for h in each.select("h2")] for each in see().select(".features")]
    assert lists == [["One", "Two"], ["Three"]]


def test_a_page_has_one_first_heading_whatever_it_begins_with(see, home):
    Setting.objects.filter(name="SITE_TITLE").update(value="Our site")
    for kind in ("hero", "feature", "posts", "gallery", "tweets", "contact"):
        section(home, kind)
        home.sections.create(kind="hero", title="Another")
        assert [each.text for each in see().select("h1")] == ["Our site"], kind
    home.sections.all().delete()
    assert see().h1.text == "Our site"


def test_what_is_typed_is_text_and_not_html(see, home):
    section(home, "hero", title="<b>x</b>", text="<script>y</script>", picture_text='"><b>')
    page = see()
    assert page.h1.text == "<b>x</b>"
    assert "<script>y" in page.select_one(".hero").text
    assert not page.select("script, .hero b")


def test_a_section_without_anything_to_show_is_not_there(see, home):
    BlogPost.objects.all().delete()
    Gallery.objects.get().images.all().delete()
    Form.objects.all().delete()
    assert not see().select(".band")


def test_the_contact_form_of_the_first_page_is_sent(browse, see):
    form = see().select_one(".contact form")
    fields = {
        each["name"]: "a@example.com" if each.get("type") == "email" else "Support"
        for each in form.select("[name^=field_]")
    }
    assert browse().post(form["action"], fields).status_code == 302
    assert Form.objects.get().entries.count() == 1


def test_an_edit_is_seen_on_a_page_that_is_kept(
    browse, keep_pages, home, django_capture_on_commit_callbacks
):
    assert browse().get("/")["X-Accel-Expires"].startswith("@")
    with django_capture_on_commit_callbacks(execute=True):
        hero = home.sections.first()
        hero.title = "Good evening"
        hero.save()
    answer = browse().get("/")
    assert "Good evening" in answer.text
    assert answer["X-Accel-Expires"].startswith("@")


def test_the_first_page_needs_few_queries(browse, django_assert_max_num_queries):
    browse().get("/")
    with django_assert_max_num_queries(25):
        browse().get("/")


def test_the_gallery_of_the_pictures_is_asked_for_once(see, monkeypatch):
    Gallery.objects.first().images.update_or_create(file="a.webp")
    with cost(monkeypatch) as asked:
        assert see().select(".gallery img")
    assert sum('FROM "galleries_gallery"' in sql for sql in asked.statements) == 1


# Editing


def test_sections_are_edited_in_the_admin(browse, home, see):
    client = browse("admin")
    address = reverse("admin:homepage_homepage_change", args=[home.pk])
    fields = fields_of(client.get(address), "#homepage_form")
    fields = filled(fields, **{"sections-0-title": "Edited"})
    assert client.post(address, fields).status_code == 302
    assert see().h1.text == "Edited"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("link", "javascript:alert(1)", "Type an address such as"),
        ("link", "//other.example", "Type an address such as"),
        ("kind", "posts", "A page has one section of this kind: Recent Posts"),
    ],
)
def test_the_admin_says_what_is_wrong_with_a_section(browse, home, name, value, words):
    client = browse("admin")
    address = reverse("admin:homepage_homepage_change", args=[home.pk])
    fields = fields_of(client.get(address), "#homepage_form") | {f"sections-0-{name}": value}
    answer = client.post(address, fields)
    assert answer.status_code == 200
    assert words in answer.text


def in_place(client, row, title):
    data = {"app": "homepage", "model": "section", "id": row.pk, "fields": "title,text"}
    return client.post(reverse("edit"), data | {"title": title, "text": "New"})


def test_sections_are_edited_in_place_by_those_who_may(browse, home, staff, see):
    row = home.sections.first()
    assert in_place(staff(), row, "No").status_code == 403
    assert see("admin").select_one(".hero").find(class_="editable-form")
    assert not see().find(class_="editable-form")
    assert in_place(staff("homepage.change_section"), row, "Yes").status_code == 200
    assert see().h1.text == "Yes"


def test_nobody_edits_a_section_of_another_site(add_site, staff, browse, home):
    two = add_site("two.example:8000")
    client = staff("homepage.change_section", sites=[two.pk], host=TWO)
    row = home.sections.first()
    assert in_place(client, row, "Taken").status_code in (403, 404)
    address = reverse("admin:homepage_section_change", args=[row.pk])
    assert client.get(address).status_code == 302
    row.refresh_from_db()
    assert row.title == content.HERO["title"]


# Several sites


def test_another_site_has_a_first_page_of_its_own(add_site, see):
    add_site("two.example:8000")
    page = see(host=TWO)
    assert "Welcome." in page.text
    assert str(content.HERO["title"]) not in page.text
    assert not page.select(".band")


def test_a_copy_of_a_site_has_its_sections(add_site, see):
    copy = add_site("two.example:8000", copy_from="127.0.0.1:8000")
    assert see(host=TWO).h1.text == content.HERO["title"]
    Section.objects.filter(page__site=copy).delete()
    assert see().h1.text == content.HERO["title"]


# The demo content


@pytest.mark.parametrize(
    ("patterns", "begins"),
    [
        ([path("cms/", include("mezzanine.urls"))], "/cms"),
        (i18n_patterns(path("", include("mezzanine.urls"))), ""),
    ],
)
def test_the_demo_leads_to_pages_wherever_they_are(settings, monkeypatch, patterns, begins):
    urls = ModuleType(f"urls_of_a_demo{begins.replace('/', '_')}")
    urls.urlpatterns = patterns
    monkeypatch.setitem(sys.modules, urls.__name__, urls)
    settings.ROOT_URLCONF = urls.__name__
    assert demo.address("/contact/") == f"{begins}/contact/"
    assert demo.address("/blog/") == f"{begins}{BLOG}"


def test_the_demo_content_is_removed_by_one_command(see, capsys):
    call_command("removedemo")
    assert "Good morning from the lake" in capsys.readouterr().out
    assert {page.slug for page in Page.objects.all()} == {"/", "blog"}
    assert not BlogPost.objects.exists()
    assert "lake" not in see().text
    assert not demo.is_there()
    call_command("removedemo")
    assert capsys.readouterr().out == "Removed: nothing\n"


def test_the_blog_begins_with_words_of_the_demo_and_not_with_its_title_again():
    blog = RichTextPage.objects.get(slug="blog")
    assert blog.content == content.BLOG
    call_command("removedemo", verbosity=0)
    blog.refresh_from_db()
    assert blog.content == demo.BLOG_TEXT


def test_what_somebody_has_edited_stays(home):
    about = RichTextPage.objects.get(slug="about/team")
    about.content = "<p>Ours</p>"
    about.save()
    BlogPost.objects.update(content="<p>Ours</p>")
    Gallery.objects.get().images.create(file="ours.jpg", description="Ours")
    home.sections.filter(kind="hero").update(title="Ours")
    Form.objects.get().entries.create(entry_time=about.publish_date)
    call_command("removedemo", verbosity=0)
    assert {page.slug for page in Page.objects.all()} == {
        *("/", "blog", "about", "about/team", "gallery", "contact"),
    }
    assert BlogPost.objects.count() == 1
    assert home.sections.first().title == "Ours"
    assert Gallery.objects.get().images.get().description == "Ours"


def test_the_demo_content_of_another_site_stays(add_site):
    two = add_site("two.example:8000")
    with override_current_site_id(two.pk):
        call_command("removedemo", verbosity=0)
    assert demo.is_there()


def test_superusers_remove_the_demo_content_by_a_button(browse, home, staff):
    address = reverse("admin:homepage_remove_demo")
    form = reverse("admin:homepage_homepage_change", args=[home.pk])
    editor = staff("homepage.change_homepage", "homepage.change_section")
    assert address not in editor.get(form).text
    assert editor.post(address).status_code == 403
    client = browse("admin")
    assert address in client.get(form).text
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 302
    assert address not in client.get(form).text
    assert not demo.is_there()


def test_without_data_there_is_a_first_page_and_no_demo(see):
    Page.objects.all().delete()
    BlogPost.objects.all().delete()
    call_command("createdb", interactive=False, nodata=True, verbosity=0)
    assert "Welcome" in see().text
    assert not demo.is_there()


def test_the_demo_has_posts_where_there_is_somebody_to_have_written_them():
    Page.objects.all().delete()
    BlogPost.objects.all().delete()
    call_command("createdb", interactive=False, verbosity=0)
    assert BlogPost.objects.count() == len(content.POSTS)
    assert BlogPost.objects.first().user == get_user_model().objects.first()
