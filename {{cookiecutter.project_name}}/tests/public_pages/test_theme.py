"""The look of public pages: whole, without Bootstrap, and light."""

import gzip
import re
from pathlib import Path

import mezzanine
import pytest
from addresses import BLOG
from django.conf import settings as project_settings
from django.contrib.staticfiles import finders
from mezzanine.blog.models import BlogPost
from mezzanine.galleries.models import Gallery
from mezzanine.generic.models import ThreadedComment
from mezzanine.pages.models import Page, RichTextPage

from theme import views

MEZZANINE = Path(mezzanine.__file__).parent
APPS = ("theme", "homepage", "feeds", "navigation")
OURS = [project_settings.BASE_DIR / app / "templates" for app in APPS]
OTHERS = ("admin/", "email/", "pages/menus/admin.html")  # no part of a public page
BLOCK = re.compile(r"{% *block (\w+)")
TEXT = "/about/team/"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english"),
]


def public_templates():
    """Return the templates of Mezzanine that make public pages: a dict, paths by name."""
    found = {}
    for file in MEZZANINE.glob("*/templates/**/*.html"):
        name = file.relative_to(next(p for p in file.parents if p.name == "templates")).as_posix()
        if not name.startswith(OTHERS):
            found[name] = file
    return found


def ours(name):
    return next((folder / name for folder in OURS if (folder / name).exists()), None)


def blocks_of(name):
    """Return the names of the blocks of one of our templates, and of those that it extends."""
    text = ours(name).read_text("utf-8")
    parent = re.match(r'{% extends "(.+)" %}', text)
    return {*BLOCK.findall(text)} | (blocks_of(parent[1]) if parent else set())


# The templates


@pytest.mark.parametrize("name", public_templates())
def test_a_public_template_of_mezzanine_has_one_of_ours_in_its_place(name):
    assert ours(name), f"write theme/templates/{name}"


@pytest.mark.parametrize("name", public_templates())
def test_what_extends_mezzanines_template_finds_its_blocks_in_ours(name):
    blocks = set(BLOCK.findall(public_templates()[name].read_text("utf-8")))
    assert blocks <= blocks_of(name)


def test_templates_have_nothing_that_a_strict_content_security_policy_forbids():
    forbidden = re.compile(r"""\sstyle=|\son[a-z]+=["']|<style|javascript:|<script(?![^>]*src=)""")
    for folder in OURS[:3]:
        for file in folder.rglob("*.html"):
            if "/admin/" not in file.as_posix():
                assert not forbidden.findall(file.read_text("utf-8")), file


def test_there_is_less_of_it_than_there_was():
    theirs = sum(len(file.read_text("utf-8").splitlines()) for file in public_templates().values())
    style = Path(finders.find("css/theme.css")).read_text("utf-8").splitlines()
    scripts = [Path(finders.find(f"js/{name}.js")) for name in ("theme", "outside")]  # for visitors
    assert theirs > 1000
    assert len(style) <= 600
    assert sum(len(file.read_text("utf-8").splitlines()) for file in scripts) <= 120


TOKEN = re.compile(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)")


