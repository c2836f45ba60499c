"""The command that lists the sites."""

import json

from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand
from django.db.models import Count

from multisite.hosts import normal, without_port


def in_ascii(hosts):
    """Yield the hosts as a web server knows them: as browsers send them, without their ports."""
    for host in hosts:
        try:
            yield without_port(normal(host))
        except UnicodeError:
            continue


class Command(BaseCommand):
    help = "Lists all sites: ID, domain, number of pages, aliases."

    def add_arguments(self, parser):
        parser.add_argument(
            "--json", action="store_true", help="an object a line: id, domain, aliases, hosts"
        )

    def handle(self, **options):
        sites = Site.objects.order_by("id").prefetch_related("aliases")
        for site in sites.annotate(pages=Count("page")):
            aliases = [alias.host for alias in site.aliases.all()]
            if options["json"]:
                row = {"id": site.pk, "domain": site.domain, "aliases": aliases}
                row["hosts"] = list(in_ascii([site.domain, *aliases]))
                self.stdout.write(json.dumps(row))
            else:
                row = f"{site.pk:>5} {site.domain:<40} {site.pages:>5} pages  {' '.join(aliases)}"
                self.stdout.write(row.rstrip())
