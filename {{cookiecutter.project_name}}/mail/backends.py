"""EMAIL_BACKEND of a live site: mail is written to the database, with what it is about.

Whoever waits for an answer never waits for a mail server, nor sees its error. See delivery.py.
"""

import logging
from copy import copy
from email.utils import formatdate, make_msgid

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction
from mezzanine.utils.sites import current_site_id

from . import content
from .configuration import NOT_CONFIGURED, is_configured, is_smtp
from .models import LONGEST, QueuedMail
from .senders import sender

logger = logging.getLogger(__name__)


class NotConfigured(Exception):
    """There is no mail server that would ever take it."""


class Queue(BaseEmailBackend):
    """Keeps mails for `manage.py send_queued_mail`."""

    def send_messages(self, email_messages):
        """Return how many are kept; raise what is wrong, unless the backend is to fail silently."""
        messages = [message for message in email_messages if message.recipients()]
        try:
            return keep(messages)
        except Exception as error:
            if not self.fail_silently:
                raise
            # No error: a mail about an error of the database would lead to the next.
            logger.warning("A mail could not be kept: %r", error)
            return send_at_once(messages) if isinstance(error, DatabaseError) else 0


def send_at_once(messages):
    """Send what the database cannot keep, such as a mail to ADMINS about that very thing."""
    backend = settings.MAIL_DELIVERY_BACKEND
    return get_connection(backend, fail_silently=True, timeout=5).send_messages(messages)


def keep(messages):
    if messages and not is_configured():
        raise NotConfigured(NOT_CONFIGURED)
    rows = [row for message in messages for row in rows_of(message)]
    with transaction.atomic():  # where this fails, what the visitor has sent is saved still
        QueuedMail.objects.bulk_create(rows)
    return len(messages)


def rows_of(message):
    """Return a QueuedMail for each address: what one refuses, another may have taken already.

    A backend that is not SMTP gets the mail whole.
    """
    message = copy(message)  # who has written it may send it again, with another subject
    if message.from_email == settings.DEFAULT_FROM_EMAIL:
        message.from_email = sender()
    theirs = {name.lower() for name in message.extra_headers}
    own = {name: text for name, text in own_headers().items() if name.lower() not in theirs}
    message.extra_headers = own | message.extra_headers
    message.message()  # raises what makes it no mail, such as a subject of two lines
    addresses = list(dict.fromkeys(message.recipients()))
    about = {"site_id": current_site_id(), "sender": message.from_email}
    about["subject"] = str(message.subject)[:LONGEST]
    return [
        QueuedMail(recipient=", ".join(each), content=content.dump(message, each), **about)
        for each in ([[address] for address in addresses] if is_smtp() else [addresses])
    ]


def own_headers():
    """Return the headers that are the same in each attempt: a mailbox can tell a copy by them."""
    domain = Site.objects.get_current().domain.partition(":")[0]
    date = formatdate(localtime=settings.EMAIL_USE_LOCALTIME)
    return {"Date": date, "Message-ID": make_msgid(domain=domain)}