def luminance(colour):
    """Return the relative luminance of #rgb or #rrggbb, as WCAG defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(part * c for part, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(*colours):
    low, high = sorted(luminance(colour) for colour in colours)
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(scope="module")
def tokens():
    """The colours of theme.css: a pair, for light and for dark, by name."""
    style = Path(finders.find("css/theme.css")).read_text("utf-8")
    return {name: colours for name, *colours in TOKEN.findall(style)}


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_have_the_contrast_that_reading_takes(tokens, scheme):
    for ground in ("paper", "surface"):
        for text in ("text", "muted", "accent", "wrong"):
            assert contrast(tokens[text][scheme], tokens[ground][scheme]) >= 4.5, (text, ground)
    assert contrast(tokens["on-accent"][scheme], tokens["accent"][scheme]) >= 4.5
    assert contrast(tokens["edge"][scheme], tokens["paper"][scheme]) >= 3


def test_browsers_and_nginx_have_the_colour_of_the_paper(tokens, see):
    colours = [each["content"] for each in see(TEXT).select("meta[name=theme-color]")]
    assert colours == tokens["paper"]
    nginx = (project_settings.BASE_DIR / "deploy/nginx.conf.template").read_text("utf-8")
    assert f"background:light-dark({','.join(colours)})" in nginx


# The pages


# https://html.spec.whatwg.org/multipage/common-microsyntaxes.html#global-dates-and-times
DATETIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?[+-]\d\d:?\d\d"


def addresses():
    return [
        "/",
        TEXT,
        "/contact/",
        "/gallery/",
        "/search/?q=about",
        "/search/?q=nosuch",
        "/no/such/",
    ]


def of_the_blog(post):
    date = f"{post.publish_date:%Y}/{post.publish_date.month}/"
    author = f"{BLOG}author/{post.user.username}/"
    return [BLOG, post.get_absolute_url(), f"{BLOG}archive/{date}", author]


def of_accounts():
    return ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]


def test_pages_have_no_class_of_bootstrap(see, post):
    bootstrap = Path(finders.find("css/bootstrap.css")).read_text("utf-8")
    theirs = set(re.findall(r"\.([a-z][\w-]*)(?=[^{}]*\{)", bootstrap))
    assert {"btn", "navbar", "row"} <= theirs
    for address in [*addresses(), *of_the_blog(post), *of_accounts()]:
        for user in (None, "admin"):
            used = {
                name
                for tag in see(address, user).select(".site-header, .layout, .site-footer")
                for each in tag.find_all(class_=True)
                for name in each["class"]
            }
            assert used & theirs == set(), address


def test_visitors_load_a_style_sheet_and_a_script_and_nothing_else(see, post):
    for address in [*addresses(), *of_the_blog(post)]:
        page = see(address)
        assert [link["href"] for link in page.select("link[rel=stylesheet]")] == [
            project_settings.STATIC_URL + "css/theme.css"
        ]
        scripts = [tag for tag in page.select("script") if tag.get("type") != "application/ld+json"]
        assert [tag.get("type") for tag in scripts] == ["module"]
        assert not page.select("[style], style")


def test_a_page_of_text_weighs_less_than_25_kilobytes(browse):
    style, script = (Path(finders.find(n)).read_bytes() for n in ("css/theme.css", "js/theme.js"))
    page = browse().get(TEXT).content
    assert sum(len(gzip.compress(part)) for part in (page, style, script)) < 25_000


def test_pages_have_a_main_part_one_heading_and_a_way_past_the_menu(see, post):
    for address in [*addresses(), *of_the_blog(post), *of_accounts()]:
        page = see(address)
        assert page.select_one("a.skip")["href"] == "#main"
        assert len(page.select("main#main")) == len(page.select("h1")) == 1
        assert len({tag["id"] for tag in page.select("[id]")}) == len(page.select("[id]")), address


def test_dates_and_choices_are_written_as_html_has_them(see, post):
    dates, choices = set(), set()
    for address in [*addresses(), *of_the_blog(post)]:
        page = see(address)
        dates |= {tag["datetime"] for tag in page.select("time")}
        choices |= {tag.text for tag in page.select("option")}
    assert dates
    assert [each for each in dates if not re.fullmatch(DATETIME, each)] == []
    assert {"---------", "Billing"} <= choices
    assert "" not in choices


def test_pictures_have_a_text_and_a_size(see, post):
    for address in ["/gallery/", "/"]:
        for picture in see(address).select(".gallery img"):
            assert picture["alt"]
            assert int(picture["width"]) > 0 < int(picture["height"])
            assert picture["loading"] == "lazy"


def test_staff_read_what_to_do_where_there_is_nothing_yet(see):
    BlogPost.objects.all().delete()
    Gallery.objects.get().images.all().delete()
    for address, form in {BLOG: "/add/", "/gallery/": "/change/"}.items():
        assert see(address).select_one(".hint p").text
        assert [link["href"] for link in see(address).select(".hint a")] == ["/"]
        assert form in see(address, "admin").select_one(".hint a")["href"]


def test_who_finds_nothing_is_shown_a_way_on(see):
    nothing = "/search/?q=nosuch"
    links = [link["href"] for link in see(nothing).select(".hint a")]
    assert links == ["/", BLOG]
    assert "/admin/pages/page/" in see(nothing, "admin").select_one(".hint .button")["href"]


# Comments


def test_a_reply_is_written_in_the_form_of_the_page(browse, see, post):
    first = ThreadedComment.objects.create(
        content_object=post, user_name="Ann", comment="Why?", site_id=1, is_public=True
    )
    address = see(post.get_absolute_url()).select_one(".comment .actions a")["href"]
    form = see(address).select_one("#comment")
    fields = {each["name"]: each.get("value", "") for each in form.select("input[name]")}
    assert fields["replied_to"] == str(first.pk)
    fields |= {"name": "Bob", "email": "bob@example.com", "comment": "So."}
    for replied_to, parent in {str(first.pk): first, "x": None, "99999": None}.items():
        fields |= {"replied_to": replied_to, "comment": f"So, {replied_to}"}
        assert browse().post("/comment/", fields).status_code == 302
        assert ThreadedComment.objects.latest("pk").replied_to == parent


# Errors, and the style guide


@pytest.mark.django_db(databases=[])
def test_an_error_is_told_without_the_database(rf, monkeypatch):
    assert "Sorry, an error occurred" in views.server_error(rf.get("/")).content.decode()

    def broken(name):
        raise OSError

    monkeypatch.setattr("theme.views.get_template", broken)
    answer = views.server_error(rf.get("/"))
    assert answer.status_code == 500
    assert b"Sorry, an error occurred" in answer.content


def test_a_form_without_a_token_is_refused_in_the_look_of_the_site(browse):
    from django.test import Client

    answer = Client(HTTP_HOST="127.0.0.1:8000", enforce_csrf_checks=True).post("/accounts/login/")
    assert answer.status_code == 403
    assert "css/theme.css" in answer.content.decode()


def test_the_style_guide_is_shown_while_debugging_alone(browse, settings):
    assert browse().get("/styleguide/").status_code == 404
    settings.DEBUG = True
    answer = browse().get("/styleguide/")
    assert answer.status_code == 200
    assert "--on-accent" in answer.text


def test_a_first_page_of_text_has_posts_and_pictures_below_it(see, post):
    Page.objects.get(slug="/").delete()
    RichTextPage.objects.create(title="Home", slug="/", content="<p>Words of the owner</p>")
    page = see("/")
    assert "Words of the owner" in page.select_one("main").text
    assert post.title in page.select_one(".cards").text
    assert page.select(".gallery img")
