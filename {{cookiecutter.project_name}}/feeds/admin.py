"""The feeds in the admin: which there are, how they do, and a form to add one."""

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from mezzanine.utils.sites import current_site_id

from . import storing
from .models import Feed
from .questions import plain
from .sources import dollars


class FeedForm(forms.ModelForm):
    class Meta:
        model = Feed
        fields = ["type", "value", "wanted"]

    def clean(self):
        """Take what is pasted as the poll would, and refuse what it would refuse."""
        cleaned = super().clean()
        if "type" in cleaned and "value" in cleaned:
            try:
                cleaned["value"] = plain(cleaned["type"], cleaned["value"])
            except ValueError as error:
                self.add_error("value", str(error))
        others = Feed.objects.filter(site_id=current_site_id(), source="x").exclude(
            pk=self.instance.pk
        )
        if others.filter(type=cleaned.get("type"), value=cleaned.get("value")).exists():
            self.add_error("value", _("There is such a feed already."))
        return cleaned


@admin.register(Feed)
class FeedAdmin(admin.ModelAdmin):
    form = FeedForm
    list_display = ["type", "value", "asked_at", "polled_at", "error", "cost_today"]
    list_display_links = ["value"]
    list_filter = ["type"]
    search_fields = ["value", "error"]
    readonly_fields = ["asked_at", "polled_at", "error", "not_before", "cost_today"]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(site_id=current_site_id())

    def save_model(self, request, obj, form, change):
        """Give a new feed to this site; one with another query starts from nothing."""
        if not change:
            obj.site_id = current_site_id()
        super().save_model(request, obj, form, change)
        if change and {"type", "value"} & set(form.changed_data):
            storing.purge(Feed.objects.filter(pk=obj.pk))

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        storing.delete_orphans()

    def delete_queryset(self, request, queryset):
        super().delete_queryset(request, queryset)
        storing.delete_orphans()

    @admin.display(description=_("Cost today, at most"))
    def cost_today(self, feed):
        return dollars(feed.spent_today(timezone.now()))
