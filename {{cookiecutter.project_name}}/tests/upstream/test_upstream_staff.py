"""Faults of Mezzanine's views for staff."""

import inspect

import pytest
from mezzanine.blog.models import BlogPost
from mezzanine.conf.admin import SettingsAdmin
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.forms.admin import FormAdmin
from mezzanine.generic.models import Keyword
from mezzanine.pages.models import Page
from originals import original

pytestmark = pytest.mark.django_db


def test_staff_without_a_permission_use_the_media_library(ask, editor):
    answer = original("filebrowser_safe.views.mkdir")(ask("get", user=editor))
    assert answer.status_code == 200


def test_staff_without_a_permission_see_the_titles_of_drafts(ask, editor, post):
    BlogPost.objects.filter(pk=post.pk).update(status=CONTENT_STATUS_DRAFT)
    answer = original("mezzanine.core.views.displayable_links_js")(ask("get", user=editor))
    assert "Draft" in answer.content.decode()


def test_staff_without_a_permission_add_keywords(ask, editor):
    submit = original("mezzanine.generic.views.admin_keywords_submit")
    submit(ask("post", "/", {"text_keywords": "new"}, editor))
    assert Keyword.objects.filter(title="new").exists()


def test_staff_without_a_permission_move_pages(ask, editor):
    page = Page.objects.get(slug="about")
    data = {"id": page.pk, "parent_id": "", "siblings[]": [page.pk]}
    original("mezzanine.pages.views.admin_page_ordering")(ask("post", "/", data, editor))
    assert Page.objects.get(slug="about")._order == 0


def test_settings_and_entries_of_forms_are_for_all_staff():
    for view in (SettingsAdmin.changelist_view, FormAdmin.entries_view, FormAdmin.file_view):
        assert "permission" not in inspect.getsource(view)
