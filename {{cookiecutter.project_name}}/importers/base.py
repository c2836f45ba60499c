"""What the commands have in common. Their options are Mezzanine's."""

from urllib.parse import urljoin

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db import transaction
from mezzanine.blog.management.base import BaseImporterCommand
from mezzanine.conf import settings

from .reading import absolute
from .storing import Store

FOOTER = "pages/menus/footer.html"


class ImportCommand(BaseImporterCommand):
    """Imports an Export into the site at hand: all of it, or nothing where something fails."""

    source = None  # the name of the option that says where the export is

    def add_source(self, parser, short, name, help):
        parser.add_argument(short, f"--{name}", help=help)
        self.source = name.replace("-", "_")

    def get_export(self, source):
        """Return the Export; CommandError where there is none."""
        raise NotImplementedError

    def handle(self, *args, **options):
        source, name = options[self.source], options["mezzanine_user"]
        if not source:
            raise CommandError(f"Say where the export is: --{self.source.replace('_', '-')}")
        if name is None:
            raise CommandError("Say whose the posts are: --mezzanine-user NAME")
        try:
            user = get_user_model().objects.get_by_natural_key(name)
        except get_user_model().DoesNotExist:
            raise CommandError(f"There is no user {name}.") from None
        export = self.get_export(source)
        for entry in export.entries:
            entry.content = absolute(entry.content, urljoin(entry.base, entry.address))
        store = Store(user, menus(options["in_navigation"], options["in_footer"]))
        with transaction.atomic():
            store.save(export.entries)
        if options["verbosity"]:
            self.tell(store.done, export.left_out + store.left_out)

    def tell(self, done, left_out):
        counts = [f"{count} {name}" for name, count in done.items() if count]
        self.stdout.write(f"Imported: {', '.join(counts) or 'nothing'}")
        for name, count in (+left_out).items():
            self.stdout.write(f"Left out: {count} {name}")


def menus(in_navigation, in_footer):
    """Return the numbers of the menus that imported pages are shown in."""
    footer = [menu[0] for menu in settings.PAGE_MENU_TEMPLATES if menu[-1] == FOOTER]
    if in_navigation:
        every = [menu[0] for menu in settings.PAGE_MENU_TEMPLATES]
        return [menu for menu in every if in_footer or menu not in footer]
    return footer if in_footer else []
