"""The form of a page in the admin: what is wrong with its address is told at the field.

It is changed in Mezzanine's own classes, of which those of other kinds of pages are made.
"""

import re
from functools import wraps

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from mezzanine.pages.admin import PageAdmin, PageAdminForm
from mezzanine.pages.models import Link, Page

from .saving import branch_follows
from .tree import is_link, is_of_view

GONE = "gone"

clean_slashes = PageAdminForm.clean_slug
add = PageAdmin.add_view


def parent_of(request):
    """Return the page below which one is added, None for the top, or GONE."""
    value = request.GET.get("parent")
    if not value:
        return None
    found = re.fullmatch("[0-9]{1,9}", value) and Page.objects.filter(pk=value).first()
    return found or GONE


def gone():
    return _("The page below which this one was to be is no longer there, or not on this site.")


def add_view(model_admin, request, **kwargs):
    """Say what is wrong with the parent before staff write; afterwards, the form says it."""
    if request.method == "GET" and parent_of(request) == GONE:
        messages.error(request, gone())
        return redirect("admin:pages_page_changelist")
    return add(model_admin, request, **kwargs)


def with_number(view):
    """Answer 404, not 500, where the address of the admin has no number."""

    @wraps(view)
    def guard(model_admin, request, object_id, **kwargs):
        if not re.fullmatch("[0-9]{1,9}", object_id):
            raise Http404
        return view(model_admin, request, object_id, **kwargs)

    return guard


def get_form(model_admin, request, obj=None, change=False, **kwargs):
    form = super(PageAdmin, model_admin).get_form(request, obj, change=change, **kwargs)
    form.parent_of_new = None if change or obj else parent_of(request)
    return form


def clean_slug(form):
    """Refuse an address that no browser asks for; the model refuses what another page has."""
    slug = clean_slashes(form)
    parent = getattr(form, "parent_of_new", None)
    if parent == GONE:
        form.add_error(None, gone())
    elif parent:
        form.instance.parent = parent
    if isinstance(form.instance, Link) or slug == "/":
        return slug
    slug = re.sub("/{2,}", "/", slug.strip())
    if {".", ".."} & {*slug.split("/")}:
        raise ValidationError(_("No part of an address can be “.” or “..”."))
    return slug


def save_model(model_admin, request, obj, form, change):
    """Save a page; those below follow. Staff are told where visitors see something else."""
    if not change and obj.parent_id is None:
        obj.parent = parent_of(request)
    with branch_follows(obj):
        super(PageAdmin, model_admin).save_model(request, obj, form, change)
    if (not change or "slug" in form.changed_data) and not is_link(obj) and is_of_view(obj):
        address = obj.get_absolute_url()
        text = _("At %s visitors see a view of the project, and this page in menus alone.")
        messages.warning(request, text % address)


PageAdmin.add_view = add_view
PageAdmin.change_view = with_number(PageAdmin.change_view)
PageAdmin.delete_view = with_number(PageAdmin.delete_view)
PageAdmin.get_form = get_form
PageAdmin.save_model = save_model
PageAdminForm.clean_slug = clean_slug
