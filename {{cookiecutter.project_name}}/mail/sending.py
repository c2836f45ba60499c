"""What visitors are told where mail can be neither sent nor kept, and links to the site at hand.

Mail that is kept, as on a live site whose mail server is named, fails for nobody: see backends.py.
"""

import logging
import re
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib import messages
from django.core.mail import EmailAlternative, EmailMultiAlternatives
from django.utils.translation import gettext as _
from mezzanine.core.request import current_request

from multisite.current import own_url

logger = logging.getLogger(__name__)
is_required = ContextVar("is_required", default=False)


class MailNotSent(Exception):
    """Raised where the mail is_required."""


class Message(EmailMultiAlternatives):
    """A mail that may fail, once what it is about is saved."""

    def send(self, fail_silently=False):
        """Return how many were sent; the visitor is told where it fails, unless it is_required."""
        request = current_request()
        try:
            if request:
                self.link_to_site(request)
            return super().send()
        except Exception as error:
            log(f"A mail could not be sent ({self.subject})", error)
            if is_required.get():
                raise MailNotSent from error
            tell_visitor(request)
            return 0

    def link_to_site(self, request):
        """Let links lead to the site at hand; Mezzanine's begin with http and the host asked."""
        links = re.compile(rf"https?://{re.escape(request.get_host())}(?![\w.:-])", re.I)
        own = own_url(request, "")
        self.body = links.sub(own, self.body)
        self.alternatives = [
            EmailAlternative(links.sub(own, text), kind) for text, kind in self.alternatives
        ]


@contextmanager
def required():
    """Let a mail that cannot be sent raise MailNotSent: nothing is worth saving without it."""
    token = is_required.set(True)
    try:
        yield
    finally:
        is_required.reset(token)


def log(what, error):
    logger.error("%s: %r", " ".join(what.split()), error)


def tell_visitor(request):
    """Say once, on the next page, that mail about this request could not be sent."""
    if request and not getattr(request, "mail_failed", False):
        request.mail_failed = True
        text = _("What you sent is saved, but the e-mail about it could not be sent.")
        messages.warning(request, text, fail_silently=True)
