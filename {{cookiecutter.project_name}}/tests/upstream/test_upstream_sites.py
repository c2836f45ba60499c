"""Faults of Django and Mezzanine with many sites."""

import threading
from contextvars import copy_context

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.template.loader import get_template
from mezzanine.blog.models import BlogPost
from mezzanine.core import middleware
from mezzanine.core import request as current
from mezzanine.core.management.commands import createdb
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.utils.sites import override_current_site_id
from originals import original

pytestmark = pytest.mark.django_db


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
    original("mezzanine.core.views.set_site")(request)
    assert request.session["site_id"] == 1


def test_a_database_is_made_once():
    with pytest.raises(CommandError, match="already created"):
        call_command(createdb.Command(), interactive=False)
