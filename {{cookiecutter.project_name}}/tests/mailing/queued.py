"""A mail that is queued, and time that passes for it."""

from datetime import timedelta
from io import StringIO

from django.core.mail import send_mail
from django.core.management import CommandError, call_command
from django.urls import reverse

from mail.models import QueuedMail

# What will never be delivered, whoever tries; all other faults may pass.
FINAL = {
    "does not take the address": "550 5.1.1 No such mailbox",
    "does not take the sender": "550 5.7.1 Not your domain",
    "does not take the text": "554 5.6.0 Spam",
}
PASSWORD = "hunter2 of the mail"


def send(*to, subject="Hello"):
    send_mail(subject, "the text", None, to or ["zoe@example.com"])


def only():
    return QueuedMail.objects.get()


def later(**ago):
    """Let the mails be as they would be after that time."""
    for row in QueuedMail.objects.all():
        for name in ("created_at", "changed_at", "not_before", "until"):
            if getattr(row, name):
                setattr(row, name, getattr(row, name) - timedelta(**ago))
        row.save()


def again(client):
    address = reverse("admin:mail_queuedmail_changelist")
    pks = [str(pk) for pk in QueuedMail.objects.values_list("pk", flat=True)]
    return client.post(address, {"action": "send_again", "_selected_action": pks}, follow=True)


def told_of_test_mail(address):
    output = StringIO()
    try:
        call_command("testmail", address, stdout=output)
    except CommandError as error:
        return output.getvalue() + str(error)
    return output.getvalue()
