"""The command that writes one site to a file."""

from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand, CommandError

from multisite.command_line import checked, existing

from ...package import Refused
from ...site_export import export_site


class Command(BaseCommand):
    help = (
        "Writes a site to a file, which importsite reads, here or in another project of the same"
        " template: content, settings, uploads, what visitors have sent, and its staff."
    )

    def add_arguments(self, parser):
        parser.add_argument("site", metavar="SITE", help="an ID, a domain or an alias")
        parser.add_argument("file", metavar="FILE")

    def handle(self, *, site, file, verbosity, **options):
        try:
            site = Site.objects.get(pk=existing(checked(site, "SITE")))
            counts = export_site(site, file)
        except (LookupError, Refused, OSError) as error:
            raise CommandError(f"Nothing was exported: {error}") from None
        if verbosity:
            told = f"{counts['rows']} rows and {counts['files']} files"
            self.stdout.write(f"{site.domain} is in {file}: {told}")
