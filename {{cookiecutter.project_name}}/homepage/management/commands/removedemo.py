"""The command that removes the demo content of a site."""

from django.core.management.base import BaseCommand

from ... import demo


class Command(BaseCommand):
    help = (
        "Removes the pages, posts and sections with which createdb fills a new site, but for those"
        " that you have edited. Its pictures stay in the media library."
    )

    def handle(self, *, verbosity, **options):
        removed = demo.remove()
        if verbosity:
            self.stdout.write(f"Removed: {', '.join(removed) or 'nothing'}")
