"""Migrations are written for the apps of the project alone.

The models of Mezzanine's blog, core and generic differ from their migrations. Django would write
the difference into site-packages, and let migrations of the project depend on files that no other
machine has. So `makemigrations` and `migrate` take the models of packages for what their
migrations say.

Where the project adds fields to models of a package, by EXTRA_MODEL_FIELDS or as translations, it
takes over the migrations of that app: a folder in migrations_of_packages/ has those of the package,
by its __path__, and new ones beside them.
"""

import importlib
import sys
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.exceptions import NodeNotFoundError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, CreateModel
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState

from languages.for_settings import PACKAGES

TAKEN_OVER = """\
\"\"\"The migrations of {app}, and those for what this project adds to its models.\"\"\"

from {package} import migrations

__path__ += migrations.__path__
"""


def is_own(label):
    """Return whether the migrations of the app with that label are the project's to write."""
    module = settings.MIGRATION_MODULES.get(label, label)
    if module == label:
        return is_in_project(apps.get_app_config(label).path)
    if module is None:  # the app has none
        return False
    spec = find_spec(module.partition(".")[0])
    places = spec and spec.submodule_search_locations
    return not places or is_in_project([*places][0])  # where there is none, Django says so


def is_in_project(path):
    """Return whether the path is below BASE_DIR, and in no environment of packages there."""
    path, project, environment = [
        Path(place).resolve() for place in (path, settings.BASE_DIR, sys.prefix)
    ]
    if not path.is_relative_to(project):
        return False
    if project in environment.parents and path.is_relative_to(environment):
        return False
    return {"site-packages", "dist-packages"}.isdisjoint(path.relative_to(project).parts)


def own_labels():
    """Return the labels of the apps whose migrations are the project's to write, a list."""
    return [config.label for config in apps.get_app_configs() if is_own(config.label)]


class Autodetector(MigrationAutodetector):
    """Finds what has changed in the apps of the project, and nothing in those of packages.

    Shared by both commands, as Django demands (commands.E001).
    """

    def __init__(self, from_state, to_state, questioner=None):
        own = set(own_labels())
        models = {key: model for key, model in from_state.models.items() if key[0] in own}
        models |= {key: model for key, model in to_state.models.items() if key[0] not in own}
        for label in own:
            if not is_in_project(apps.get_app_config(label).path):
                leave_to_package(label, models, to_state.models)
        super().__init__(ProjectState(models, from_state.real_apps), to_state, questioner)


def leave_to_package(label, models, now):
    """Take what an app of a package has in its own migrations for what its models are now.

    models and now are ModelStates by label and name; models is changed. So a migration of the
    project holds its own fields, and no change that the package has forgotten.
    """
    loader = MigrationLoader(None, ignore_no_migrations=True)
    nodes = {(label, file.stem) for file in migrations_of_package(label)}
    shipped = loader.project_state([*nodes & loader.graph.nodes.keys()])
    for key, model in shipped.models.items():
        if key[0] == label and key in models and key in now:
            models[key] = models[key].clone()
            models[key].options = now[key].options
            for name in model.fields.keys() & models[key].fields.keys() & now[key].fields.keys():
                models[key].fields[name] = now[key].fields[name]


def missing():
    """Return the operations for tables and columns that no migration makes, lists by labels."""
    own = own_labels()
    loader = MigrationLoader(None, ignore_no_migrations=True)
    before, now = loader.project_state(), ProjectState.from_apps(apps)
    asked = MigrationQuestioner(specified_apps=own)  # also those without any migrations
    changes = MigrationAutodetector(before, now, asked).changes(loader.graph, convert_apps=own)
    found = {
        label: [each for migration in migrations for each in migration.operations if adds(each)]
        for label, migrations in sorted(changes.items())
        if label in own or label in loader.migrated_apps
    }
    return {label: operations for label, operations in found.items() if operations}


def adds(operation):
    """Return whether an operation adds a column or a table; other changes work without it."""
    if isinstance(operation, CreateModel):
        return operation.options.get("managed", True) and not operation.options.get("proxy")
    return isinstance(operation, AddField)


def take_over(label):
    """Let the project have the migrations of an app of a package from now on."""
    name, _ = MigrationLoader.migrations_module(label)
    package = name.removesuffix(".migrations")
    folder = Path(settings.BASE_DIR, PACKAGES, label)
    folder.mkdir(parents=True, exist_ok=True)
    folder.with_name("__init__.py").touch()
    text = TAKEN_OVER.format(app=apps.get_app_config(label).name, package=package)
    folder.joinpath("__init__.py").write_text(text, "utf-8")
    settings.MIGRATION_MODULES[label] = f"{PACKAGES}.{label}"
    importlib.invalidate_caches()


@cache
def shipped(package):
    """Return the migrations that came with the package of that name, a set of Paths."""
    files = [file for file in metadata.files(package) or [] if file.parent.name == "migrations"]
    return {Path(file.locate()).resolve() for file in files}


def migrations_of_package(label):
    """Return the files of the migrations that an app has in its package, by number."""
    directory = Path(apps.get_app_config(label).path, "migrations").resolve()
    return sorted(directory.glob("[0-9]*.py"))


def refuse_what_no_package_has():
    """Raise CommandError for a migration in a package that was not installed with it."""
    packages = metadata.packages_distributions()
    for config in apps.get_app_configs():
        names = packages.get(config.name.partition(".")[0], [])
        files = set().union(*map(shipped, names))
        if Path(config.path, "migrations/__init__.py").resolve() not in files:
            continue  # the project's, or a package that does not list its files
        for file in migrations_of_package(config.label):
            if file not in files:
                raise CommandError(
                    f"{file} came with no package: an earlier makemigrations wrote it there."
                    " Delete it; no other machine has it."
                )


@contextmanager
def missing_explained():
    """Say what to type where a migration depends on one that its package does not have."""
    try:
        yield
    except NodeNotFoundError as error:
        label, name = error.node
        known = label in {config.label for config in apps.get_app_configs()}
        if error.origin is None or not known or is_own(label):
            raise
        file = sys.modules[type(error.origin).__module__].__file__
        *_, last = ["__first__", *[file.stem for file in migrations_of_package(label)]]
        raise CommandError(
            f"{file} depends on {(label, name)}, which no release of its package has."
            f" Type {(label, last)} there."
        ) from None
