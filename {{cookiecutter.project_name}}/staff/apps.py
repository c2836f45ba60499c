"""What staff may do: each view of Mezzanine asks for a permission here.

Theirs ask only whether somebody is staff. They are replaced where they are defined, not in urls.py:
so no other pattern leads to them.
"""

from django.apps import AppConfig
from django.core.checks import register


class StaffConfig(AppConfig):
    name = "staff"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import (
            admin,
            admin_removal,
            checks,
            content,
            dates,
            entry_files,
            entry_saving,
            markup,
            sidebar,
            validation,
            zip_import,
        )

        admin.install()
        admin_removal.install()
        register(checks.check_directories)
        register(checks.check_files)
        register(checks.check_lists)
        content.install()
        dates.install()
        sidebar.install()
        entry_files.install()
        entry_saving.install()
        markup.install()
        validation.install()
        zip_import.install()
