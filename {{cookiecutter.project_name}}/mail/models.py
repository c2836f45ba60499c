"""What is to be sent, and what became of it.

Why not a package? django-post-office 3.12, the best kept one, notes what was sent when a whole
batch is through: where its process is killed, all of the batch is sent again; two machines with one
database send twice. It treats "no such mailbox" and "try again later" alike, gives staff the text
of each mail with the links for new passwords in it, and knows no sites.
"""

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

PATIENCE = timedelta(days=3)  # as long as a link for a new password is good
KEPT = timedelta(days=30)  # what is said of a mail; its text goes as soon as it is sent
WAITS = (1, 2, 4, 8, 15, 30)  # minutes after each attempt; the last for all that follow
LONGEST = 255  # characters of a subject


def until():
    """Return when to give up a mail that is queued now."""
    return timezone.now() + PATIENCE


class QueuedMail(models.Model):
    """A mail to one address, or to all of it where another backend than SMTP sends it."""

    WAITING, SENDING, SENT, FAILED, DOUBTFUL = "waiting", "sending", "sent", "failed", "doubtful"
    STATES = [
        (WAITING, _("waiting")),
        (SENDING, _("being sent")),
        (SENT, _("sent")),
        (FAILED, _("not delivered")),
        (DOUBTFUL, _("perhaps delivered")),
    ]
    UNDELIVERED = (FAILED, DOUBTFUL)

    site = models.ForeignKey("sites.Site", models.CASCADE, verbose_name=_("Site"))
    recipient = models.TextField(_("To"))
    sender = models.TextField(_("From"))
    subject = models.CharField(_("Subject"), max_length=LONGEST, blank=True)
    content = models.TextField(editable=False)  # see content.py; empty once it is sent
    state = models.CharField(_("State"), max_length=10, choices=STATES, default=WAITING)
    attempts = models.PositiveIntegerField(_("Attempts"), default=0)
    words = models.TextField(_("What the mail server said"), blank=True)
    created_at = models.DateTimeField(_("Written"), default=timezone.now, db_index=True)
    changed_at = models.DateTimeField(_("Last attempt"), null=True)
    not_before = models.DateTimeField(_("Not before"), default=timezone.now)
    until = models.DateTimeField(_("Given up"), default=until)

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["state", "not_before"], name="mail_by_state")]

    def __str__(self):
        return f"{self.subject} ({self.recipient})"
