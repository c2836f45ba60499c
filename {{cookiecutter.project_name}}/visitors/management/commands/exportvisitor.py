"""Writes what belongs to a visitor into a zip file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from visitors.export import write_zip
from visitors.traces import Traces


class Command(BaseCommand):
    help = "Writes what belongs to a visitor into a zip file: accounts, comments, entries, ratings."

    def add_arguments(self, parser):
        parser.add_argument("who", help="An e-mail address, or the name of an account")
        parser.add_argument("file", help="The zip file to write")

    def handle(self, who, file, **options):
        traces = Traces(who)
        counts = traces.counts()
        if not any(counts.values()):
            raise CommandError(f"Nothing belongs to {who}.")
        try:
            with Path(file).open("xb") as target:
                write_zip(traces, target)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}") from None
        self.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()))
