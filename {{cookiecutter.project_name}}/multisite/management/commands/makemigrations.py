"""Django's makemigrations, which writes inside the project alone."""

import sys

from django.apps import apps
from django.core.management import CommandError
from django.core.management.commands import makemigrations

from ...own_apps import (
    PACKAGES,
    Autodetector,
    missing,
    missing_explained,
    own_labels,
    refuse_what_no_package_has,
    take_over,
)


class Command(makemigrations.Command):
    help = (
        "Makes the migrations of the project's apps, and of what the project adds to the models of"
        " packages; those of packages are left as they are."
    )
    autodetector = Autodetector

    def handle(self, *app_labels, **options):
        refuse_what_no_package_has()
        with missing_explained():
            is_check = options["check_changes"]
            is_missing = self.take_over_packages(app_labels, is_check, options["dry_run"])
            own = own_labels()
            for label in app_labels:
                if label not in own and label in apps.app_configs:
                    raise CommandError(f"{label}: its migrations belong to its package")
            if not options["empty"]:
                # Named, or Django would leave out those that have no directory of migrations yet.
                app_labels = app_labels or own
            super().handle(*app_labels, **options)  # which ends where something is missing
            if is_check and is_missing:
                sys.exit(1)

    def take_over_packages(self, app_labels, check, dry_run):
        """Take over the migrations of the packages to whose models the project adds fields.

        With check or dry_run it only names what is missing. Return whether it named something.
        """
        own, is_missing = own_labels(), False
        for label, operations in missing().items():
            if label in own or app_labels and label not in app_labels:
                continue
            if not check and not dry_run:
                take_over(label)
                continue
            is_missing = True
            self.stdout.write(f"Migrations for '{label}', in {PACKAGES}/{label}:")
            for operation in operations:
                self.stdout.write(f"    + {operation.describe()}")
        return is_missing
