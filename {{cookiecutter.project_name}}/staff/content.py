"""The views with which Mezzanine's admin edits content, each behind a permission."""

from functools import wraps

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Group
from django.contrib.contenttypes import views as contenttypes
from django.contrib.contenttypes.models import ContentType
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.core.exceptions import (
    FieldDoesNotExist,
    ObjectDoesNotExist,
    PermissionDenied,
    ValidationError,
)
from django.http import Http404
from django.views.decorators.http import require_POST
from mezzanine.conf.models import Setting
from mezzanine.core import views as core
from mezzanine.core.models import Displayable, RichText
from mezzanine.generic import views as generic
from mezzanine.generic.models import Keyword
from mezzanine.pages import views as pages

from page_addresses.ordering import order_pages

IN_ITS_OWN_FORM = (Group, Redirect, Setting, Site)


def install():
    """Replace the views, which the admin looks up when it makes its list of addresses."""
    core.edit = permitted(may_edit_in_place, core.edit)
    contenttypes.shortcut = permitted(may_view, contenttypes.shortcut)
    core.displayable_links_js = for_writers(core.displayable_links_js)
    generic.admin_keywords_submit = permitted(
        may_add_keywords, require_POST(cut(generic.admin_keywords_submit))
    )
    pages.admin_page_ordering = permitted(may_order_pages, require_POST(order_pages))


def cut(view):
    """Let the view that adds keywords see none that is longer than there is room for."""
    longest = Keyword._meta.get_field("title").max_length

    @wraps(view)
    def shortened(request, *args, **kwargs):
        words = request.POST.get("text_keywords", "").split(",")
        request.POST = request.POST.copy()
        request.POST["text_keywords"] = ",".join(word.strip()[:longest] for word in words)
        return view(request, *args, **kwargs)

    return shortened


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
    """Return whether the admin lets the user change these fields of that object, in its form.

    What the admin changes with checks of its own is for the admin alone.
    """
    app, name, pk = (request.POST[key] for key in ("app", "model", "id"))
    fields = request.POST["fields"].split(",")
    try:
        model = apps.get_model(app, name)
        for field in fields:
            model._meta.get_field(field)
    except (LookupError, ValueError, FieldDoesNotExist):
        raise Http404 from None
    obj, model_admin = find(request, model, pk)
    return (
        not isinstance(obj, (AbstractBaseUser, *IN_ITS_OWN_FORM))
        and model_admin.has_change_permission(request, obj)
        and offered(model_admin, request, obj).issuperset(fields)
    )


def find(request, model, pk):
    """Return what the admin has under a key for the user, and its ModelAdmin; Http404, or
    PermissionDenied where the admin has no such model."""
    if model not in admin.site._registry:
        raise PermissionDenied
    model_admin = admin.site._registry[model]
    try:
        return model_admin.get_queryset(request).get(pk=pk), model_admin
    except (ValueError, ValidationError, ObjectDoesNotExist):
        raise Http404 from None


def offered(model_admin, request, obj):
    """Return the names of the fields, a set, that the form of the admin has; of a text that has a
    field for each language, its own name as well."""
    names = {*model_admin.get_form(request, obj, change=True).base_fields}
    fields = [field for field in obj._meta.get_fields() if field.name in names]
    return names | {field.translated_field.name for field in fields if is_translation(field)}


def is_translation(field):
    return hasattr(field, "translated_field")


def may_view(request, content_type_id, object_id):
    """Return whether the admin shows that to the user: its address may be of a draft."""
    try:
        model = ContentType.objects.get_for_id(content_type_id).model_class()
    except (ValueError, ObjectDoesNotExist):
        raise Http404 from None
    obj, model_admin = find(request, model, object_id)
    return model_admin.has_view_or_change_permission(request, obj)


def permitted(may, view):
    """Return the view for staff whose request may be done; what they name has to exist."""

    @wraps(view)
    @staff_member_required
    def guard(request, *args, **kwargs):
        if not may(request, *args, **kwargs):
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
