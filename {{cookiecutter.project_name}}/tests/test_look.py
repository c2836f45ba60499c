"""The look that the owner of a site chooses in the admin: colours, fonts, logo and more."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from forms import fields_of
from mezzanine.conf.models import Setting
from mezzanine.utils.sites import override_current_site_id
from PIL import Image
from translated_texts import filled

from theme import look

SETTINGS = "/admin/conf/setting/"
HOSTILE = '"; } body { display: none } </style><script>alert(1)</script> \\22 url(//x.example)'

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english", "home_page"),
]


@pytest.fixture
def choose(browse):
    """Return a function that fills in the form of settings, as the admin, and sends it."""

    def choose(path=SETTINGS, **fields):
        client = browse("admin")
        form = fields_of(client.get(SETTINGS), "#settings-form")
        return client.post(path, form | {f"LOOK_{name}": value for name, value in fields.items()})

    return choose


@pytest.fixture
def see(browse):
    def see(address="/", **options):
        return BeautifulSoup(browse(**options).get(address).content, "html.parser")

    return see


def store(**values):
    for name, value in values.items():
        Setting.objects.update_or_create(name=name, defaults={"value": value})


def style_of(page, browse, **options):
    links = [link["href"] for link in page.select("link[rel=stylesheet]")]
    own = [link for link in links if link.startswith("/look.css?")]
    return browse(**options).get(own[0]).text if own else ""


@pytest.fixture
def picture(media_root):
    path = media_root / "uploads/site-1/our logo.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (400, 100)).save(path)
    return "uploads/site-1/our logo.png"


# Chosen and shown


def test_a_site_whose_owner_has_chosen_nothing_loads_nothing_more(see, choose, browse):
    assert choose().status_code == 302
    page = see()
    assert style_of(page, browse) == ""
    assert page.select_one("meta[name=theme-color]")["content"] == look.PAPER[0]


def test_colours_fonts_and_layout_are_those_that_were_chosen(see, choose, browse):
    fields = {"ACCENT": "#7A1F5C", "PAPER": "#fff8f0", "FONT": "serif", "LAYOUT": "centred"}
    assert choose(**fields, SCHEME="light").status_code == 302
    page = see()
    css = style_of(page, browse)
    for part in ("--accent: light-dark(#7a1f5c, ", "--paper: light-dark(#fff8f0, #15171a)"):
        assert part in css
    for part in ('--font: "Iowan Old Style"', "color-scheme: light;", "justify-content: center"):
        assert part in css
    assert "&" not in css
    assert page.select_one("meta[name=theme-color]")["content"] == "#fff8f0"


def test_another_look_has_another_address_and_browsers_keep_each(see, choose, browse):
    choose(FONT="serif")
    first = see().select("link[rel=stylesheet]")[-1]["href"]
    assert "immutable" in browse().get(first)["Cache-Control"]
    choose(FONT="newspaper")
    assert see().select("link[rel=stylesheet]")[-1]["href"] != first
    assert browse().get(first)["Cache-Control"] == "no-cache"


def test_the_look_takes_no_query_of_its_own(browse, choose):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            browse().get("/about/")
        return len(asked)

    def fewest():  # the first finds nothing kept, and once in a while the sites are looked at
        return min(queries() for _ in range(4))

    before = fewest()
    choose(FONT="serif", ACCENT="#7a1f5c")
    assert fewest() == before


def test_logo_icon_and_picture_for_sharing_are_uploads(see, choose, browse, picture):
    chosen = {"LOGO": picture, "ICON": picture, "SHARE_PICTURE": picture}
    assert choose(**chosen).status_code == 302
    page = see("/about/")
    logo = page.select_one(".brand img.logo")
    assert logo["alt"] == Setting.objects.get(name="SITE_TITLE").value
    assert page.select_one("link[rel=icon]")["href"].endswith("our%20logo.png")
    assert "our%20logo" in page.select_one("meta[property='og:image']")["content"]
    icons = browse().get("/manifest.webmanifest").json()["icons"]
    assert icons[0]["src"].endswith("our%20logo.png")


def test_the_text_at_the_foot_has_links_and_no_html(see):
    store(SITE_FOOTER="Ours <b>alone</b>\nhttps://one.example/")
    foot = see().select_one(".site-footer")
    assert "Ours <b>alone</b>" in foot.text
    assert foot.select_one("a[href='https://one.example/']")


def test_a_text_for_the_foot_that_has_no_room_is_refused(browse):
    client = browse("admin")
    fields = filled(fields_of(client.get(SETTINGS), "#settings-form"), SITE_FOOTER="x" * 3000)
    assert "at most 1000 characters" in client.post(SETTINGS, fields).text


def test_each_site_has_a_look_of_its_own(see, choose, browse, add_site):
    two = add_site("two.example:8000")
    choose(FONT="serif")
    with override_current_site_id(two.pk):
        store(LOOK_FONT="newspaper")
    assert "Iowan" in style_of(see(), browse)
    host = "two.example:8000"
    assert "Charter" in style_of(see(host=host), browse, host=host)


def test_a_new_look_is_seen_on_pages_that_are_kept(ask, django_capture_on_commit_callbacks):
    assert "/look.css" not in ask("/about/").text
    with django_capture_on_commit_callbacks(execute=True):
        store(LOOK_FONT="serif")
    answer = ask("/about/")
    assert "/look.css" in answer.text
    assert answer["X-Accel-Expires"].startswith("@")


# Refused


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ACCENT": "#e0e0e0"}, "Links cannot be read in this colour"),
        ({"ACCENT": "#767676", "PAPER": "#f0f0f0"}, "Links cannot be read in this colour"),
        ({"PAPER": "#333333"}, "Text cannot be read on this colour"),
        ({"ACCENT": HOSTILE}, "Type a colour such as #0b5a5e"),
        ({"FONT": HOSTILE}, "Select a valid choice"),
        ({"LOGO": f"{'x' * 3000}.png"}, "at most 1000 characters"),
        ({"LOGO": "uploads/site-1/x.html"}, "Extension .html is not allowed"),
        ({"LOGO": "../settings.png"}, "Choose a file of the media library of this site"),
        ({"FONT_FILE": "uploads/site-1/x.png"}, "Extension .png is not allowed"),
    ],
)
def test_what_cannot_be_is_refused_in_words(choose, fields, words):
    answer = choose(**fields)
    assert answer.status_code == 200
    errors = BeautifulSoup(answer.content, "html.parser").select(".errorlist")
    assert words in " ".join(each.text for each in errors)
    assert not Setting.objects.filter(name__startswith="LOOK_").exclude(value="").exists()


NAMES = ("ACCENT", "PAPER", "SCHEME", "FONT", "HEADING_FONT", "LAYOUT", "FONT_FILE", "LOGO", "ICON")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_is_stored_leaves_its_place(see, browse, name):
    store(**{f"LOOK_{name}": HOSTILE})
    page = see("/about/")
    assert len(page.select("script")) == 2  # the data for search engines, and the theme's
    assert not page.select("style")
    css = style_of(page, browse)
    for part in ("display: none", "<", "(//", "\\"):
        assert part not in css


@pytest.mark.parametrize("accent", ["#0b5a5e", "#7a1f5c", "#000000", "#00008b", "#6b4a00"])
def test_a_colour_is_lightened_until_it_can_be_read_in_the_dark(accent):
    lighter = look.on_dark(accent)
    for ground in (look.PAPER[1], look.SURFACE[1], look.ON_ACCENT[1]):
        assert look.contrast(lighter, ground) >= 4.5


def test_the_colours_here_are_those_of_the_style_sheet():
    css = Path(finders.find("css/theme.css")).read_text("utf-8")
    pairs = dict(re.findall(r"--([\w-]+): (light-dark\(#\w+, #\w+\))", css))
    for name, pair in {"paper": look.PAPER, "surface": look.SURFACE}.items():
        assert pairs[name] == f"light-dark({', '.join(pair)})"
    for name, colour in {"accent": look.ACCENT, "text": look.TEXT, "muted": look.MUTED}.items():
        assert pairs[name].startswith(f"light-dark({colour},")
    assert pairs["edge"].startswith(f"light-dark({look.EDGE},")
    assert pairs["on-accent"] == f"light-dark(#fff, {look.ON_ACCENT[1]})"


# The preview


def test_the_preview_shows_what_is_not_saved(choose, see, browse, picture):
    answer = choose(reverse("look_preview"), FONT="serif", LOGO=picture)
    shown = answer.json()
    assert "Iowan" in shown["css"]
    assert "<img" in shown["brand"]
    assert shown["errors"] == []
    assert style_of(see(), browse) == ""


def test_the_preview_says_what_is_wrong(choose):
    shown = choose(reverse("look_preview"), ACCENT="#eeeeee").json()
    assert "Links cannot be read" in shown["errors"][0]
    assert "--accent" not in shown["css"]


def test_the_preview_is_for_those_who_may_change_settings(staff, browse):
    address = reverse("look_preview")
    assert staff().post(address).status_code == 403
    assert browse("member").post(address).status_code == 302
    assert staff("conf.change_setting").post(address).status_code == 200
    assert browse("admin").get(address).status_code == 405
