"""Whether mail can be sent at all, and who sends what the queue keeps.

EMAIL_BACKEND is the queue on a live site. MAIL_DELIVERY_BACKEND is what it hands over to.
"""

from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core import mail
from django.core.mail.backends import smtp
from django.utils.module_loading import import_string

QUEUE = "mail.backends.Queue"
LISTS = ("/proc/net/tcp", "/proc/net/tcp6")
NOT_CONFIGURED = "Mail is not configured: EMAIL_HOST names no mail server"


def is_queued():
    """Return whether what is sent is kept first."""
    return settings.EMAIL_BACKEND == QUEUE


def delivery_backend():
    """Return the class of the backend that talks to a mail server."""
    return import_string(settings.MAIL_DELIVERY_BACKEND if is_queued() else settings.EMAIL_BACKEND)


def get_connection():
    """Return an instance of that, not opened yet."""
    return mail.get_connection(settings.MAIL_DELIVERY_BACKEND if is_queued() else None)


def is_smtp():
    return issubclass(delivery_backend(), smtp.EmailBackend)


def is_configured():
    """Return whether somebody is named to take mail; nobody is asked.

    Django's own default, port 25 of this machine, is somebody where a mail server runs there.
    """
    if not is_smtp():
        return True
    if (settings.EMAIL_HOST, settings.EMAIL_PORT) != ("localhost", 25):
        return bool(settings.EMAIL_HOST)
    return is_listened_at(25)


def is_listened_at(port):
    """Return whether a program of this machine waits for connections there, as Linux lists them."""
    listening = "0A"
    for path in LISTS:
        with suppress(OSError):  # of a machine without IPv6, or without Linux
            for line in Path(path).read_text("ascii").splitlines()[1:]:
                _number, address, _remote, state, *_rest = line.split()
                if state == listening and address.endswith(f":{port:04X}"):
                    return True
    return False


def server():
    """Return the mail server of the settings in words; there is no password in them."""
    return f"{settings.EMAIL_HOST}, port {settings.EMAIL_PORT}"
