"""What staff type that would make a page of visitors an error is refused, in words."""

from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from django.contrib.redirects.models import Redirect
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from forms import fields_of
from media_acts import GIF
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.forms import fields
from mezzanine.forms.models import Form
from mezzanine.galleries.models import Gallery, GalleryImage
from mezzanine.generic.models import Keyword
from mezzanine.pages.models import RichTextPage
from translated_texts import filled

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("mezzanines_base", "mezzanines_defaults", "in_english", "home_page"),
]


@pytest.fixture
def admin(browse):
    return browse("admin")


def save(client, address, selector, **changed):
    """Save what a form of the admin shows, with some fields changed; return the answer."""
    sent = filled(fields_of(client.get(address), selector), **changed)
    return client.post(address, {name: sent[name] for name in sent if "__prefix__" not in name})


def change(client, thing, **changed):
    name = f"{thing._meta.app_label}_{thing._meta.model_name}"
    address = reverse(f"admin:{name}_change", args=[thing.pk])
    return save(client, address, f"#{thing._meta.model_name}_form", **changed)


def test_a_post_has_a_year_of_four_digits(admin, browse):
    post, blog = BlogPost.objects.get(), reverse("blog_post_list")
    answer = change(admin, post, publish_date_0="0026-11-30", publish_date_1="10:00:00")
    assert "The year has four digits" in answer.text
    assert browse().get(blog).status_code == 200
    assert change(admin, post, publish_date_0="1026-11-30").status_code == 302
    assert browse().get(blog).status_code == 200


def test_texts_that_are_too_long_are_refused_in_words(admin, settings):
    """A pasted picture makes a text long. NGINX refuses of visitors what is larger than 10 MB."""
    assert admin.post("/robots.txt", {"text": "x" * 9_000_000}).status_code == 200
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000
    page = RichTextPage.objects.get(slug="about")
    answer = change(admin, page, content="x" * 100_000)
    assert answer.status_code == 413
    assert "Nothing was saved. A form takes 97.7" in answer.text


@pytest.mark.parametrize(
    ("kind", "default", "words"),
    [
        (fields.TEXT, "{% broken %}", "A default value is a template"),
        (fields.TEXT, "{% firstof request.user|nothing %}", "A default value is a template"),
        (fields.FILE, "letter.pdf", "There is no default value for a file."),
        (fields.TEXT, "100 %, {% firstof request.user %}", ""),
    ],
)
def test_a_default_value_of_a_form_can_be_shown(admin, browse, kind, default, words):
    form = Form.objects.filter(fields__isnull=False).first()
    form.fields.all().delete()
    field = {"label": "L", "field_type": kind, "default": default, "required": ""}
    answer = change(
        admin,
        form,
        **{f"fields-0-{name}": value for name, value in field.items()},
    )
    assert answer.status_code == (200 if words else 302)
    assert words in answer.text
    assert form.fields.exists() == (not words)
    assert browse().get(form.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    "kind", [fields.SELECT, fields.SELECT_MULTIPLE, fields.RADIO_MULTIPLE, fields.CHECKBOX_MULTIPLE]
)
def test_a_list_of_a_form_has_choices(admin, kind):
    form = Form.objects.filter(fields__isnull=False).first()
    form.fields.all().delete()
    for choices in ("", " , ", "one, two"):
        field = {"label": "L", "field_type": kind, "choices": choices}
        answer = change(
            admin,
            form,
            **{f"fields-0-{name}": value for name, value in field.items()},
        )
        assert ("Type what visitors can choose from." in answer.text) == ("one" not in choices)
    assert form.fields.get().choices == "one, two"


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        ("one@x.example, two", "This is no e-mail address: two"),
        ("one@x.example; two@x.example", "This is no e-mail address"),
        ("one@x.example, two@x.example,", ""),
    ],
)
def test_copies_of_a_form_go_to_addresses(admin, addresses, words):
    form = Form.objects.first()
    answer = change(admin, form, email_copies=addresses)
    assert answer.status_code == (200 if words else 302)
    assert words in answer.text


