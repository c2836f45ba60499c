"""Faults of Mezzanine's accounts and admin."""

import re
from pathlib import Path

import filebrowser_safe
import mezzanine.conf.forms
import mezzanine.core
import mezzanine.galleries
import mezzanine.generic
import pytest
from django.conf import global_settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.views import LogoutView
from django.contrib.staticfiles import finders
from django.core.exceptions import ObjectDoesNotExist
from django.template.loader import get_template
from django.utils.datastructures import MultiValueDictKeyError
from mezzanine.accounts.admin import UserProfileAdmin
from mezzanine.accounts.forms import PasswordResetForm
from mezzanine.core.auth_backends import MezzanineBackend
from originals import original

from feeds.credentials import NAMES

pytestmark = pytest.mark.django_db
User = get_user_model()


@pytest.mark.parametrize("view", ["login", "signup"])
def test_pages_of_accounts_may_be_cached(ask, view):
    response = original(f"mezzanine.accounts.views.{view}")(ask("get"))
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


def test_keys_are_shown_to_all_who_see_the_settings():
    field = mezzanine.conf.forms.SettingsForm().fields[NAMES[0]]
    assert field.widget.input_type == "text"


def test_the_settings_take_any_text_for_a_sender():
    field = mezzanine.conf.forms.SettingsForm().fields["MAIL_SENDER"]
    assert field.clean("no address") == "no address"


def test_fields_that_are_folded_stay_hidden():
    rules = Path(finders.find("grappelli/css/modules.css")).read_text("utf-8")
    assert re.search(r"fieldset\.collapse-closed div \{\s+display: none", rules)


def test_anybody_may_ask_which_files_were_uploaded():
    source = Path(filebrowser_safe.__file__).with_name("views.py").read_text("utf-8")
    assert re.search(r"@csrf_exempt\ndef _check_file\(request\):", source)
    assert "django_settings.DEFAULT_FILE_STORAGE" in source
    assert not hasattr(global_settings, "DEFAULT_FILE_STORAGE")


def test_translations_of_a_package_that_is_not_there_are_an_error(ask):
    import mezzanine.urls

    view = next(p for p in mezzanine.urls.urlpatterns if "jsi18n" in str(p.pattern)).callback
    with pytest.raises(ValueError, match="no.such"):
        view(ask("get"), packages="no.such", domain="django")


def test_what_is_gone_cannot_be_edited_in_place(ask, user):
    edit = original("mezzanine.core.views.edit")
    with pytest.raises(ObjectDoesNotExist):
        edit(ask("post", "/", {"app": "blog", "model": "blogpost", "id": 0}, user))


def test_a_parameter_that_is_left_out_is_an_error(ask, user):
    with pytest.raises(MultiValueDictKeyError):
        original("mezzanine.core.views.edit")(ask("post", user=user))
