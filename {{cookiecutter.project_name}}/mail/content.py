"""A mail as text for the database, and back: all that Django's classes have, attachments too.

A class of one's own that makes its message in another way is not known here: it comes back as
Django's.
"""

import json
from base64 import b64decode, b64encode
from email import message_from_bytes
from email.message import Message
from email.mime.base import MIMEBase
from email.policy import compat32

from django.core.mail import EmailAlternative, EmailAttachment, EmailMultiAlternatives
from django.utils.functional import Promise

BYTES, PART = "__bytes__", "__part__"  # keys of what JSON does not know


class Kept(EmailMultiAlternatives):
    """A mail out of the database, for some of those whom it is addressed to."""

    envelope = ()

    def recipients(self):
        return list(self.envelope)


class Part(MIMEBase):
    """An attachment that is no file, but a part of its own."""

    def __init__(self, policy=compat32):
        Message.__init__(self, policy)


def dump(message, envelope):
    """Return a mail for these addresses, a list, as text; TypeError where that cannot be."""
    values = {name: value for name, value in vars(message).items() if name != "connection"}
    return json.dumps(values | {"envelope": envelope}, default=encode)


def load(text):
    """Return the mail of a text."""
    message = Kept()
    vars(message).update(json.loads(text, object_hook=decode))
    message.alternatives = [EmailAlternative(*each) for each in message.alternatives]
    message.attachments = [
        each if isinstance(each, Part) else EmailAttachment(*each) for each in message.attachments
    ]
    return message


def encode(value):
    if isinstance(value, bytes):
        return {BYTES: b64encode(value).decode()}
    if isinstance(value, Message):
        return {PART: b64encode(value.as_bytes()).decode()}
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")


def decode(value):
    if value.keys() == {BYTES}:
        return b64decode(value[BYTES])
    if value.keys() == {PART}:
        return message_from_bytes(b64decode(value[PART]), Part)
    return value
