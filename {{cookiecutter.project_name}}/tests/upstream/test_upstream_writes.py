"""Faults of what Mezzanine writes, and of mails and migrations."""

import mezzanine.conf
import mezzanine.utils.email
import pytest
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.core.management import call_command
from django.core.management.commands import makemigrations
from mezzanine.accounts.forms import ProfileForm
from mezzanine.blog.models import BlogPost
from mezzanine.conf.models import Setting
from mezzanine.pages.fields import MenusField
from mezzanine.pages.models import Page
from originals import original

pytestmark = pytest.mark.django_db
User = get_user_model()


@pytest.fixture
def edited(post):
    """A post as a view has read it, before an editor has given it another title."""
    BlogPost.objects.filter(pk=post.pk).update(title="Edited")
    return post


def test_a_comment_undoes_what_an_editor_saves_meanwhile(edited):
    field, changed = BlogPost._meta.get_field("comments"), "CommentsField.related_items_changed"
    original(f"mezzanine.generic.fields.{changed}")(field, edited, edited.comments)
    assert BlogPost.objects.get(pk=edited.pk).title == "Draft"


def test_a_visit_undoes_what_an_editor_saves_meanwhile(edited, monkeypatch):
    monkeypatch.setattr(BlogPost, "get_absolute_url_with_host", lambda _: "")
    original("mezzanine.core.models.Displayable.set_short_url")(edited)
    assert BlogPost.objects.get(pk=edited.pk).title == "Draft"


def test_a_member_undoes_the_closing_of_the_account(editor):
    names = {"first_name": "A", "last_name": "L", "email": "a@example.com", "username": "editor"}
    form = ProfileForm(names, instance=editor)
    assert form.is_valid(), form.errors
    User.objects.filter(pk=editor.pk).update(is_active=False)
    original("mezzanine.accounts.forms.ProfileForm.save")(form)
    assert User.objects.get(pk=editor.pk).is_active


def test_settings_that_no_code_registers_are_deleted():
    Setting.objects.create(name="OF_AN_APP_THAT_IS_LEFT_OUT", value="1")
    original("mezzanine.conf.Settings._load")(mezzanine.conf.settings)
    assert not Setting.objects.filter(name="OF_AN_APP_THAT_IS_LEFT_OUT").exists()


def test_a_mail_that_cannot_be_sent_is_an_error(monkeypatch, settings):
    settings.EMAIL_BACKEND = "no.such.backend"
    monkeypatch.setattr(mezzanine.utils.email, "EmailMultiAlternatives", EmailMultiAlternatives)
    send = original("mezzanine.utils.email.send_mail_template")
    with pytest.raises(ImportError):
        send("Subject", "email/comment_notification", "a@example.com", "b@example.com", {})


def test_migrations_hold_the_menus_of_the_settings():
    field = Page._meta.get_field("in_menus")
    assert super(MenusField, field).deconstruct()[3]["choices"]


def test_migrations_of_mezzanine_are_missing():
    with pytest.raises(SystemExit):
        call_command(makemigrations.Command(), "blog", check_changes=True, dry_run=True)
