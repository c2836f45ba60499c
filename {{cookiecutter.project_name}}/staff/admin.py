"""Two parts of Mezzanine's admin that ask only whether somebody is staff: settings, and what
visitors have sent by a form."""

import os
from pathlib import Path

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from mezzanine.conf import admin as conf_admin
from mezzanine.conf.models import Setting
from mezzanine.forms import admin as forms_admin
from mezzanine.forms import fields
from mezzanine.forms.models import Field, FieldEntry, Form

from . import inlines
from .entries import EntriesForm


class PermittedSettingsAdmin(conf_admin.SettingsAdmin):
    """Mezzanine saves first, and asks for the permission afterwards."""

    def has_add_permission(self, request):
        return False  # the settings are there, and nobody adds one by hand

    def changelist_view(self, request, extra_context=None):
        if not self.has_change_permission(request):
            raise PermissionDenied
        return super().changelist_view(request, extra_context)


class PermittedFormAdmin(forms_admin.FormAdmin):
    """Messages, and the files that came with them, are for whoever may see entries of forms."""

    def entries_view(self, request, form_id):
        """Show the entries of a form; those that are to be deleted have to be of it as well."""
        self.ask_permission(request)
        form = get_object_or_404(Form, id=form_id)  # of this site
        selected = set(request.POST.getlist("selected"))
        if selected - {str(pk) for pk in form.entries.values_list("pk", flat=True)}:
            raise Http404
        if request.POST.get("export") and not request.POST.get("back"):
            entries = EntriesForm(form, request, request.POST)
            if entries.is_valid():
                return entries.response()
        return super().entries_view(request, form_id)

    def file_view(self, request, field_entry_id):
        """Show the file of an entry, and nothing to which a text that a visitor typed leads."""
        self.ask_permission(request)
        entry = get_object_or_404(FieldEntry, id=field_entry_id)
        form = get_object_or_404(Form, id=entry.entry.form_id)  # of this site
        get_object_or_404(Field, form=form, id=entry.field_id, field_type=fields.FILE)
        root = Path(os.path.realpath(forms_admin.fs.location), "forms")
        path = Path(os.path.realpath(Path(forms_admin.fs.location, entry.value)))
        if not path.is_relative_to(root) or not path.is_file():
            raise Http404
        return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)

    def ask_permission(self, request):
        user = request.user
        if not any(user.has_perm(f"forms.{act}_formentry") for act in ("view", "change")):
            raise PermissionDenied


def install():
    """Register them under Mezzanine's names before any admin.py of the project, which may extend
    them."""
    conf_admin.SettingsAdmin, forms_admin.FormAdmin = PermittedSettingsAdmin, PermittedFormAdmin
    for model, model_admin in ((Setting, PermittedSettingsAdmin), (Form, PermittedFormAdmin)):
        admin.site.unregister(model)
        admin.site.register(model, model_admin)
    forms_admin.EntriesForm = EntriesForm
    inlines.install()
