"""Send the mail that waits in the database; run by cron each minute."""

from django.core.management.base import BaseCommand

from mail import delivery


class Command(BaseCommand):
    requires_system_checks = []  # of pages and the admin, which take longer than the mail
    help = "Sends the mail that waits. What is not delivered is in the admin, under E-mails."

    def handle(self, *, verbosity, **options):
        sent, failed = delivery.run()
        if verbosity > 1 or self.stdout.isatty():
            self.stdout.write(f"{sent} sent, {failed} not delivered yet, or not at all.")
