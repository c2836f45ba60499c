"""An entry of a form is stored with all of its files, or not at all; then the visitor is told."""

import logging
from functools import wraps

from django.db import transaction
from django.utils.translation import gettext as _
from mezzanine.forms import forms

logger = logging.getLogger("django.request")  # whose errors are mailed to ADMINS


class NotStored(Exception):
    """The place of the files does not take one: .form is the form, which says so."""

    def __init__(self, form):
        self.form = form


def whole(save):
    @wraps(save)
    def save_whole(form, **kwargs):
        try:
            with transaction.atomic():
                return save(form, **kwargs)
        except OSError as error:  # a full disk, or a bucket that does not answer
            for name in form.files:
                text = _("The file could not be stored. Choose it again, and try in a minute.")
                form.add_error(name, text)
            raise NotStored(form) from error

    return save_whole


def telling(processor):
    @wraps(processor)
    def process(request, page):
        try:
            return processor(request, page)
        except NotStored as failure:
            logger.error("A file of a form could not be stored", exc_info=failure.__cause__)
            return {"form": failure.form}

    return process


def install():
    from mezzanine.forms import page_processors  # which needs all models
    from mezzanine.pages.page_processors import processors

    forms.FormForForm.save = whole(forms.FormForForm.save)
    processors["form"] = [
        (telling(each) if each is page_processors.form_processor else each, exact)
        for each, exact in processors["form"]
    ]
