"""Django's migrate, which does not ask for migrations that makemigrations rightly does not make."""

from django.core.management.commands import migrate

from ...own_apps import Autodetector, missing_explained


class Command(migrate.Command):
    autodetector = Autodetector

    def handle(self, *args, **options):
        with missing_explained():
            super().handle(*args, **options)
