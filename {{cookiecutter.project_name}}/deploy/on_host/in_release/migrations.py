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


def model_of(operation):
    """Return the name of the model that an operation is about, in lower case."""
    names = (getattr(operation, name, "") for name in ("model_name", "old_name", "name"))
    return next(filter(None, names), "").lower()


def harm(operation):
    """Return what the operation does to older code that knows the model, or None."""
    if isinstance(operation, ops.RemoveField):
        return f"drops {operation.model_name}.{operation.name}"
    if isinstance(operation, ops.DeleteModel):
        return f"drops the table of {operation.name}"
    if isinstance(operation, ops.RenameModel | ops.AlterModelTable):
        return f"renames the table of {getattr(operation, 'old_name', operation.name)}"
    if isinstance(operation, ops.RenameField):
        return f"renames {operation.model_name}.{operation.old_name}"
    if isinstance(operation, ops.AddField | ops.AlterField) and needs_value(operation.field):
        name = f"{operation.model_name}.{operation.name}"
        return f"{name} takes no NULL, and has no default in the database"
    return None


def breaking(migration, state, known):
    """Yield a line for each operation of a migration that older code could not live with.

    What that code knows of are the models in known, pairs of an app and a name: no other harms it.
    """
    for operation in flattened(migration.operations):
        found = None
        if isinstance(operation, ops.RunSQL):
            found = "runs SQL of its own, which nobody can judge"
        elif (migration.app_label, model_of(operation)) in known:
            found = harm(operation) if is_news(operation, migration, state) else None
        if found:
            yield f"{migration.app_label}.{migration.name}: {found}"


def is_news(operation, migration, state):
    """Is it not so already? It is no news that a column takes no NULL, if it took none before."""
    if not isinstance(operation, ops.AlterField):
        return True
    model = state.models.get((migration.app_label, operation.model_name.lower()))
    field = model and model.fields.get(operation.name)
    return bool(field) and field.null


def main():
    executor = MigrationExecutor(connection)
    targets = executor.loader.graph.leaf_nodes()
    state = executor._create_project_state(with_applied_migrations=True)
    known, pending, lines = {*state.models}, [], []
    for migration, _ in executor.migration_plan(targets):
        pending.append(f"{migration.app_label}.{migration.name}")
        lines += breaking(migration, state, known)
        state = migration.mutate_state(state, preserve=False)
    print(json.dumps({"pending": pending, "breaking": lines}))


main()
