"""Staff who may only view a row see it, also where its texts are in several languages."""

from functools import wraps

from modeltranslation.admin import TranslationAdmin

options_of_form = TranslationAdmin._get_form_or_formset


@wraps(options_of_form)
def without_fields(model_admin, request, obj, **kwargs):
    """Leave all fields out of the form of whoever may not change the row, as Django does."""
    options = options_of_form(model_admin, request, obj, **kwargs)
    if kwargs.get("change") and not model_admin.has_change_permission(request, obj):
        options["exclude"] = (*options["exclude"], *(kwargs.get("fields") or ()))
    return options


def install():
    TranslationAdmin._get_form_or_formset = without_fields
