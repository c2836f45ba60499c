"""Deletes what belongs to a visitor."""

from django.core.management.base import BaseCommand, CommandError

from visitors.deletion import Refused, delete
from visitors.traces import Traces


class Command(BaseCommand):
    help = "Deletes what belongs to a visitor: accounts, comments, entries of forms, ratings."

    def add_arguments(self, parser):
        parser.add_argument("who", help="An e-mail address, or the name of an account")
        parser.add_argument(
            "--noinput", action="store_false", dest="interactive", help="Do not ask."
        )

    def handle(self, who, interactive, **options):
        traces = Traces(who)
        counts = traces.counts()
        if not any(counts.values()):
            raise CommandError(f"Nothing belongs to {who}.")
        self.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()))
        if interactive and not is_sure(who):
            raise CommandError("Nothing was deleted.")
        try:
            delete(traces)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write("Deleted.")


def is_sure(who):
    try:
        return input(f"Type {who} to delete this: ") == who
    except EOFError:
        return False
