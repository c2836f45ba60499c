"""The views with which Mezzanine's admin edits content, each behind a permission."""

from functools import wraps

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist, PermissionDenied
from django.http import Http404
from django.views.decorators.http import require_POST
from mezzanine.core import views as core
from mezzanine.core.models import Displayable, RichText
from mezzanine.generic import views as generic
from mezzanine.pages import views as pages

from page_addresses.ordering import order_pages


def install():
    """Replace the views, which the admin looks up when it makes its list of addresses."""
    core.edit = permitted(may_edit_in_place, core.edit)
    core.displayable_links_js = for_writers(core.displayable_links_js)
    generic.admin_keywords_submit = permitted(
        may_add_keywords, require_POST(generic.admin_keywords_submit)
    )
    pages.admin_page_ordering = permitted(may_order_pages, require_POST(order_pages))


def may_write(user):
    """Return whether the user may add or change content of any kind, which may link to other."""
    return any(
        user.has_perm(f"{model._meta.app_label}.{act}_{model._meta.model_name}")
        for model in apps.get_models()
        if issubclass(model, (Displayable, RichText))
        for act in ("add", "change")
    )


def may_add_keywords(request):
    return request.user.has_perm("generic.add_keyword") or may_write(request.user)


def may_order_pages(request):
    return request.user.has_perm("pages.change_page")


def may_edit_in_place(request):
    """Return whether the admin lets the user change these fields of that object.

    Users it changes with checks of its own, so they are for the admin alone.
    """
    app, name, pk = (request.POST[key] for key in ("app", "model", "id"))
    fields = request.POST["fields"].split(",")
    try:
        model = apps.get_model(app, name)
        obj = model._default_manager.get(pk=pk)
        for field in fields:
            model._meta.get_field(field)
    except (LookupError, ValueError, FieldDoesNotExist, ObjectDoesNotExist):
        raise Http404 from None
    model_admin = admin.site._registry.get(model)
    return (
        model_admin is not None
        and not isinstance(obj, AbstractBaseUser)
        and model_admin.has_change_permission(request, obj)
        and set(fields).isdisjoint(model_admin.get_readonly_fields(request, obj))
    )


def permitted(may, view):
    """Return the view for staff whose request may be done; what they name has to exist."""

    @wraps(view)
    @staff_member_required
    def guard(request, *args, **kwargs):
        if not may(request):
            raise PermissionDenied
        try:
            return view(request, *args, **kwargs)
        except ObjectDoesNotExist:
            raise Http404 from None

    return guard


def for_writers(view):
    """Return the view, which shows to whoever may write nothing what any visitor sees."""

    @wraps(view)
    def guard(request, *args, **kwargs):
        if not may_write(request.user):
            request.user = AnonymousUser()
        return view(request, *args, **kwargs)

    return guard
