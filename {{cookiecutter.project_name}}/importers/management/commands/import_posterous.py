"""Says that Posterous is gone, with the options of Mezzanine's command."""

from django.core.management.base import CommandError
from mezzanine.blog.management.commands import import_posterous


class Command(import_posterous.Command):
    help = "Does nothing: Posterous closed in 2013."

    def handle(self, *args, **options):
        raise CommandError(
            "Posterous closed in 2013, and there is nothing left to import from. Its backups have a"
            " file in the format of WordPress: import_wordpress --url wordpress_export_1.xml"
        )
