"""The X-Request-ID of a request, in each line of the log that is written in answering it.

NGINX makes it up, and replaces what a visitor sends; so what comes without NGINX has none.
"""

import logging
import re
from contextvars import ContextVar

from django.core.signals import request_finished, request_started
from django.dispatch import receiver

NONE = "-"
current = ContextVar("request_id", default=NONE)


@receiver(request_started)
def begin(environ=None, **kwargs):
    given = (environ or {}).get("HTTP_X_REQUEST_ID", "")
    current.set(given if re.fullmatch("[0-9a-f]{32}", given) else NONE)


@receiver(request_finished)
def end(**kwargs):
    current.set(NONE)


class RequestId(logging.Filter):
    """Gives each record its `request_id`."""

    def filter(self, record):
        record.request_id = current.get()
        return True
