"""The command that lets the content of a file take the place of what is there."""

import json

from django.core.management.base import BaseCommand, CommandError

from ...keeping import keep
from ...load import load
from ...package import Package, Refused
from ...plan import Plan


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
        parser.add_argument("--keep", metavar="FILE", help="write what is here to this file before")

    def handle(self, *, file, look, agreed, pulled, **options):
        try:
            with Package(file) as package:
                if look:
                    package.check()
                    summary = Plan(package).summary
                else:
                    if options["keep"]:
                        keep(options["keep"])
                    summary = load(package, agreed, pulled)
        except (Refused, OSError) as refused:
            raise CommandError(f"Nothing was changed: {refused}") from None
        self.stdout.write(json.dumps(summary))
