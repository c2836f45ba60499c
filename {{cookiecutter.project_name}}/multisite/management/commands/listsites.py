"""The command that lists the sites."""

import json
from pathlib import Path

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.management.base import BaseCommand
from django.db.models import Count
from mezzanine.forms.models import FormEntry

from multisite.hosts import normal, without_port
from transfer.site_export import uploads_of


def in_ascii(hosts):
    """Yield the hosts as a web server knows them: as browsers send them, without their ports."""
    for host in hosts:
        try:
            yield without_port(normal(host))
        except UnicodeError:
            continue


def size(site):
    """Return how many bytes the uploads of a site are."""
    files = Path(settings.MEDIA_ROOT, uploads_of(site.pk)).rglob("*")
    return sum(path.stat().st_size for path in files if path.is_file())


class Command(BaseCommand):
    help = "Lists all sites: ID, domain, pages, entries of forms, megabytes of uploads, aliases."

    def add_arguments(self, parser):
        parser.add_argument(
            "--json", action="store_true", help="an object a line: id, domain, aliases, hosts"
        )

    def handle(self, **options):
        sites = Site.objects.order_by("id").prefetch_related("aliases")
        counted = FormEntry._base_manager.values_list("form__site").annotate(Count("id"))
        entries = dict(counted.order_by())
        for site in sites.annotate(pages=Count("page")):
            aliases = [alias.host for alias in site.aliases.all()]
            if options["json"]:
                row = {"id": site.pk, "domain": site.domain, "aliases": aliases}
                row["hosts"] = list(in_ascii([site.domain, *aliases]))
                self.stdout.write(json.dumps(row))
            else:
                used = f"{site.pages:>5} pages {entries.get(site.pk, 0):>5} entries"
                row = f"{site.pk:>5} {site.domain:<40} {used} {size(site) / 1e6:>8.1f} MB"
                self.stdout.write("  ".join([row, *aliases]))
