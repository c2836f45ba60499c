"""Each fault of Django or Mezzanine that PATCHES.md names is still there.

A test that fails says that the fault was mended, or that the code has moved. Then look at the row
of the test in PATCHES.md: the change that it names can go, or has to be made elsewhere.
"""

import importlib
import inspect
import re
import threading
from contextvars import copy_context
from importlib.metadata import requires
from pathlib import Path

import filebrowser_safe.views
import mezzanine.accounts.views
import mezzanine.conf.forms
import mezzanine.core.views
import mezzanine.galleries
import mezzanine.generic
import pytest
from django.apps import apps
from django.conf import global_settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LogoutView
from django.contrib.sessions.backends.cache import SessionStore
from django.contrib.sites.models import Site
from django.contrib.staticfiles import finders
from django.core.cache.backends import memcached
from django.core.exceptions import ObjectDoesNotExist
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.template.loader import get_template
from django.utils.datastructures import MultiValueDictKeyError
from mezzanine.accounts.admin import UserProfileAdmin
from mezzanine.accounts.forms import PasswordResetForm
from mezzanine.blog.models import BlogPost
from mezzanine.core import middleware
from mezzanine.core import request as current
from mezzanine.core.auth_backends import MezzanineBackend
from mezzanine.core.management.commands import createdb
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.pages.models import Page
from mezzanine.utils.cache import cache_get, cache_key_prefix
from mezzanine.utils.sites import override_current_site_id
from originals import original

from feeds.credentials import NAMES

pytestmark = pytest.mark.django_db
User = get_user_model()


@pytest.fixture
def two(add_site):
    return add_site("two.example")


@pytest.fixture
def post(db):
    return BlogPost.objects.create(title="Draft", user=User.objects.get(username="admin"))


@pytest.fixture
def ask(rf):
    """Return a function that makes a request of that user, the site's admin or nobody."""

    def ask(method, address="/", data=None, user=None):
        request = getattr(rf, method)(address, data or {})
        request.user, request.session = user or AnonymousUser(), SessionStore()
        return request

    return ask


@pytest.fixture
def user(db):
    return User.objects.get(username="admin")


@pytest.fixture
def editor(db):
    return User.objects.create_user("editor", "member@example.com", "secret", is_staff=True)


def source_of(package, template):
    """Return the text of a template of Mezzanine, also where the project has another."""
    return (Path(package.__file__).parent / "templates" / template).read_text("utf-8")


# Which site


def test_the_current_request_is_shared_by_all_that_runs_on_a_thread():
    local = original("mezzanine.core.request._thread_local")
    copy_context().run(setattr, local, "request", "of another task")
    assert local.request == "of another task"


def test_the_request_stays_behind_on_the_thread(ask, monkeypatch):
    monkeypatch.setattr(current, "_thread_local", threading.local())
    request = ask("get")
    current.CurrentRequestMiddleware(lambda _: HttpResponse())(request)
    assert current.current_request() is request


def test_the_site_cannot_be_overridden_within_an_override(monkeypatch):
    local = original("mezzanine.utils.sites.override_current_site_id.thread_local")
    monkeypatch.setattr(override_current_site_id, "thread_local", local)
    with pytest.raises(AttributeError), override_current_site_id(1), override_current_site_id(2):
        pass


def test_djangos_current_site_is_the_one_of_the_settings(two, settings):
    get_current = original("django.contrib.sites.models.SiteManager.get_current")
    with override_current_site_id(two.pk):
        assert get_current(Site.objects).pk == settings.SITE_ID


def test_staff_of_another_site_see_drafts(post, editor):
    BlogPost.objects.filter(pk=post.pk).update(status=CONTENT_STATUS_DRAFT)
    editor.has_site_permission = False
    published = original("mezzanine.core.managers.PublishedManager.published")
    assert post in published(BlogPost.objects, for_user=editor)


def test_staff_of_another_site_are_logged_out(ask, editor):
    request = ask("get", "/admin/", user=editor)
    middleware.SitePermissionMiddleware(lambda _: None).process_view(request, None, (), {})
    assert not request.user.is_authenticated


def test_a_link_chooses_the_site_of_staff(ask, user):
    assert (
        '<form action="{% url "set_site" %}">'
        in get_template("admin/includes/dropdown_menu.html").template.source
    )
    request = ask("get", "/", {"site_id": "1"}, user)
    mezzanine.core.views.set_site(request)
    assert request.session["site_id"] == 1


