"""The command that lists the sites."""

import json

from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand

from multisite.hosts import normal, without_port
from multisite.usage import Usages


def in_ascii(hosts):
    """Yield the hosts as a web server knows them: as browsers send them, without their ports."""
    for host in hosts:
        try:
            yield without_port(normal(host))
        except UnicodeError:
            continue


class Command(BaseCommand):
    help = "Lists all sites: ID, domain, pages, posts, form entries, megabytes of uploads, aliases."

    def add_arguments(self, parser):
        parser.add_argument(
            "--json", action="store_true", help="an object a line: id, domain, aliases, hosts"
        )

    def handle(self, **options):
        usages = None if options["json"] else Usages()
        for site in Site.objects.order_by("id").prefetch_related("aliases"):
            aliases = [alias.host for alias in site.aliases.all()]
            if options["json"]:
                row = {"id": site.pk, "domain": site.domain, "aliases": aliases}
                row["hosts"] = list(in_ascii([site.domain, *aliases]))
                self.stdout.write(json.dumps(row))
            else:
                used = usages.of(site.pk)
                numbers = f"{used.pages:>5} pages {used.posts:>5} posts {used.entries:>5} entries"
                row = f"{site.pk:>5} {site.domain:<40} {numbers} {used.bytes / 1e6:>8.1f} MB"
                self.stdout.write("  ".join([row, *aliases]))
