"""In a release: what its migrations would do to the code that is live meanwhile.

Prints JSON: "pending", the names of the migrations not applied yet, and "breaking", a line for each
operation that the code before them could not live with. Django drops the default of a new column
after it has filled it, so code that does not know the column cannot insert a row any more, unless
the column takes NULL or has a db_default.
https://docs.djangoproject.com/en/5.2/ref/migration-operations/
"""

import json

import django

django.setup()

from django.db import connection, models  # noqa: E402
from django.db.migrations import operations as ops  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.models.fields import NOT_PROVIDED  # noqa: E402


def flattened(operations):
    for operation in operations:
        if isinstance(operation, ops.SeparateDatabaseAndState):
            yield from flattened(operation.database_operations)
        else:
            yield operation


def needs_value(field):
    """Does a row of code that does not know the field fail for want of it?"""
    has_column = not isinstance(field, models.ManyToManyField)
    default = getattr(field, "db_default", NOT_PROVIDED)
    return has_column and not field.null and default is NOT_PROVIDED


def harm(operation, new_models):
    """Return what the operation does to older code, or None."""
    if isinstance(operation, ops.RemoveField):
        return f"drops {operation.model_name}.{operation.name}"
    if isinstance(operation, ops.DeleteModel):
        return f"drops the table of {operation.name}"
    if isinstance(operation, ops.RenameModel | ops.AlterModelTable):
        return f"renames the table of {getattr(operation, 'old_name', operation.name)}"
    if isinstance(operation, ops.RenameField):
        return f"renames {operation.model_name}.{operation.old_name}"
    if isinstance(operation, ops.RunSQL):
        return "runs SQL of its own, which nobody can judge"
    if isinstance(operation, ops.AddField | ops.AlterField):
        name = operation.model_name
        if name.lower() not in new_models and needs_value(operation.field):
            return f"{name}.{operation.name} takes no NULL, and has no default in the database"
    return None


def breaking(migration, state):
    """Return a line for each operation of a migration that older code could not live with."""
    lines, new_models = [], set()
    for operation in flattened(migration.operations):
        if isinstance(operation, ops.CreateModel):
            new_models.add(operation.name.lower())
        if isinstance(operation, ops.AlterField) and not was_nullable(state, migration, operation):
            continue
        if found := harm(operation, new_models):
            lines.append(f"{migration.app_label}.{migration.name}: {found}")
    return lines


def was_nullable(state, migration, operation):
    """Did the column take NULL before? Only then is it news that it does not any more."""
    model = state.models.get((migration.app_label, operation.model_name.lower()))
    field = model and model.fields.get(operation.name)
    return bool(field) and field.null


def main():
    executor = MigrationExecutor(connection)
    targets = executor.loader.graph.leaf_nodes()
    state = executor._create_project_state(with_applied_migrations=True)
    pending, lines = [], []
    for migration, _ in executor.migration_plan(targets):
        pending.append(f"{migration.app_label}.{migration.name}")
        lines += breaking(migration, state)
        state = migration.mutate_state(state, preserve=False)
    print(json.dumps({"pending": pending, "breaking": lines}))


main()
