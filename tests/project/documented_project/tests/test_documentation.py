"""What Mezzanine's documentation says of an app of one's own; authors/ is the app that it writes.

https://mezzanine.readthedocs.io/en/latest/content-architecture.html
https://mezzanine.readthedocs.io/en/latest/model-customization.html
https://mezzanine.readthedocs.io/en/latest/utilities.html
"""

from datetime import date
from pathlib import Path

import pytest
from authors.models import Asset, Author, Book, Document, Portrait, Reading, SiteAlert
from bs4 import BeautifulSoup
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.urls import reverse
from forms import fields_of
from mezzanine.blog.models import BlogPost
from mezzanine.conf import settings as conf
from mezzanine.forms.models import Form
from mezzanine.generic.models import Keyword
from mezzanine.pages.models import Page, RichTextPage
from multisite.admin import UserAdmin
from navigation.admin import SearchedBlogPostAdmin
from PIL import Image
from staff.admin import PermittedFormAdmin

User = get_user_model()
BORN = date(1904, 3, 2)
WITH_PASSWORD = {"username": "member", "password": "a member's password"}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("in_english", "mezzanines_defaults"),
]


@pytest.fixture
def seuss():
    authors = RichTextPage.objects.create(title="Authors", content="Who writes")
    return Author.objects.create(title="Dr Seuss", dob=BORN, trivia="Ted", parent=authors)


@pytest.fixture
def book(seuss):
    book = Book.objects.create(author=seuss, title="Ham")
    for title in ("pork", "eggs"):
        book.keywords.create(keyword=Keyword.objects.create(title=title))
    return Book.objects.get()


@pytest.fixture
def reading(db):
    user = User.objects.get(username="admin")
    return Reading.objects.create(title="A night", content="<p>Come</p>", user=user)


def soup(response):
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def texts(response, selector):
    return [each.get_text(" ", strip=True) for each in soup(response).select(selector)]


def save(client, path, form, **changes):
    """Send a form of the admin as it stands, but for the changes; what is wrong is shown."""
    answer = client.post(path, fields_of(client.get(path), f"#{form}_form") | changes)
    assert answer.status_code == 302, texts(answer, ".errornote, .errorlist")


def save_in_place(client, path, fields, **changes):
    form = f"form[action='/edit/']:has([name=fields][value='{fields}'])"
    answer = client.post("/edit/", fields_of(client.get(path), form) | changes)
    assert (answer.status_code, answer.text) == (200, "")


def test_a_page_knows_what_it_is(seuss):
    page = Page.objects.get(title="Dr Seuss")
    assert page.author == page.get_content_model() == seuss


def test_a_page_has_its_template_and_what_its_processors_say(seuss, book, browse):
    page = browse().get(seuss.get_absolute_url())
    assert "Ham: 0 comments" in page.text
    assert texts(page, "a[href^='/books/about/']") == ["eggs", "pork"]
    assert "A doctor of nothing. Read" in page.text
    assert texts(page, ".my-menu a") == ["Dr Seuss"]


def test_a_processor_answers_a_form(seuss, browse):
    send = fields_of(browse().get(seuss.get_absolute_url()), "form.enquiry")
    wrong = browse().post(seuss.get_absolute_url(), send | {"name": "Ann", "email": "no"})
    assert "Enter a valid email address." in wrong.text
    right = send | {"name": "Ann", "email": "ann@guest.example"}
    answer = browse().post(seuss.get_absolute_url(), right)
    assert answer.headers["Location"] == f"{seuss.get_absolute_url()}?submitted=true"


def test_pages_have_templates_by_their_address_and_by_that_of_a_parent(
    seuss, browse, settings, tmp_path
):
    (tmp_path / "pages/authors/dr-seuss").mkdir(parents=True)
    (tmp_path / "pages/authors/dr-seuss.html").write_text("Himself")
    (tmp_path / "pages/authors/dr-seuss/author.html").write_text("Below him")
    engine, *others = settings.TEMPLATES
    settings.TEMPLATES = [engine | {"DIRS": [tmp_path]}, *others]
    theo = Author.objects.create(title="Theo LeSieg", dob=BORN, parent=seuss)
    assert browse().get(seuss.get_absolute_url()).text == "Himself"
    assert browse().get(theo.get_absolute_url()).text == "Below him"


