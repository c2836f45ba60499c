"""The sites, who may edit them, and where their old addresses lead, in the admin."""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.redirects import admin as redirects_admin
from django.contrib.redirects.models import Redirect
from django.contrib.sites.admin import SiteAdmin
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from mezzanine.accounts import admin as accounts_admin
from mezzanine.core.admin import SitePermissionInline
from mezzanine.utils.sites import current_site_id

from navigation.widgets import SearchedMultiple
from second_factor.devices import remove

from .certificates import certificates
from .models import SiteAlias, valid_host
from .permissions import groups_within, is_within, owns_beyond, rights_of, sites_of
from .usage import Usages


class SiteForm(forms.ModelForm):
    class Meta:
        model = Site
        fields = ["domain", "name"]

    def clean_domain(self):
        domain = valid_host(self.cleaned_data["domain"])
        if taken := SiteAlias.objects.filter(host=domain).exclude(site=self.instance.pk).first():
            raise ValidationError(_("This is an alias of %s") % taken.site.domain)
        return domain


class SiteAliasInline(admin.StackedInline):
    model = SiteAlias
    extra = 1


class SiteWithAliasesAdmin(SiteAdmin):
    form = SiteForm
    inlines = [SiteAliasInline]
    list_display = ["domain", "name", "certificate"]
    readonly_fields = ["usage"]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(pk__in=sites_of(request.user))

    def get_fields(self, request, obj=None):
        return ["domain", "name", *["usage"] * bool(obj)]

    @admin.display(description=gettext_lazy("content"))
    def usage(self, site):
        used = Usages([site.pk]).of(site.pk)
        return _("%(pages)s pages, %(posts)s posts, %(entries)s form entries, %(size)s") % {
            "pages": used.pages,
            "posts": used.posts,
            "entries": used.entries,
            "size": filesizeformat(used.bytes),
        }

    @admin.display(description=gettext_lazy("certificate"))
    def certificate(self, site):
        return certificates.told(site.domain)


class SuperuserSitePermissionInline(SitePermissionInline):
    """Only superusers give sites to staff: others see which ones they have. Sites are searched."""

    template = admin.StackedInline.template  # with a label at each field

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        kwargs.setdefault("widget", SearchedMultiple(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_add_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None):
        return request.user.is_superuser


class OwnRights:
    """For an admin of users or groups: staff give no right that they do not have themselves."""

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field and not request.user.is_superuser:
            if field.queryset.model is Permission:
                field.queryset = field.queryset.filter(pk__in=rights_of(request.user).values("pk"))
            elif field.queryset.model is Group:
                field.queryset = groups_within(request.user)
        return field

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and self.is_within(request.user, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self.is_within(request.user, obj)


class UserAdmin(OwnRights, accounts_admin.UserProfileAdmin):
    """Staff who may edit users cannot get at more sites or rights than their own by it.

    They would by making themselves superusers, or by a new password or e-mail address for a user
    who has more.
    """

    actions = ["remove_second_factor"]

    @admin.action(description=gettext_lazy("Remove the second factor of selected users"))
    def remove_second_factor(self, request, queryset):
        """For somebody who has lost the telephone, and sets up another with the next log-in."""
        done = [user for user in queryset if remove(user)]
        for user in done:
            self.log_change(request, user, _("Second factor removed."))
        names = ", ".join(user.get_username() for user in done)
        text = _("Second factor removed: %s") % names if done else _("None of them had one.")
        self.message_user(request, text)

    def get_actions(self, request):
        actions = super().get_actions(request)
        if not (settings.SECOND_FACTOR and request.user.is_superuser):
            actions.pop("remove_second_factor", None)
        return actions

    def get_inlines(self, request, obj):
        own = {SitePermissionInline: SuperuserSitePermissionInline}
        return [own.get(inline, inline) for inline in super().get_inlines(request, obj)]

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    def has_delete_permission(self, request, obj=None):
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or not owns_beyond(request.user, obj))

    def is_within(self, user, other):
        return other is None or is_within(user, other)


class GroupAdmin(OwnRights, auth_admin.GroupAdmin):
    """Staff edit a group that gives what they have, to users who have nothing beyond."""

    def is_within(self, user, group):
        if group is None or user.is_superuser:
            return True
        members = get_user_model()._base_manager.filter(groups=group)
        return groups_within(user).contains(group) and all(is_within(user, m) for m in members)


class RedirectForm(forms.ModelForm):
    class Meta:
        model = Redirect
        fields = ["old_path", "new_path"]

    def clean_old_path(self):
        path = self.cleaned_data["old_path"]
        others = Redirect.objects.filter(site_id=current_site_id()).exclude(pk=self.instance.pk)
        if others.filter(old_path=path).exists():
            raise ValidationError(_("There is a redirect for this address already."))
        if not path.startswith("/"):
            raise ValidationError(_("An address of this site begins with a slash: /about/"))
        return path

    def clean_new_path(self):
        path = self.cleaned_data["new_path"]
        if path and not path.startswith(("/", "http://", "https://")):
            raise ValidationError(_("Type an address such as /about/ or https://example.com/"))
        return path

    def clean(self):
        """Refuse a redirect that leads back to itself, also over others."""
        old, new = (self.cleaned_data.get(name, "") for name in self.Meta.fields)
        others = Redirect.objects.filter(site_id=current_site_id()).exclude(pk=self.instance.pk)
        seen = set()
        while new and (path := new.rstrip("/")) not in seen:
            if old and path == old.rstrip("/"):
                raise ValidationError({"new_path": _("This redirect would lead in a circle.")})
            seen.add(path)
            following = others.filter(old_path__in=[path, f"{path}/"]).first()
            new = following.new_path if following else ""
        return self.cleaned_data


class RedirectOfSiteAdmin(redirects_admin.RedirectAdmin):
    """The redirects of the site at hand, as with all else that a site has."""

    form = RedirectForm
    list_filter = []
    radio_fields = {}

    def get_queryset(self, request):
        return super().get_queryset(request).filter(site_id=current_site_id())

    def save_model(self, request, obj, form, change):
        if not change:
            obj.site_id = current_site_id()
        super().save_model(request, obj, form, change)


admin.site.register(Site, SiteWithAliasesAdmin)


def install():
    """Register them in place of others, before an admin.py of the project that extends them."""
    accounts_admin.UserProfileAdmin = UserAdmin
    own = {get_user_model(): UserAdmin, Group: GroupAdmin, Redirect: RedirectOfSiteAdmin}
    for model, model_admin in own.items():
        admin.site.unregister(model)
        admin.site.register(model, model_admin)
