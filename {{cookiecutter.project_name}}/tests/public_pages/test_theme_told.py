"""What pages tell those who share and search them; their texts and pictures."""

import json

import pytest
from bs4 import BeautifulSoup
from django.contrib.staticfiles import finders
from django.template import Context, Template
from PIL import Image

from theme import pictures
from theme.text import finish, first_sentences

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english"),
]


# Told to others


def test_a_page_tells_what_it_is_to_those_who_share_it(see, post):
    post.content = "<p>A loaf &amp; more. What a day</p>"
    post.description = post.featured_image = ""
    post.title = 'A "loaf" </script>'
    post.save()
    page = see(f"{post.get_absolute_url()}?utm_source=x")
    address = f"http://127.0.0.1:8000{post.get_absolute_url()}"
    assert page.select_one("link[rel=canonical]")["href"] == address
    for name, content in {"url": address, "type": "article", "title": post.title}.items():
        assert page.select_one(f"meta[property='og:{name}']")["content"] == content
    assert page.select_one("meta[name=description]")["content"].startswith("A loaf & more")
    assert page.select_one("meta[name='twitter:card']")["content"] == "summary"
    graph = json.loads(page.select_one("script[type='application/ld+json']").string)["@graph"]
    kinds = {each["@type"]: each for each in graph}
    assert kinds["BlogPosting"]["headline"] == post.title
    assert kinds["BreadcrumbList"]["itemListElement"][-1]["name"] == post.title
    assert kinds["WebSite"]["url"] == "http://127.0.0.1:8000/"


def test_a_page_in_several_languages_names_the_others(rf, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    settings.ROOT_URLCONF = "languages_urls"
    shown = "{% for p in t %}{% firstof p.code %} {% firstof p.address %}{% endfor %}"
    template = Template("{% load theme_tags %}{% translations as t %}" + shown)
    there = template.render(Context({"request": rf.get("/en/shown/")}))
    assert "/de/shown/" in there
    assert "x-default" in there
    assert template.render(Context({"request": rf.get("/same/")})) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("One. Two.", "One. Two."),
        ("Salt & <b>pepper</b>", "Salt & pepper"),
        (f"{'word ' * 20}end. {'word ' * 20}", f"{'word ' * 20}end."),
        ("word " * 50, f"{('word ' * 32).strip()}…"),
        ("日" * 60 + "。" + "本" * 200, "日" * 60 + "。"),
        ("", ""),
    ],
)
def test_a_description_ends_where_a_sentence_does(text, shown):
    assert first_sentences(text) == shown
    assert len(first_sentences(text)) <= 161


def test_a_telephone_is_told_the_name_of_the_site(browse):
    answer = browse().get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    assert all(finders.find(icon["src"].split("/", 2)[2]) for icon in answer.json()["icons"])


# Texts and pictures


def test_tables_and_code_are_scrolled_by_keyboard_and_embeds_wait():
    html = finish(
        "<table><tr><td><table></table></td></tr></table><pre>x</pre><img src='/media/a.png'>"
        "<iframe src='https://video.example/1' title='A film'></iframe>"
    )
    text = BeautifulSoup(html, "html.parser")
    assert len(text.select("div.scroll[tabindex][role=region][aria-label]")) == 1
    assert text.select("pre[tabindex]")
    assert text.img["alt"] == ""
    assert text.select_one(".embed a")["href"] == "https://video.example/1"
    assert not text.select("iframe")
    assert finish("<p>x<br>y</p>") == "<p>x<br>y</p>"


@pytest.mark.parametrize("name", ["a b.jpg", 'it\'s "50%" é.png', "x.gif", "wide.webp"])
def test_a_picture_comes_in_widths_that_browsers_choose_from(media_root, name):
    Image.new("RGB", (2400, 1200)).save(media_root / name)
    found = pictures.versions(name)
    assert (found["width"], found["height"]) == (1920, 960)
    widths = [each.split()[1] for each in found["srcset"].split(", ")]
    assert widths == ["480w", "960w", "1920w"]
    html = Template("{% load theme_tags %}{% picture f 'A' '50vw' %}").render(Context({"f": name}))
    assert BeautifulSoup(html, "html.parser").img["alt"] == "A"
    assert not list(media_root.rglob("tmp*.webp"))  # drafts


def test_a_picture_is_opened_again_when_it_has_lost_a_version(media_root, monkeypatch):
    Image.new("RGB", (900, 300)).save(media_root / "once.png")
    found = pictures.versions("once.png")
    with monkeypatch.context() as patch:
        patch.setattr(pictures.Image, "open", None)
        assert pictures.versions("once.png") == found
    (lost,) = media_root.rglob("once*.480x*.webp")
    lost.unlink()
    assert pictures.versions("once.png") == found
    assert lost.exists()


def test_what_is_no_picture_is_shown_as_it_is(media_root):
    (media_root / "drawing.svg").write_text("<svg/>")
    (media_root / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    for name in ("drawing.svg", "gone.jpg", "broken.png", ""):
        assert pictures.versions(name)["srcset"] == ""
