"""Faults of Mezzanine's accounts and admin."""

import re
from importlib.util import find_spec
from pathlib import Path

import filebrowser_safe
import mezzanine.conf.forms
import mezzanine.core.admin
import mezzanine.galleries
import mezzanine.generic
import mezzanine.pages
import pytest
from django.conf import global_settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldError, ObjectDoesNotExist
from django.utils.datastructures import MultiValueDictKeyError
from django.views.i18n import JavaScriptCatalog
from mezzanine.accounts.forms import PasswordResetForm, ProfileForm
from mezzanine.blog.models import BlogPost
from mezzanine.core.auth_backends import MezzanineBackend
from mezzanine.core.forms import OrderWidget
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.generic.models import ThreadedComment
from originals import original

from feeds.credentials import NAMES
from multisite.admin import UserAdmin

pytestmark = pytest.mark.django_db
User = get_user_model()


@pytest.mark.parametrize("view", ["login", "signup"])
def test_pages_of_accounts_may_be_cached(ask, view):
    response = original(f"mezzanine.accounts.views.{view}")(ask("get"))
    assert "Cache-Control" not in response


def test_nobody_logs_in_with_an_address_that_two_accounts_have(editor):
    with pytest.raises(User.MultipleObjectsReturned):
        MezzanineBackend().authenticate(username=editor.email, password="secret")


def test_two_accounts_have_one_address_in_another_case(editor):
    form = ProfileForm({"email": editor.email.upper()})
    assert not form.is_valid()
    assert "email" not in form.errors


def test_no_password_is_reset_by_an_address_that_two_accounts_have(editor):
    with pytest.raises(User.MultipleObjectsReturned):
        PasswordResetForm({"username": editor.email}).is_valid()


def test_who_may_edit_users_may_make_superusers(ask, editor):
    theirs = UserAdmin.__bases__[-1](User, admin.site)
    fields = theirs.get_readonly_fields(ask("get", user=editor))
    assert "is_superuser" not in fields


def test_keys_are_shown_to_all_who_see_the_settings():
    field = mezzanine.conf.forms.SettingsForm().fields[NAMES[0]]
    assert field.widget.input_type == "text"


def test_the_settings_take_any_text_for_a_sender():
    field = mezzanine.conf.forms.SettingsForm().fields["MAIL_SENDER"]
    assert field.clean("no address") == "no address"


def source_of(package, template):
    """Return the text of a template of Mezzanine, also where the project has another."""
    return Path(package.__file__).with_name("templates").joinpath(template).read_text("utf-8")


def test_the_admin_of_mezzanine_is_made_for_grappelli():
    base = source_of(mezzanine.core, "admin/base_site.html")
    assert "block before_content" in base  # which Django's has not
    assert "{ media }" in base  # as in Django's: the shortcuts of a date are there twice
    assert "css/login.css" in source_of(mezzanine.core, "admin/login.html")


def test_a_page_is_deleted_with_a_script_in_the_page():
    name = "admin/pages/page/delete_confirmation.html"
    assert "<script>" in source_of(mezzanine.pages, name)


def test_the_menu_of_the_admin_is_in_the_order_of_its_apps(ask, user):
    found = original("django.contrib.admin.sites.AdminSite.get_app_list")(
        admin.site, ask("get", user=user)
    )
    assert "media-library" not in str(found)
    assert [app["name"] for app in found] == sorted(app["name"] for app in found)


def test_an_order_is_shown_by_pictures_that_do_nothing():
    arrows = original("mezzanine.core.forms.OrderWidget.render")(OrderWidget(), "_order", 1)
    assert "arrow-up.gif" in arrows
    assert "<button" not in arrows


def test_rows_are_dragged_by_jquery_ui_and_wider_than_a_telephone():
    media = Path(mezzanine.core.__file__).with_name("forms.py").read_text("utf-8")
    assert "JQUERY_UI_FILENAME" in media
    assert "template" not in vars(mezzanine.core.admin.BaseDynamicInlineAdmin)


def test_stacked_rows_need_grappelli(settings):
    settings.PACKAGE_NAME_GRAPPELLI = "grappelli_safe"
    make = original("mezzanine.core.admin.StackedDynamicInlineAdmin.__init__")
    with pytest.raises(Exception, match="requires Grappelli"):
        make(None)


def test_the_tree_of_the_admin_is_moved_by_mouse_alone():
    assert "nestedSortable" in source_of(mezzanine.pages, "admin/pages/page/change_list.html")


def test_anybody_may_ask_which_files_were_uploaded():
    source = Path(filebrowser_safe.__file__).with_name("views.py").read_text("utf-8")
    assert re.search(r"@csrf_exempt\ndef _check_file\(request\):", source)
    assert "django_settings.DEFAULT_FILE_STORAGE" in source
    assert not hasattr(global_settings, "DEFAULT_FILE_STORAGE")


def test_translations_of_a_package_that_is_not_there_are_an_error(ask):
    source = Path(find_spec("mezzanine.urls").origin).read_text("utf-8")
    assert re.search(r"jsi18n.*JavaScriptCatalog.as_view\(\)", source)
    view = JavaScriptCatalog.as_view()
    with pytest.raises(ValueError, match="no.such"):
        view(ask("get"), packages="no.such", domain="django")


def test_a_visitor_names_any_model_to_comment_on(ask, user):
    request = ask("post", "/", {"content_type": "sessions.session", "object_pk": "1"}, user)
    with pytest.raises(FieldError):
        original("mezzanine.generic.views.initial_validation")(request, "comment")


def test_a_draft_and_closed_comments_are_commented_on(ask, post):
    comment = original("mezzanine.generic.views.comment")
    sent = {"content_type": post._meta.label_lower, "object_pk": post.pk}
    BlogPost.objects.update(status=CONTENT_STATUS_DRAFT, allow_comments=False)
    assert comment(ask("post", "/", sent)).context_data["obj"] == post


def test_the_ratings_of_a_post_and_of_a_comment_have_one_address(ask, post):
    rate = original("mezzanine.generic.views.rating")
    comment = ThreadedComment.objects.create(pk=post.pk, content_object=post, site_id=1)
    for rated in (post, comment):
        sent = {"content_type": rated._meta.label_lower, "object_pk": rated.pk}
        assert rate(ask("post", "/", sent)).url.endswith(f"#rating-{post.pk}")


def test_what_is_gone_cannot_be_edited_in_place(ask, user):
    edit = original("mezzanine.core.views.edit")
    with pytest.raises(ObjectDoesNotExist):
        edit(ask("post", "/", {"app": "blog", "model": "blogpost", "id": 0}, user))


def test_a_parameter_that_is_left_out_is_an_error(ask, user):
    with pytest.raises(MultiValueDictKeyError):
        original("mezzanine.core.views.edit")(ask("post", user=user))
