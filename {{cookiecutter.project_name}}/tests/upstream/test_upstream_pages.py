"""Faults of Mezzanine's pages, and of its cache of them."""

from io import BytesIO
from pathlib import Path

import mezzanine.conf.forms
import mezzanine.core
import mezzanine.generic
import mezzanine.pages
import pytest
from django import forms
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.http import HttpResponse
from django.template import Context
from django.template.base import Token, TokenType
from mezzanine.core import middleware
from mezzanine.forms.models import Field
from mezzanine.pages.models import Page
from mezzanine.utils.cache import cache_get, cache_key_prefix
from originals import original
from PIL import ExifTags, Image

pytestmark = pytest.mark.django_db


def source_of(package, template):
    """Return the text of a template of Mezzanine, also where the project has another."""
    return (Path(package.__file__).parent / "templates" / template).read_text("utf-8")


def test_the_page_of_one_commenter_is_kept_for_others(ask, settings):
    settings.MIDDLEWARE = [
        "mezzanine.core.middleware.UpdateCacheMiddleware",
        "mezzanine.core.middleware.FetchFromCacheMiddleware",
    ]
    request = ask("get", "/private/")
    request._update_cache, request.site_id = True, 1
    answer = HttpResponse("Ada's", headers={"Cache-Control": "private"})
    middleware.UpdateCacheMiddleware(lambda _: answer)(request)
    assert cache_get(cache_key_prefix(request) + "/private/") == b"Ada's"


def test_the_content_of_a_page_takes_another_query(django_assert_num_queries):
    published = original("mezzanine.pages.managers.PageManager.published")
    page = published(Page.objects).get(slug="about")
    with django_assert_num_queries(1):
        page.get_content_model()


def test_keywords_are_asked_for_where_there_are_none(post, django_assert_num_queries):
    keywords_for = original("mezzanine.generic.templatetags.keyword_tags.keywords_for")
    keywords_for(post)  # which also asks for the type of its content, the first time
    with django_assert_num_queries(1):
        assert keywords_for(post) == []


def test_the_address_of_a_page_in_menus_is_made_each_time(monkeypatch):
    page, made = Page.objects.get(slug="about"), []
    original("mezzanine.pages.models.Page.set_helpers")(page, {"_current_page": None})
    monkeypatch.setattr("mezzanine.pages.models.reverse", lambda *_, **__: made.append(1))
    page.get_absolute_url(), page.get_absolute_url()
    assert len(made) == 2


def test_menus_load_the_whole_tree(ask):
    request = ask("get", "/about/")
    context = Context({"request": request, "page": Page.objects.get(slug="about")})
    page_menu = original("mezzanine.pages.templatetags.pages_tags.page_menu")
    page_menu(context, Token(TokenType.BLOCK, 'page_menu "pages/menus/primary.html"'))
    loaded = [page for pages in context["menu_pages"].values() for page in pages]
    assert {"about/team", "about/history"} <= {page.slug for page in loaded}


@pytest.mark.parametrize("name", ["breadcrumb", "dropdown", "footer", "tree"])
def test_menus_show_the_whole_tree(name):
    text = source_of(mezzanine.pages, f"pages/menus/{name}.html")
    assert "{% for page in page_branch %}" in text


def test_the_tree_of_the_admin_is_there_as_a_whole():
    text = source_of(mezzanine.pages, "pages/menus/admin.html")
    assert "{% if page.has_children %}{% page_menu page %}{% endif %}" in text


def test_commenters_get_cookies_with_their_names():
    fields = original("mezzanine.generic.forms.ThreadedCommentForm.cookie_fields")
    assert {"name", "email"} <= {*fields}


@pytest.mark.parametrize(
    ("package", "template"),
    [
        (mezzanine.core, "includes/form_fields.html"),
        (mezzanine.generic, "generic/includes/rating.html"),
    ],
)
def test_a_form_on_any_page_has_a_token(package, template):
    assert "{% csrf_token %}" in source_of(package, template)


def test_the_first_choice_of_a_list_has_no_text():
    widget = forms.Select(choices=[("", Field().placeholder_text)])
    assert '<option value="" selected></option>' in widget.render("subject", "")


def test_pages_come_with_bootstrap_and_jquery():
    source = source_of(mezzanine.core, "base.html")
    assert "css/bootstrap.css" in source
    assert "settings.JQUERY_FILENAME" in source


def test_pictures_of_commenters_come_from_another_company():
    gravatar_url = original("mezzanine.core.templatetags.mezzanine_tags.gravatar_url")
    assert "gravatar.com" in gravatar_url("ada@example.com")


def test_small_pictures_are_written_to_a_disk(tmp_path, settings, monkeypatch):
    settings.MEDIA_ROOT, storage, file = str(tmp_path), InMemoryStorage(), BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Ada"
    Image.new("RGB", (40, 20)).save(file, "JPEG", exif=exif)
    storage.save("lake.jpg", ContentFile(file.getvalue()))
    monkeypatch.setattr(default_storage, "_wrapped", storage)
    name = original("mezzanine.core.templatetags.mezzanine_tags.thumbnail")("lake.jpg", 20, 10)
    assert not storage.exists(name)
    assert Image.open(tmp_path / name).getexif()[ExifTags.Base.Artist] == "Ada"


def test_visitors_are_counted_with_what_google_shut_down():
    source = source_of(mezzanine.core, "includes/footer_scripts.html")
    assert "google-analytics.com/analytics.js" in source


def test_the_embed_of_disqus_is_an_old_one():
    comments, counts = (
        source_of(mezzanine.generic, f"generic/includes/disqus_{name}.html")
        for name in ("comments", "counts")
    )
    assert "disqus_developer" in comments
    assert "dsq-count-scr" not in counts


def test_editing_in_place_needs_jquery_and_a_script_in_the_page():
    loader = source_of(mezzanine.core, "includes/editable_loader.html")
    assert "jquery.tools.overlay.js" in loader
    assert "window.__toolbar_html" in loader


def test_each_part_of_a_page_has_a_form_of_its_own_in_it():
    assert "<template" not in source_of(mezzanine.core, "includes/editable_form.html")


def test_the_toolbar_is_opened_by_a_link_that_leads_nowhere():
    assert 'href="#"' in source_of(mezzanine.core, "includes/editable_toolbar.html")


def test_the_editor_is_one_of_2015():
    folder = Path(mezzanine.core.__file__).parent / "static/mezzanine/tinymce"
    assert "4.1.10 (2015-05-05)" in (folder / "tinymce.min.js").read_text("utf-8")[:200]