def test_a_page_is_written_with_what_belongs_to_it(seuss, browse):
    with_admin = browse("admin")
    path = f"{reverse('admin:authors_author_add')}?parent={seuss.pk}"
    own = {"book_set-0-title": "One", "chapter_set-0-title": "First", "another_field": "7"}
    save(with_admin, path, "author", title="Theo", dob="1904-03-02", **own)
    theo = Author.objects.get(title="Theo")
    assert (theo.slug, theo.another_field) == ("authors/dr-seuss/theo", 7)
    assert [theo.book_set.get().title, theo.chapter_set.get().title] == ["One", "First"]


def test_a_page_says_what_may_be_done_with_it(seuss, staff, browse):
    editor = staff("pages.change_page", "authors.change_author", "authors.delete_author")
    top = Author.objects.create(title="Top", dob=BORN)
    assert editor.post(reverse("admin:authors_author_delete", args=[top.pk])).status_code == 403
    move = {"id": seuss.pk, "parent_id": "null", "siblings[]": [seuss.pk]}
    browse("admin").post(reverse("admin_page_ordering"), move)
    seuss.refresh_from_db()
    assert seuss.parent.title == "Authors"


def test_a_page_in_the_place_of_a_view_is_where_the_view_is(browse, book):
    RichTextPage.objects.create(title="Our books", slug="books")
    page = browse().get("/books/")
    assert texts(page, ".page") == ["Our books"]
    assert texts(page, ".book") == ["Ham"]
    assert texts(page, "[aria-current=page]") != []


def test_a_model_with_an_address_is_found_listed_and_edited(reading, browse):
    address = reading.get_absolute_url()
    assert address in browse().get("/search/?q=night").text
    assert address in browse().get("/sitemap.xml").text
    with_admin = browse("admin")
    assert "A night" in with_admin.get(reverse("displayable_links_js")).text
    add = reverse("admin:authors_reading_add")
    save(with_admin, add, "reading", title="Later", content="<p>x</p>", status="1")
    later = Reading.objects.get(title="Later")
    assert later.user.username == "admin"
    assert browse().get(later.get_absolute_url()).status_code == 404
    assert with_admin.get(later.get_absolute_url()).status_code == 200


def test_fields_are_edited_in_place(reading, seuss, browse):
    with_admin = browse("admin")
    save_in_place(with_admin, reading.get_absolute_url(), "title,content", title="A day")
    save_in_place(with_admin, reading.get_absolute_url(), "starts")
    save_in_place(with_admin, seuss.get_absolute_url(), "dob", dob_year="1905")
    reading.refresh_from_db()
    seuss.refresh_from_db()
    assert (reading.title, reading.starts, seuss.dob.year) == ("A day", None, 1905)


def test_models_that_are_no_pages_are_searched_together(settings):
    settings.SEARCH_MODEL_CHOICES = ["authors.Portrait", "authors.Document"]
    Portrait.objects.create(title="My face", description="Oil on wood")
    Document.objects.create(title="My will", description="Wood for all")
    assert {each.title for each in Asset.objects.search("My")} == {"My face", "My will"}
    assert [each.title for each in Portrait.objects.search("oil")] == ["My face"]
    weights = {"title": 5, "description": 1}
    assert [each.title for each in Document.objects.search("wood -oil", weights)] == ["My will"]


def test_keywords_are_those_of_the_whole_site(book, browse):
    assert set(book.keywords_string.split()) == {"eggs", "pork"}
    assert Book.objects.filter(keywords__keyword__title__in=["eggs"]).get() == book
    assert texts(browse().get("/books/about/eggs/"), ".book") == ["Ham"]
    path = reverse("admin:authors_book_change", args=[book.pk])
    keyword = Keyword.objects.create(title="green")
    save(browse("admin"), path, "book", keywords_0=str(keyword.pk), keywords_1="green")
    book.refresh_from_db()
    assert book.keywords_string == "green"


def test_anything_is_commented_on_and_rated(book, browse, settings):
    settings.COMMENTS_DEFAULT_APPROVED = True
    address = book.get_absolute_url()
    comment = fields_of(browse().get(address), "form[id^=comment]")
    comment |= {"name": "Bert", "email": "bert@guest.example", "comment": "Green and good"}
    assert browse().post(reverse("comment"), comment).status_code == 302
    assert "Green and good" in browse().get(address).text
    of_book = "form[action='/rating/']:has([name=content_type][value='authors.book'])"
    browse().post(reverse("rating"), fields_of(browse().get(address), of_book) | {"value": "9"})
    book.refresh_from_db()
    assert book.comments_count == 1
    assert (book.rating_average, book.rating_sum, book.rating_count) == (9, 9, 1)