@pytest.mark.parametrize("name", ["BLOG_POST_PER_PAGE", "COMMENTS_NUM_LATEST", "SEARCH_PER_PAGE"])
@pytest.mark.parametrize(
    ("number", "words"),
    [(-1, "greater than or equal to 0"), (10**20, "less than or equal to 1000"), (7, "")],
)
def test_how_many_a_page_shows_is_a_number_that_can_be(admin, name, number, words, settings):
    if hasattr(settings, name):
        delattr(settings, name)
    answer = save(
        admin, reverse("admin:conf_setting_changelist"), "#settings-form", **{name: number}
    )
    assert answer.status_code == (200 if words else 302)
    assert words in answer.text
    stored = Setting.objects.filter(name=name, value=str(number)).exists()
    assert stored == (not words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("/x/", "/x/", "would lead in a circle"),
        ("/x/", "/one/", "would lead in a circle"),
        ("/x/", "/x", "would lead in a circle"),
        ("/", "/", "would lead in a circle"),
        ("x/", "/about/", "begins with a slash"),
        ("/x/", "javascript:alert(1)", "Type an address such as"),
        ("/x/", "about", "Type an address such as"),
        ("/x/", "/round/", ""),
        ("/x/", "https://example.com/x/", ""),
        ("/x/", "", ""),
    ],
)
def test_a_redirect_leads_somewhere(admin, old, new, words):
    for path, leads_to in (("/one/", "/two"), ("/two/", "/x/"), ("/round/", "/round/")):
        Redirect.objects.create(site_id=1, old_path=path, new_path=leads_to)
    address = reverse("admin:redirects_redirect_add")
    answer = save(admin, address, "#redirect_form", old_path=old, new_path=new)
    assert answer.status_code == (200 if words else 302)
    assert words in answer.text
    assert Redirect.objects.filter(old_path=old).exists() == (not words)


def test_a_gallery_of_hundreds_of_pictures_is_saved(admin, uploads):
    titles = {column.name: "Many" for column in Gallery._meta.fields if "title" in column.name}
    gallery = Gallery.objects.create(**titles)
    path = default_storage.save("uploads/site-1/one.gif", ContentFile(GIF))
    pictures = [GalleryImage(gallery=gallery, file=path, _order=place) for place in range(250)]
    GalleryImage.objects.bulk_create(pictures)
    assert change(admin, gallery, content="All of them").status_code == 302
    gallery.refresh_from_db()
    assert gallery.content == "All of them"


def test_no_setting_is_longer_than_the_database_has_room_for(admin):
    address, form = reverse("admin:conf_setting_changelist"), "#settings-form"
    page = BeautifulSoup(admin.get(address).content, "html.parser")
    texts = page.select(f"{form} :is(textarea, input[type=text], input[type=password])")
    texts = [text["name"] for text in texts]
    assert {"SITE_TITLE", "TWITTER_BEARER_TOKEN"} <= {*texts}
    answer = save(admin, address, form, **dict.fromkeys(texts, "x" * 2001))
    refused = BeautifulSoup(answer.content, "html.parser").select(f"{form} .errorlist")
    assert len(refused) == len(texts)
    assert not Setting.objects.filter(value__startswith="xxx").exists()


@pytest.mark.parametrize("address", ["nowhere", "no%where:page", "1:page"])
def test_whoever_logs_out_to_nowhere_is_told(browse, address):
    answer = browse("member").get("/accounts/logout/", {"next": address})
    assert answer.status_code in (302, 400)


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_characters_that_xml_cannot_have_are_not_in_feeds(admin, browse, form):
    post, feed = BlogPost.objects.get(), reverse("blog_post_feed", args=[form])
    assert change(admin, post, title="Rye\x0b and \x02wheat").status_code == 302
    answer = browse().get(feed)
    assert answer.status_code == 200
    titles = [node.text for node in ElementTree.fromstring(answer.content).iter()]
    assert "Rye and wheat" in titles


def test_keywords_are_no_longer_than_there_is_room_for(admin):
    words = ["k" * 600, *(f"a keyword with the number {number}" for number in range(60))]
    submit = reverse("admin_keywords_submit")
    ids = admin.post(submit, {"text_keywords": ", ".join(words)}).text.partition("|")[0]
    assert len(Keyword.objects.get(title__startswith="kkk").title) == 500
    post = BlogPost.objects.get()
    assert change(admin, post, keywords_0=ids).status_code == 302
    post.refresh_from_db()
    assert post.keywords.count() == 61
    assert len(post.keywords_string) == 500
