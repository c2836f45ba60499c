"""Django's makemigrations, which writes inside the project alone."""

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import makemigrations

from ...own_apps import (
    Autodetector,
    is_own,
    missing_explained,
    own_labels,
    refuse_what_no_package_has,
)

HELP = "https://mezzanine.readthedocs.io/en/latest/model-customization.html"


class Command(makemigrations.Command):
    help = "Makes the migrations of the project's apps; those of packages are left as they are."
    autodetector = Autodetector

    def handle(self, *app_labels, **options):
        own = own_labels()
        for label in app_labels:
            if label not in own and label in apps.app_configs:
                raise CommandError(f"{label}: its migrations belong to its package")
        refuse_what_no_package_has()
        self.warn_of_extra_fields()
        if not options["empty"]:
            # Named, or Django would leave out those that have no directory of migrations yet.
            app_labels = app_labels or own
        with missing_explained():
            super().handle(*app_labels, **options)

    def warn_of_extra_fields(self):
        """Name the fields that EXTRA_MODEL_FIELDS adds and no migration can."""
        for path, *_field in getattr(settings, "EXTRA_MODEL_FIELDS", ()):
            config = apps.get_containing_app_config(path)
            if config and not is_own(config.label):
                warning = f"{path} gets no column unless MIGRATION_MODULES names {config.label!r}:"
                self.stderr.write(self.style.WARNING(f"{warning} {HELP}"))
