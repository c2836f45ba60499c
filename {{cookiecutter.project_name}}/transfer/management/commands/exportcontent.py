"""The command that writes the content of all sites to a file."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from ...export import export, refuse_copy
from ...kinds import kinds
from ...models import Origin
from ...package import Package, Refused, sha256
from ...sites import find


class Command(BaseCommand):
    help = (
        "Writes the content of all sites to a file, which importcontent reads; without accounts"
        " and the data of visitors, unless --everything. --list shows which models are what."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", metavar="FILE")
        parser.add_argument("--everything", action="store_true", help="with accounts and visitors")
        parser.add_argument("--bases", metavar="DIRECTORY", help="where files are that were pulled")
        # manage.py --site says for all commands on which site they work.
        parser.add_argument("--only", metavar="SITE", help="one site alone: an ID or a domain")
        parser.add_argument("--list", action="store_true", help="only list the models")

    def handle(self, *, file, everything, bases, only, **options):
        if options["list"]:
            rows = sorted((kind, model._meta.label) for model, kind in kinds().items())
            self.stdout.write("\n".join(f"{kind:<9} {label}" for kind, label in rows))
            return
        if not file:
            raise CommandError("Type the name of the file to write")
        if not connection.introspection.table_names():
            raise CommandError("There is no database here yet; type nox -s serve")
        try:
            if everything:
                refuse_copy()
            site = find(only) if only else None
            export(file, everything, base_in(bases, site), site)
            with Package(file) as package:
                header = package.header
        except (Refused, OSError) as refused:
            raise CommandError(f"Nothing was exported: {refused}") from None
        told = {"sha256": sha256(file), "bytes": Path(file).stat().st_size}
        told |= {key: header[key] for key in ("rows", "site", "uploads") if key in header}
        self.stdout.write(json.dumps(told))


def base_in(directory, site):
    """Return the path of what this content was pulled in, None where it is not there any more.

    Of one Site, that may be of it alone: whichever came last.
    """
    if not directory:
        return None
    origin = Origin.current()
    names = [f"{origin.base}.zip"] if origin else []
    names += [f"site-{site.pk}.zip"] if site else []
    paths = [Path(directory, name) for name in names]
    there = [path for path in paths if path.exists()]
    return max(there, key=lambda path: path.stat().st_mtime, default=None)
