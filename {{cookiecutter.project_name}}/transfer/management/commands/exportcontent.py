"""The command that writes the content of all sites to a file."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from ...export import export, refuse_copy
from ...kinds import kinds
from ...models import Origin
from ...package import Package, Refused, sha256


class Command(BaseCommand):
    help = (
        "Writes the content of all sites to a file, which importcontent reads; without accounts"
        " and the data of visitors, unless --everything. --list shows which models are what."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", metavar="FILE")
        parser.add_argument("--everything", action="store_true", help="with accounts and visitors")
        parser.add_argument("--bases", metavar="DIRECTORY", help="where files are that were pulled")
        parser.add_argument("--list", action="store_true", help="only list the models")

    def handle(self, *, file, everything, bases, **options):
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
            export(file, everything, base_in(bases))
            with Package(file) as package:
                rows = package.header["rows"]
        except (Refused, OSError) as refused:
            raise CommandError(f"Nothing was exported: {refused}") from None
        told = {"sha256": sha256(file), "bytes": Path(file).stat().st_size, "rows": rows}
        self.stdout.write(json.dumps(told))


def base_in(directory):
    """Return the path of what this content was pulled in, None where it is not there any more."""
    origin = Origin.current()
    path = Path(directory, f"{origin.base}.zip") if directory and origin else None
    return path if path and path.exists() else None
