"""What visitors are told of mail, and who is written to."""

from mail.models import QueuedMail

WORDS = "What you sent is saved, but the e-mail about it could not be sent."
NO_MAIL = "We cannot send e-mail at the moment"
CLOSED, NO_NAME = "is not there", "has a name that is none"


def errors(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def recipients():
    return sorted(QueuedMail.objects.values_list("recipient", flat=True))
