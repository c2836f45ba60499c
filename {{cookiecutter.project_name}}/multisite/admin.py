"""The sites and who may edit them, in the admin."""

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.sites.admin import SiteAdmin
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from mezzanine.accounts import admin as accounts_admin
from mezzanine.core.admin import SitePermissionInline

from navigation.widgets import SearchedMultiple

from .certificates import certificates
from .models import SiteAlias, valid_host
from .permissions import sites_of
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


class UserAdmin(accounts_admin.UserProfileAdmin):
    """Staff who may edit users cannot get at more sites than their own by it.

    They would by making themselves superusers, or by a new password or e-mail address for a user
    who has other sites.
    """

    def get_inlines(self, request, obj):
        own = {SitePermissionInline: SuperuserSitePermissionInline}
        return [own.get(inline, inline) for inline in super().get_inlines(request, obj)]

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and self.is_within(request.user, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self.is_within(request.user, obj)

    def is_within(self, user, other):
        """Tell whether the user has every site that the other has, or no other is given."""
        if user.is_superuser or other is None:
            return True
        beyond = Site.objects.filter(sitepermission__user=other).exclude(pk__in=sites_of(user))
        return not other.is_superuser and not beyond.exists()


admin.site.register(Site, SiteWithAliasesAdmin)


def install():
    """Register it under Mezzanine's name, before an admin.py of the project that extends it."""
    accounts_admin.UserProfileAdmin = UserAdmin
    admin.site.unregister(get_user_model())
    admin.site.register(get_user_model(), UserAdmin)
