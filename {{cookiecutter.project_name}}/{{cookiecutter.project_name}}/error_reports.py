"""What is written about an error: on a page of Django's, and in mails to ADMINS."""

import hashlib
import logging
import os
import time
import traceback
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.mail import mail_admins
from django.views.debug import SafeExceptionReporterFilter

DAY = 86400  # seconds
MAIL = """{what}
{where}

{trace}
{often}
The mail has nothing of what a visitor sent. The log has more: fab logs --request {request_id}
"""


class WithoutSettings(SafeExceptionReporterFilter):
    """List no settings: Django hides those alone whose names sound secret, such as API_KEY."""

    def get_safe_settings(self):
        return {}


class OncePerFault(logging.Handler):
    """Mails an error to ADMINS once, and once a day as long as it goes on, with how often it came.

    Errors from the same lines of code are one fault, whoever the visitor is. In `directory`, a
    fault has a file, whose time says when it was mailed, and another with a byte for each time that
    it came since: so all processes of the site know of it. What a visitor sent is in no mail: no
    address, form, cookie or message of an exception, which may have any of them in it.
    """

    def __init__(self, directory):
        super().__init__()
        self.directory, self.mailed = Path(directory), set()

    def emit(self, record):
        if getattr(record, "status_code", 500) < 500:  # somebody tried something; that is answered
            return
        try:
            often = self.count(fingerprint(record))
            if often is not None:
                mail_admins(subject(record), text(record, often), fail_silently=True)
        except Exception:  # as in every handler: an error of its own is no error of the page
            self.handleError(record)

    def count(self, fault):
        """Return how often a fault has come since it was mailed; None where it is not due again."""
        try:
            self.directory.mkdir(mode=0o700, exist_ok=True)
            path, times = self.directory / fault, self.directory / f"{fault}.times"
            if not is_due(path):
                with times.open("ab") as file:
                    file.write(b".")
                return None
            with suppress(FileNotFoundError):
                often = times.stat().st_size
                times.unlink()
                return often
            return 0
        except OSError:  # a full disk, say: then each process mails it once
            if fault in self.mailed:
                return None
            self.mailed.add(fault)
            return 0


def is_due(path):
    """Return whether a fault is to be mailed now; of several processes, one is told so."""
    with suppress(FileNotFoundError):
        if time.time() - path.stat().st_mtime >= DAY:
            path.unlink()  # one of several can
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    return True


def fingerprint(record):
    """Return the name of a fault: of where in the code it comes from."""
    if record.exc_info and record.exc_info[0]:
        kind, _error, trace = record.exc_info
        frames = traceback.extract_tb(trace)
        words = [kind.__qualname__, *(f"{each.filename}:{each.lineno}" for each in frames)]
    else:
        words = [record.name, str(record.msg), route(record)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:32]


def route(record):
    """Return the pattern of the address, which has nothing of a visitor in it; "" without one."""
    request = getattr(record, "request", None)
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match else ""


def subject(record):
    if not (record.exc_info and record.exc_info[0]):
        return f"{record.levelname} of {record.name} {route(record)}".strip()
    name = record.exc_info[0].__name__
    for last in traceback.extract_tb(record.exc_info[2])[-1:]:
        return f"{name} in {Path(last.filename).name}, line {last.lineno}"
    return name


def text(record, often):
    """Return the mail about a record, a str."""
    release = settings.BASE_DIR.parent.name
    request = getattr(record, "request", None)
    method = getattr(request, "method", "")
    trace = "".join(frames(record.exc_info[1])) if record.exc_info else f"{record.msg}\n"
    again = f"It has come {often} times since the last mail about it." if often else ""
    return MAIL.format(
        what=subject(record),
        where=f"{method} {route(record)} of the release {release}".strip(),
        trace=trace,
        often=again or "You get no other mail about it within a day, however often it comes.",
        request_id=getattr(record, "request_id", "ID"),
    )


def frames(error):
    """Yield the traceback of an error and of what led to it, without their messages."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from frames(cause)
        yield "\nwhich led to\n\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"
