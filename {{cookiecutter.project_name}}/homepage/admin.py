"""Home pages in the admin; and that their sections may be edited in place."""

from collections import Counter

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms.models import BaseInlineFormSet
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from mezzanine.core.admin import StackedDynamicInlineAdmin
from mezzanine.pages.admin import PageAdmin
from mezzanine.utils.sites import current_site_id

from . import demo
from .models import FEATURE, HERO, KINDS_OF_SECTIONS, HomePage, Section


class SectionFormSet(BaseInlineFormSet):
    def clean(self):
        """Refuse a second section of a kind that shows the same as the first."""
        super().clean()
        kinds = Counter(
            form.cleaned_data["kind"]
            for form in self.forms
            if form.cleaned_data.get("kind") and not form.cleaned_data.get("DELETE")
        )
        for kind, label in KINDS_OF_SECTIONS:
            if kinds[kind] > 1 and kind not in (HERO, FEATURE):
                raise ValidationError(_("A page has one section of this kind: %s") % label)


class SectionInline(StackedDynamicInlineAdmin):
    model = Section
    formset = SectionFormSet


@admin.register(HomePage)
class HomePageAdmin(PageAdmin):
    inlines = (SectionInline,)

    def get_urls(self):
        remove = self.admin_site.admin_view(require_POST(self.remove_demo))
        return [path("remove-demo/", remove, name="homepage_remove_demo"), *super().get_urls()]

    def change_view(self, request, object_id, **kwargs):
        extra = kwargs.pop("extra_context", None) or {}
        extra["has_demo"] = request.user.is_superuser and demo.is_there()
        return super().change_view(request, object_id, extra_context=extra, **kwargs)

    def remove_demo(self, request):
        """Remove the demo content of the site, for superusers."""
        if not request.user.is_superuser:
            raise PermissionDenied
        removed = demo.remove()
        messages.success(request, _("Removed: %s") % (", ".join(removed) or _("nothing")))
        return redirect("admin:pages_page_changelist")


@admin.register(Section)
class SectionAdmin(admin.ModelAdmin):
    """Says who may edit a section in place; it has no list of its own."""

    def get_queryset(self, request):
        return super().get_queryset(request).filter(page__site_id=current_site_id())

    def has_module_permission(self, request):
        return False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        is_here = obj is None or obj.page.site_id == current_site_id()
        return is_here and super().has_change_permission(request, obj)
