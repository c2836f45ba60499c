"""PATCHES.md names all that the project changes of Django and Mezzanine, and nothing else.

Two ways lead to what is changed: the source of the apps, for assignments, and the packages as they
are now, for functions and classes in them that are not theirs.
"""

import ast
import inspect
import re
import sys
from pathlib import Path
from types import FunctionType, ModuleType

import django.core
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import find_commands
from django.template import Library
from originals import parse

PACKAGES = ("django", "django_comments", "filebrowser_safe", "mezzanine")
HERE = Path(__file__).parent
CORE = Path(django.core.__file__).parent  # it has commands, as an app has
HOW = "write a row for it in PATCHES.md, and a test in tests/upstream/"


@pytest.fixture(scope="session")
def rows():
    """The table: a dict of the cells of each row, by what is changed."""
    text = (settings.BASE_DIR / "PATCHES.md").read_text("utf-8")
    table = [re.split(r"\s*\|\s*", line.strip("| ")) for line in text.splitlines() if "|" in line]
    return {cells[0].strip("`"): cells[1:] for cells in table[2:]}


def is_named(name, rows):
    """Return whether a row names that, or what it is a part of."""
    return any(name == row or name.startswith(f"{row}.") for row in rows)


def is_ours(path):
    return Path(path).is_relative_to(settings.BASE_DIR) and "site-packages" not in str(path)


def own_apps():
    """Return the apps of the project, AppConfigs; it may have its virtual environment inside."""
    return [config for config in apps.get_app_configs() if is_ours(config.path)]


# By the source


def chain(node):
    """Return the names of a.b.c as a list, or None for another expression."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (names := chain(node.value)):
        return [*names, node.attr]
    return None


def imported(tree):
    """Return the dotted path of each name that a module imports from one of PACKAGES."""
    paths = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            paths |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            paths |= {a.asname or a.name.partition(".")[0]: a.name for a in node.names if a.asname}
            paths |= {name: name for a in node.names if not a.asname for name in [root(a.name)]}
    return {name: path for name, path in paths.items() if root(path) in PACKAGES}


def root(path):
    return path.partition(".")[0]


def resolve(node, names):
    """Return the dotted path of an expression that begins with one of the names, or None."""
    found = chain(node)
    return ".".join([names[found[0]], *found[1:]]) if found and found[0] in names else None


def with_loops(tree, names):
    """Return the names, and those of loops over something of theirs, or over a call with it."""
    names = dict(names)
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            values = node.iter.args if isinstance(node.iter, ast.Call) else [node.iter]
            for path in filter(None, (resolve(value, names) for value in values)):
                names[node.target.id] = path
    return names


def assigned(source):
    """Return the dotted paths, a set, that a module assigns to or deletes in PACKAGES."""
    tree = ast.parse(source)
    names = with_loops(tree, imported(tree))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(resolve(node, names))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("setattr", "delattr"):
            where = resolve(node.args[0], names)
            found.add(where and f"{where}.{getattr(node.args[1], 'value', '?')}")
    return found - {None}


def test_what_the_apps_assign_to_is_named(rows):
    folders = {Path(config.path) for config in own_apps()} | {settings.PROJECT_APP_PATH}
    files = [file for folder in folders for file in folder.rglob("*.py")]
    found = {path for file in files for path in assigned(file.read_text("utf-8"))}
    assert len(found) > 5
    assert {path for path in found if not is_named(path, rows)} == set(), HOW


@pytest.mark.parametrize(
    "source",
    [
        "from mezzanine.pages.models import Page\nPage.title = 1",
        "def f():\n    from mezzanine.pages import models as m\n    m.Page.title += 1",
        "import mezzanine.pages\nsetattr(mezzanine.pages, 'title', 1)",
        "from mezzanine.pages.models import Page\ndel Page.title",
        "from mezzanine.pages import urls\nfor p in urls.patterns: p.callback = 1",
        "from mezzanine.pages.models import Page\nfor c in subclasses(Page): c.title, x = 1, 2",
    ],
)
def test_a_new_assignment_would_be_found(source):
    assert assigned(source)


def test_what_is_the_projects_own_may_be_assigned_to():
    source = "from theme import x\nfrom mezzanine.pages.models import Page\nx.y = Page.z\n"
    assert assigned(source + "for page in Page.objects.all(): page.title = 1") == set()


# By what is there


def made_here(value):
    """Return whether a function, a class or an instance is of the project's code."""
    value = getattr(value, "__func__", getattr(value, "fget", value))
    if isinstance(value, FunctionType):
        return is_ours(value.__code__.co_filename)
    if isinstance(value, ModuleType) or is_named_by_a_setting(value):
        return False
    kind = value if isinstance(value, type) else type(value)
    return is_ours(getattr(sys.modules.get(kind.__module__), "__file__", None) or "/")


def is_named_by_a_setting(value):
    """Return whether it is the project's model of users or of profiles, which packages hold."""
    label = getattr(getattr(value, "_meta", None), "label", None)
    profile = getattr(settings, "ACCOUNTS_PROFILE_MODEL", None)
    return label and label in (settings.AUTH_USER_MODEL, profile)


def members(owner, path):
    """Yield (path, value) of what lies in a module, its classes, functions and tag libraries."""
    for name, value in list(vars(owner).items()):
        yield f"{path}.{name}", value
        if getattr(value, "__module__", "") != getattr(owner, "__name__", None):
            if isinstance(value, Library) and isinstance(owner, ModuleType):
                tags = {**value.tags, **value.filters}
                yield from ((f"{path}.{name}.{t}", called(tag)) for t, tag in tags.items())
        elif isinstance(value, type | FunctionType):
            yield from members(value, f"{path}.{name}")


def called(tag):
    """Return the function that a template tag was made of."""
    return inspect.unwrap(tag, stop=made_here)


def test_functions_of_the_project_in_the_packages_are_named(rows):
    modules = {n: m for n, m in sys.modules.items() if root(n) in PACKAGES and m is not None}
    found = {
        path
        for name, module in modules.items()
        for path, value in members(module, name)
        if made_here(value)
    }
    assert "mezzanine.pages.models.Page.set_helpers" in found
    assert {path for path in found if not is_named(path, rows)} == set(), HOW


def test_templates_and_commands_that_stand_before_theirs_are_named(rows):
    names = {config.name: config.path for config in apps.get_app_configs()}
    ours = {config.name for config in own_apps()}
    theirs = [Path(path) for name, path in names.items() if name not in ours]
    for name in ours:
        folder = Path(names[name], "templates")
        for file in folder.rglob("*.html"):
            template = file.relative_to(folder).as_posix()
            extends_it = '{% extends "' + template + '" %}' in file.read_text("utf-8")
            if not extends_it and any((path / "templates" / template).exists() for path in theirs):
                assert template in rows or f"{folder.relative_to(settings.BASE_DIR)}/" in rows, HOW
        for command in find_commands(f"{names[name]}/management"):
            if any(command in find_commands(f"{path}/management") for path in [*theirs, CORE]):
                assert any(row.endswith(f".commands.{command}") for row in rows), HOW


# The rows


def test_what_a_row_names_is_there(rows):
    for name in rows:
        if root(name) in PACKAGES and "<" not in name and "/" not in name:
            parse(name)


def test_every_row_has_a_test_and_every_test_a_row(rows):
    files = (HERE / "upstream").glob("test_*.py")
    tests = {
        name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)
    }
    assert {cells[-1].strip("`") for cells in rows.values()} == tests
    assert all(len(cells) == 4 for cells in rows.values())
