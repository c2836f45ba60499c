"""Who sends: each site under a name, and if it has one an address, of its own."""

import re
from email.utils import parseaddr, quote

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from mezzanine.conf import settings
from mezzanine.utils.sites import current_site_id

SENDER = re.compile(r"[^<>@,;]*<([^<>\s]+)>|([^<>\s]+)")


def sender():
    """Return the From of the site at hand: MAIL_SENDER of its settings, else DEFAULT_FROM_EMAIL.

    Without a name in it, that is the title of the site.
    """
    name, address = parseaddr(settings.MAIL_SENDER)
    if not address:
        name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
        if current_site_id() != settings.SITE_ID:
            name = ""  # that of another site
    name = " ".join((name or settings.SITE_TITLE).split())
    return f'"{quote(name)}" <{address}>' if name else address


def clean_sender(form):
    """Return what staff have typed as MAIL_SENDER; ValidationError where it is no address."""
    typed = " ".join(form.cleaned_data["MAIL_SENDER"].split())
    found = SENDER.fullmatch(typed)
    try:
        if typed:
            validate_email(found and (found[1] or found[2]))
    except ValidationError:
        example = "Garden <post@garden.example>"
        raise ValidationError(_("Type an address, such as %s") % example) from None
    return typed
