"""The command that adds a site from a file."""

from django.core.management.base import BaseCommand, CommandError

from ...package import Package, Refused
from ...site_import import import_site


class Command(BaseCommand):
    help = "Adds the site of a file that exportsite wrote, all at once or not at all."

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--domain", help="what the site is to be called, if not as it was")

    def handle(self, *, file, domain, verbosity, **options):
        try:
            with Package(file) as package:
                site, told = import_site(package, domain)
        except (Refused, OSError) as error:
            raise CommandError(f"Nothing was changed: {error}") from None
        for line in told:
            self.stderr.write(line)
        if verbosity:
            self.stdout.write(f"Site {site.pk} is {site.domain}; its name must lead to here")
