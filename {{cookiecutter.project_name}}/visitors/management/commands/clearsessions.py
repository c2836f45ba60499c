"""Django's command, which cron runs each night, and what else has had its time."""

from django.contrib.sessions.management.commands import clearsessions

from visitors.deletion import delete_old_entries


class Command(clearsessions.Command):
    help = f"{clearsessions.Command.help} Deletes entries of forms after FORM_ENTRIES_DAYS, too."

    def handle(self, **options):
        super().handle(**options)
        delete_old_entries()
