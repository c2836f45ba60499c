"""In a release: a database that was loaded beside the live one gets the migrations that it lacks.

Reads JSON: "database", its name. One with migrations that neither the release nor the live database
has is of newer code, and stays as it is. Prints JSON: "refused", why, or an empty str, and
"applied", the names of the migrations that it lacked, a list.
"""

import json
import sys

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.migrations.recorder import MigrationRecorder  # noqa: E402


def known(loader):
    """Return the migrations of the release, and those in whose place it has a squashed one."""
    replaced = (name for each in loader.replacements.values() for name in each.replaces)
    return {*loader.disk_migrations, *replaced}


def names_of(migrations):
    return [f"{app}.{name}" for app, name in migrations]


def newer(loader, live):
    """Return the names of the migrations that are of newer code, sorted."""
    found = loader.applied_migrations.keys() - known(loader) - live
    return sorted(names_of(each for each in found if each[0] in apps.app_configs))


def migrate():
    """Do what a deploy does to the database; return why that fails, or an empty str."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except Exception as error:  # whatever a migration of the project does
        words = str(error).strip().partition("\n")[0]
        return f"the migrations of the live release fail: {type(error).__name__}: {words}"
    return ""


live = MigrationRecorder(connection).applied_migrations().keys()
connection.close()
connection.settings_dict["NAME"] = json.load(sys.stdin)["database"]
executor = MigrationExecutor(connection)
pending = []
if names := newer(executor.loader, live):
    refused = f"{names[0]} was migrated, which the live release does not know: type fab deploy"
else:
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    pending = names_of((migration.app_label, migration.name) for migration, _ in plan)
    refused = migrate()
print(json.dumps({"refused": refused, "applied": pending}))
