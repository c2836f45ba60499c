"""What two databases have to have in common before the content of one goes to the other."""

from django.apps import apps as installed
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from staff.versions import template

from .package import Refused


def migrations():
    """Return the migrations that were applied, a list by app; of apps that are installed."""
    found = {}
    for label, name in sorted(MigrationRecorder(connection).applied_migrations()):
        if label in installed.app_configs:
            found.setdefault(label, []).append(name)
    return found


def described():
    return {"migrations": migrations(), "template": template()}


def check(header, apps=None):
    """Refused where content with that header, a dict, is for another state of the project.

    `apps` are the labels of those that count, if not all.
    """
    here, there = migrations(), header["migrations"]
    if apps is not None:
        here = {label: names for label, names in here.items() if label in apps}
    pairs = {(label, name) for label in here for name in here[label]}
    others = {(label, name) for label in there for name in there[label]}
    if missing := sorted(others - pairs):
        raise Refused(
            f"it is of a newer state: {named(missing)} was migrated there and not here; deploy or"
            " migrate here first"
        )
    if more := sorted(pairs - others):
        raise Refused(
            f"it is of an older state: {named(more)} was migrated here and not there; deploy or"
            " migrate there first"
        )
    if header["template"] and template() and header["template"] != template():
        raise Refused(
            f"it is of another version of the template: {header['template']} there, {template()}"
            " here; deploy, so that both are the same"
        )


def named(pairs):
    """Return the first migration, and how many more there are."""
    first = ".".join(pairs[0])
    return first if len(pairs) == 1 else f"{first} (and {len(pairs) - 1} more)"