def test_a_database_is_made_once():
    with pytest.raises(CommandError, match="already created"):
        call_command(createdb.Command(), interactive=False)


# Pages and their cache


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


def test_the_gallery_leaves_out_the_style_sheets_of_the_site():
    block = source_of(mezzanine.galleries, "pages/gallery.html").partition("{% block extra_css %}")
    assert block[1]
    assert "block.super" not in block[2].partition("{% endblock")[0]


def test_pictures_of_commenters_come_from_another_company():
    gravatar_url = original("mezzanine.core.templatetags.mezzanine_tags.gravatar_url")
    assert "gravatar.com" in gravatar_url("ada@example.com")


# Accounts


@pytest.mark.parametrize("view", ["login", "signup"])
def test_pages_of_accounts_may_be_cached(ask, view):
    response = getattr(mezzanine.accounts.views, view)(ask("get"))
    assert "Cache-Control" not in response


def test_nobody_logs_in_with_an_address_that_two_accounts_have(editor):
    with pytest.raises(User.MultipleObjectsReturned):
        MezzanineBackend().authenticate(username=editor.email, password="secret")


def test_no_password_is_reset_by_an_address_that_two_accounts_have(editor):
    with pytest.raises(User.MultipleObjectsReturned):
        PasswordResetForm({"username": editor.email}).is_valid()


def test_logging_out_takes_a_POST_and_the_admin_has_a_link(ask):
    assert LogoutView.as_view()(ask("get")).status_code == 405
    header = get_template("admin/includes_grappelli/header.html").template.source
    assert re.search(r'<a href="\S+ logout_url', header)


def test_who_may_edit_users_may_make_superusers(ask, editor):
    fields = UserProfileAdmin(User, admin.site).get_readonly_fields(ask("get", user=editor))
    assert "is_superuser" not in fields


# The admin


def test_keys_are_shown_to_all_who_see_the_settings():
    field = mezzanine.conf.forms.SettingsForm().fields[NAMES[0]]
    assert field.widget.input_type == "text"


def test_fields_that_are_folded_stay_hidden():
    rules = Path(finders.find("grappelli/css/modules.css")).read_text("utf-8")
    assert re.search(r"fieldset\.collapse-closed div \{\s+display: none", rules)


def test_anybody_may_ask_which_files_were_uploaded(ask):
    request = ask("post", "/", {"folder": "", "name": "secret.txt"})
    assert filebrowser_safe.views._check_file(request).status_code == 200


def test_translations_of_a_package_that_is_not_there_are_an_error(ask):
    import mezzanine.urls

    view = next(p for p in mezzanine.urls.urlpatterns if "jsi18n" in str(p.pattern)).callback
    with pytest.raises(ValueError, match="no.such"):
        view(ask("get"), packages="no.such", domain="django")


def test_what_is_gone_cannot_be_edited_in_place(ask, user):
    with pytest.raises(ObjectDoesNotExist):
        mezzanine.core.views.edit(
            ask("post", "/", {"app": "blog", "model": "blogpost", "id": 0}, user)
        )


def test_a_parameter_that_is_left_out_is_an_error(ask, user):
    with pytest.raises(MultiValueDictKeyError):
        mezzanine.core.views.edit(ask("post", user=user))


# Versions and settings


def test_mezzanine_declares_an_older_django():
    assert "django<5,>=2.2" in requires("mezzanine")


def test_mezzanines_own_tweets_cannot_be_imported():
    with pytest.raises(ImportError, match="utc"):
        importlib.import_module("mezzanine.twitter.models")


def test_the_media_library_reads_a_setting_that_django_dropped():
    assert "django_settings.DEFAULT_FILE_STORAGE" in inspect.getsource(filebrowser_safe.views)
    assert not hasattr(global_settings, "DEFAULT_FILE_STORAGE")


def test_mezzanine_leaves_the_type_of_its_keys_to_the_settings():
    assert not apps.get_app_config("blog")._is_default_auto_field_overridden


def test_django_has_no_cache_for_python_memcached():
    assert not hasattr(memcached, "MemcachedCache")


def test_a_style_sheet_of_mezzanine_names_a_file_that_is_not_there():
    text = Path(finders.find("css/bootstrap.css")).read_text("utf-8")
    assert "sourceMappingURL=bootstrap.css.map" in text
    assert not finders.find("css/bootstrap.css.map")
