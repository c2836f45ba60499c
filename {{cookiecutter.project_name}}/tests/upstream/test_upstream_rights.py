"""Faults of Django and Mezzanine in what staff may do."""

import inspect

import pytest
from django.contrib import admin
from django.contrib.admin.utils import lookup_field
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.redirects.admin import RedirectAdmin
from django.contrib.redirects.models import Redirect
from django.contrib.sites.admin import SiteAdmin
from django.contrib.sites.models import Site
from mezzanine.blog.models import BlogPost
from mezzanine.core.admin import DisplayableAdmin
from mezzanine.core.models import CONTENT_STATUS_DRAFT
from mezzanine.generic import admin as comments_admin
from originals import original

pytestmark = pytest.mark.django_db


def test_redirects_are_those_of_all_sites(ask, editor, two):
    redirect = Redirect.objects.create(site=two, old_path="/old/", new_path="/new/")
    theirs = RedirectAdmin(Redirect, admin.site)
    assert redirect in theirs.get_queryset(ask("get", user=editor))


def test_staff_of_one_site_rename_another(ask, editor, two):
    assert two in SiteAdmin(Site, admin.site).get_queryset(ask("get", user=editor))


def test_who_may_edit_groups_may_give_every_permission(ask, editor):
    form = GroupAdmin(Group, admin.site).get_form(ask("get", user=editor))
    assert form.base_fields["permissions"].queryset.count() == Permission.objects.count()


def test_any_staff_learn_the_address_of_a_draft(ask, editor, post):
    BlogPost.objects.filter(pk=post.pk).update(status=CONTENT_STATUS_DRAFT)
    shortcut = original("django.contrib.contenttypes.views.shortcut")
    kind = ContentType.objects.get_for_model(BlogPost)
    answer = shortcut(ask("get", user=editor), kind.pk, post.pk)
    assert answer["Location"].endswith(post.get_absolute_url())


def test_keywords_cannot_be_shown_to_who_may_not_change_them(post):
    _, meta = DisplayableAdmin.fieldsets
    assert "keywords" in meta[1]["fields"]
    with pytest.raises(TypeError):
        lookup_field("keywords", post)


def test_who_may_see_comments_may_approve_them():
    source = inspect.getsource(comments_admin)
    assert 'actions.pop("delete_selected")' in source  # a KeyError for who may not delete
    assert "permission" not in source.partition("def get_actions")[2].partition("def ")[0]
