"""The data of visitors in the admin: look for somebody, export, delete."""

from io import BytesIO

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .deletion import Refused, delete
from .export import write_zip
from .models import Visitor
from .traces import Traces


class WhoForm(forms.Form):
    who = forms.CharField(label=gettext_lazy("E-mail address or user name"))


@admin.register(Visitor)
class VisitorAdmin(admin.ModelAdmin):
    """One page, for superusers unless others get its permissions: what it shows is of all sites."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def changelist_view(self, request, extra_context=None):
        if not self.has_view_permission(request):
            raise PermissionDenied
        # The buttons below what was found say of whom it is: by now, the field may have another.
        if who := request.POST.get("export"):
            return zip_response(Traces(who))
        if who := request.POST.get("delete"):
            return self.delete(request, Traces(who))
        form = WhoForm(request.POST or None)
        who = form.cleaned_data["who"].strip() if form.is_valid() else ""
        context = self.admin_site.each_context(request) | {
            "title": capfirst(Visitor._meta.verbose_name_plural),
            "opts": Visitor._meta,
            "form": form,
            "found": who,
            "counts": Traces(who).counts() if who else None,
            "may_delete": self.has_delete_permission(request),
        }
        return render(request, "visitors/visitor.html", context)

    def delete(self, request, traces):
        if not self.has_delete_permission(request):
            raise PermissionDenied
        try:
            delete(traces)
            messages.success(request, _("What belonged to this visitor is deleted."))
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("admin:visitors_visitor_changelist")


def zip_response(traces):
    out = BytesIO()
    write_zip(traces, out)
    response = HttpResponse(out.getvalue(), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="visitor.zip"'
    return response
