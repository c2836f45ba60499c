"""What is told of the mail: by fab status and fab plan, the admin and checks."""

from datetime import timedelta

from django.utils import timezone

from .configuration import NOT_CONFIGURED, is_configured
from .models import QueuedMail

LATE = timedelta(minutes=30)  # after that, what still waits is told
LATELY = timedelta(days=1)  # for so long, what was not delivered is a trouble that alarms tell


def report(site_id=None):
    """Return what is so, of one site or of all, a dict.

    "problem" is why no mail is sent at all, empty where it is. "waiting", "late", "undelivered" and
    "lately", those of them of the last day, are numbers of mails. Of the latest that is in trouble,
    "words" is what the mail server said, "site" the domain of its site, and "since" when it was
    written, such as 2026-11-29T01:00Z; they are empty where there is none.
    """
    mails = QueuedMail.objects.filter(**({"site_id": site_id} if site_id else {}))
    waiting = mails.filter(state__in=[QueuedMail.WAITING, QueuedMail.SENDING])
    late = waiting.filter(created_at__lt=timezone.now() - LATE)
    undelivered = mails.filter(state__in=QueuedMail.UNDELIVERED)
    last = undelivered.first() or late.first()
    return {
        "problem": "" if is_configured() else NOT_CONFIGURED,
        "waiting": waiting.count(),
        "late": late.count(),
        "undelivered": undelivered.count(),
        "lately": undelivered.filter(changed_at__gt=timezone.now() - LATELY).count(),
        "words": last.words if last else "",
        "site": last.site.domain if last else "",
        "since": f"{last.created_at:%Y-%m-%dT%H:%MZ}" if last else "",
    }
