"""Send mail, or say that it could not be sent.

Whatever a server answers, or does not, and whatever a backend raises, is treated alike, as Django
does for its own mails about passwords.
"""

import logging
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib import messages
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils.translation import gettext as _
from mezzanine.core.request import current_request

logger = logging.getLogger(__name__)
is_required = ContextVar("is_required", default=False)


class MailNotSent(Exception):
    """Raised where the mail is_required."""


class Message(EmailMultiAlternatives):
    """A mail that may fail, once what it is about is saved."""

    def send(self, fail_silently=False):
        """Return how many were sent; the visitor is told where it fails, unless it is_required."""
        try:
            return super().send()
        except Exception as error:
            log(f"A mail could not be sent ({self.subject})", error)
            if is_required.get():
                raise MailNotSent from error
            tell_visitor(current_request())
            return 0


@contextmanager
def required():
    """Let a mail that cannot be sent raise MailNotSent: nothing is worth saving without it."""
    token = is_required.set(True)
    try:
        yield
    finally:
        is_required.reset(token)


def connect():
    """Raise MailNotSent if the mail server cannot be reached, or lets nobody in."""
    try:
        with get_connection():
            pass
    except Exception as error:
        log("The mail server cannot be reached", error)
        raise MailNotSent from error


def log(what, error):
    logger.error("%s: %r", " ".join(what.split()), error)


def tell_visitor(request):
    """Say once, on the next page, that mail about this request could not be sent."""
    if request and not getattr(request, "mail_failed", False):
        request.mail_failed = True
        text = _("What you sent is saved, but the e-mail about it could not be sent.")
        messages.warning(request, text, fail_silently=True)
