"""Send a mail to somebody, and show what the mail server says to each step."""

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from mail.configuration import (
    NOT_CONFIGURED,
    delivery_backend,
    is_configured,
    is_smtp,
    server,
)
from mail.conversation import told
from mail.delivery import words_of
from mail.report import report
from mail.senders import sender


class Command(BaseCommand):
    help = "Sends a test mail at once, and shows each step and the mail server's own words."

    def add_arguments(self, parser):
        parser.add_argument("address", help="where it is sent to")

    def handle(self, *, address, **options):
        try:
            validate_email(address)
        except ValidationError:
            raise CommandError(f"{address!r} is no address of a mailbox") from None
        if not is_configured():
            raise CommandError(f"{NOT_CONFIGURED}; on a server, type fab secret EMAIL_HOST")
        self.say(self.how())
        try:
            self.send(address)
        except Exception as error:  # of a mail server, or of whatever backend there is
            raise CommandError(f"Not sent: {words_of(error)}") from None
        self.say(f"The mail server has accepted it. If {address} gets nothing, look for it in spam")
        self.say(self.others())

    def say(self, line):
        self.stdout.write(line)
        self.stdout.flush()

    def how(self):
        """Return in a line which settings are used; a password is not told."""
        if not is_smtp():
            backend = delivery_backend()
            return f"By {backend.__module__}.{backend.__qualname__}"
        encryption = "STARTTLS" if settings.EMAIL_USE_TLS else "no encryption"
        parts = [server(), "TLS" if settings.EMAIL_USE_SSL else encryption]
        parts.append(f"user {settings.EMAIL_HOST_USER}" if settings.EMAIL_HOST_USER else "no user")
        parts.append(f"{settings.EMAIL_TIMEOUT or 'no limit of'} seconds for each answer")
        return f"EMAIL_HOST {', '.join(parts)}"

    def send(self, address):
        backend = delivery_backend()
        connection = (told(backend, self.say) if is_smtp() else backend)()
        subject = f"Test mail of {Site.objects.get_current().domain}"
        mail = EmailMessage(subject, "It works.\n", sender(), [address], connection=connection)
        mail.send()

    def others(self):
        """Return what else is to be known, in a line."""
        mails = report()
        admins = ", ".join(address for _name, address in settings.ADMINS)
        return (
            f"Other mails: {mails['waiting']} waiting, {mails['undelivered']} not delivered."
            f" Errors of the site are mailed to {admins or 'nobody: ADMINS is empty'}"
        )