def test_a_comment_waits_for_the_log_in_that_it_takes(book, browse, settings):
    settings.COMMENTS_ACCOUNT_REQUIRED = True
    visitor = browse()
    comment = fields_of(visitor.get(book.get_absolute_url()), "form[id^=comment]")
    comment |= {"name": "Bert", "email": "bert@guest.example", "comment": "Good"}
    log_in = visitor.post(reverse("comment"), comment).headers["Location"]
    answer = visitor.post(log_in, WITH_PASSWORD)
    visitor.get(answer.headers["Location"])
    assert book.comments.get().comment == "Good"


def test_a_picture_has_a_thumbnail(book, seuss, browse, media_root):
    Path(media_root, "authors").mkdir(exist_ok=True)
    Image.new("RGB", (400, 200)).save(Path(media_root, "authors/cover.png"))
    Book.objects.update(cover="authors/cover.png")
    (picture,) = soup(browse().get(seuss.get_absolute_url())).select("img[src*=cover]")
    (thumbnail,) = Path(media_root, "authors").rglob("cover-100x0*")
    assert picture["src"].endswith(f"/{thumbnail.name}")
    assert Image.open(thumbnail).size == (100, 50)


def test_there_is_one_of_what_there_is_to_be_one_of(browse):
    with_admin = browse("admin")
    add = reverse("admin:authors_sitealert_add")
    save(with_admin, add, "sitealert", message="Fire")
    assert "Fire" in with_admin.get(add, follow=True).text
    changelist = with_admin.get(reverse("admin:authors_sitealert_changelist"))
    save(with_admin, changelist.headers["Location"], "sitealert", message="Water")
    assert SiteAlert.objects.get().message == "Water"


def test_the_blog_has_fields_and_a_form_of_ones_own(browse):
    post = BlogPost.objects.get()
    path = reverse("admin:blog_blogpost_change", args=[post.pk])
    assert 'name="image"' in browse("admin").get(path).text
    save(browse("admin"), path, "blogpost", **{"customizations-0-subtitle": "Or not"})
    assert BlogPost.objects.get().customizations.subtitle == "Or not"


def test_the_forms_of_the_admin_keep_what_this_project_adds_to_them():
    found = {model: type(admin.site._registry[model]) for model in (BlogPost, Form, User)}
    assert {each.__module__ for each in found.values()} == {"authors.admin"}
    assert issubclass(found[BlogPost], SearchedBlogPostAdmin)
    assert issubclass(found[Form], PermittedFormAdmin)
    assert issubclass(found[User], UserAdmin)


def test_staff_cannot_make_themselves_superusers(staff):
    editor = staff("auth.change_user", "auth.view_user")
    me = User.objects.get(username__startswith="staff")
    page = editor.get(reverse("admin:auth_user_change", args=[me.pk]))
    assert page.status_code == 200
    assert 'name="is_superuser"' not in page.text


def test_settings_of_ones_own_are_in_the_admin(book, seuss, browse):
    path = reverse("admin:conf_setting_changelist")
    with_admin = browse("admin")
    fields = fields_of(with_admin.get(path), "#content-main form, form:has([name^=AUTHORS])")
    Book.objects.create(author=seuss, title="Eggs")
    with_admin.post(path, fields | {"AUTHORS_BOOKS_PER_PAGE": "1", "AUTHORS_MOTTO": "Write"})
    assert len(texts(browse().get("/books/"), ".book")) == 1
    assert "Write" in browse().get(seuss.get_absolute_url()).text
    conf.clear_cache()


def test_an_account_has_a_profile(browse):
    visitor = browse()
    fields = fields_of(visitor.get(reverse("signup")), "form[method=post]:has([name=bio])")
    assert not {"first_name", "last_name", "signup_date"} & {*fields}
    fields |= {"username": "ada", "email": "ada@guest.example", "date_of_birth": "1815-12-10"}
    fields |= {"password1": "rye and 1 salt", "password2": "rye and 1 salt", "bio": "Counts"}
    assert visitor.post(reverse("signup"), fields).status_code == 302
    assert "Counts" in visitor.get("/users/ada/").text
    ada = User.objects.get(username="ada")
    path = reverse("admin:auth_user_change", args=[ada.pk])
    save(browse("admin"), path, "user", **{"myprofile-0-bio": "Computes"})
    ada.myprofile.refresh_from_db()
    assert ada.myprofile.bio == "Computes"


def test_a_theme_is_an_app_before_the_others(browse):
    post = browse().get(BlogPost.objects.get().get_absolute_url())
    assert texts(post, "p.colours") == ["Colours"]
    assert len(soup(post).select("div.colours p")) > 0
    assert finders.find("css/colours.css")
