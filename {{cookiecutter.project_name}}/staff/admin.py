"""Parts of Mezzanine's admin that ask only whether somebody is staff: settings, what visitors have
sent by a form, and whether their comments are shown."""

import logging
import posixpath
from functools import wraps

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django_comments.admin import CommentsAdmin
from mezzanine.conf import admin as conf_admin
from mezzanine.conf.models import Setting
from mezzanine.core import admin as core_admin
from mezzanine.forms import admin as forms_admin
from mezzanine.forms import fields
from mezzanine.forms.models import Field, FieldEntry, Form
from mezzanine.generic import admin as comments_admin
from mezzanine.generic.models import ThreadedComment
from mezzanine.pages.admin import PageAdmin

from . import inlines
from .entries import EntriesForm
from .entry_files import STORED

logger = logging.getLogger(__name__)

SHOWN_AS = {"keywords": "keywords_string"}


def unless_away(view):
    """Let a view of an admin say so where it cannot delete files, as their bucket is away."""

    @wraps(view)
    def told(model_admin, request, *args, **kwargs):
        try:
            with transaction.atomic():
                return view(model_admin, request, *args, **kwargs)
        except ConnectionError as error:
            logger.error("The storage of files: %s", error)
            words = _("The files cannot be reached just now; try again later.")
            model_admin.message_user(request, words, messages.ERROR)
            return redirect(request.get_full_path())

    return told


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

    @unless_away
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
        if not STORED.fullmatch(entry.value) or not forms_admin.fs.exists(entry.value):
            raise Http404
        file = forms_admin.fs.open(entry.value)
        return FileResponse(file, as_attachment=True, filename=posixpath.basename(entry.value))

    def ask_permission(self, request):
        user = request.user
        if not any(user.has_perm(f"forms.{act}_formentry") for act in ("view", "change")):
            raise PermissionDenied


class PermittedCommentAdmin(comments_admin.ThreadedCommentAdmin):
    """Comments are approved, in a list or one by one, by whoever may change them."""

    actions = ["approve_comments", "remove_comments"]

    @admin.action(description=_("Approve selected comments"), permissions=["change"])
    def approve_comments(self, request, queryset):
        super().approve_comments(request, queryset)

    @admin.action(description=_("Remove selected comments"), permissions=["change"])
    def remove_comments(self, request, queryset):
        super().remove_comments(request, queryset)

    def get_actions(self, request):
        actions = super(CommentsAdmin, self).get_actions(request)
        actions.pop("delete_selected", None)  # answers to a comment would go with it
        return actions


def get_fieldsets(model_admin, request, obj=None):
    """Return the fields of a page or a post; who may not change it is shown keywords as a text,
    since Django finds no text for a field that is a relation."""
    fieldsets = super(core_admin.DisplayableAdmin, model_admin).get_fieldsets(request, obj)
    if obj is None or model_admin.has_change_permission(request, obj):
        return fieldsets
    return [
        (title, options | {"fields": [SHOWN_AS.get(name, name) for name in options["fields"]]})
        for title, options in fieldsets
    ]


def install():
    """Register them under Mezzanine's names before any admin.py of the project, which may extend
    them."""
    conf_admin.SettingsAdmin, forms_admin.FormAdmin = PermittedSettingsAdmin, PermittedFormAdmin
    comments_admin.ThreadedCommentAdmin = PermittedCommentAdmin
    core_admin.DisplayableAdmin.get_fieldsets = get_fieldsets
    PageAdmin.delete_view = unless_away(PageAdmin.delete_view)  # a form is below a page, or one
    own = {Setting: PermittedSettingsAdmin, Form: PermittedFormAdmin}
    if comments_admin.generic_comments and not comments_admin.using_disqus:
        own[ThreadedComment] = PermittedCommentAdmin
    for model, model_admin in own.items():
        admin.site.unregister(model)
        admin.site.register(model, model_admin)
    forms_admin.EntriesForm = EntriesForm
    inlines.install()
