"""The command that lets the content of a file take the place of what is there."""

import json

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from ...keeping import keep
from ...load import load
from ...models import Origin
from ...one_site import plan
from ...package import Package, Refused, sha256


class Command(BaseCommand):
    help = (
        "Lets the content of a file that exportcontent wrote take the place of what is here, all at"
        " once or not at all. Accounts and the data of visitors stay, unless the file has them."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--look", action="store_true", help="only say what would change")
        parser.add_argument("--agreed", metavar="DIGEST", help="what --look has said before")
        parser.add_argument("--pulled", action="store_true", help="this is a copy of a live site")
        parser.add_argument("--pushed", action="store_true", help="only note that it is live now")
        parser.add_argument("--keep", metavar="FILE", help="write what is here to this file before")

    def handle(self, *, file, look, agreed, pulled, pushed, **options):
        try:
            with Package(file) as package:
                if "everything" not in package.header:
                    raise Refused(f"{file} is one site alone, and importsite reads it")
                if pushed:
                    Origin.note(sha256(file))
                    summary = {}
                elif look:
                    package.check()
                    summary = plan(package).summary
                else:
                    if pulled and not connection.introspection.table_names():
                        call_command("createdb", interactive=False, nodata=True, verbosity=0)
                    if options["keep"]:
                        keep(options["keep"])
                    summary = load(package, agreed, pulled)
        except (Refused, OSError) as refused:
            raise CommandError(f"Nothing was changed: {refused}") from None
        self.stdout.write(json.dumps(summary))
