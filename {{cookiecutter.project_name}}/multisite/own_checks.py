"""What a project adds is checked before it goes live: templates, migrations and locks.

`manage.py check --deploy` asks, which each deploy runs in its release, and so do the tests.
"""

import re
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.checks import Error
from django.db.migrations.exceptions import NodeNotFoundError
from django.template import Origin, Template, TemplateDoesNotExist, TemplateSyntaxError, engines
from django.template.backends.django import DjangoTemplates
from django.template.loader_tags import ExtendsNode, IncludeNode

from .own_apps import is_in_project, missing

NAME = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*([^;@]*)")
CLAUSE = re.compile(r"(~=|==|!=|<=|>=|<|>)\s*([\w.*+!-]+)")
MIGRATION = "multisite.E003"
MAKE = "Type nox -s manage -- makemigrations, and commit what it writes."
LOCK = "Type nox -s lock, and commit what it writes."


def folders():
    """Return the directories of templates that are the project's, as Paths."""
    found = [
        Path(place) for engine in engines.all() if is_of_django(engine) for place in engine.dirs
    ]
    found += [Path(config.path, "templates") for config in apps.get_app_configs()]
    themes = [*(package for _, package in settings.HOST_THEMES), *settings.SITE_THEMES]
    for package in themes:
        spec = find_spec(package)
        found += [Path(place, "templates") for place in spec.submodule_search_locations or ()]
    return [place for place in dict.fromkeys(found) if is_in_project(place)]


def check_templates(app_configs=None, **kwargs):
    """Compile every template of the project, and look for those that it names."""
    files = [(file, place) for place in folders() for file in place.rglob("*") if file.is_file()]
    return [
        Error(f"{file.relative_to(settings.BASE_DIR)}: {words}", id="multisite.E001")
        for file, place in sorted(files)
        if (words := what_is_wrong(file, str(file.relative_to(place))))
    ]


def is_of_django(engine):
    return isinstance(engine, DjangoTemplates)


def what_is_wrong(file, name):
    """Return why a template of that name cannot be shown, a str, or None."""
    engine = next(engine for engine in engines.all() if is_of_django(engine)).engine
    origin = Origin(str(file), name)  # what it names as ./x.html is found by that
    try:
        template = Template(file.read_text(engine.file_charset), origin, engine=engine)
    except UnicodeDecodeError as error:
        return None if file.suffix not in (".html", ".txt") else str(error)
    except TemplateSyntaxError as error:
        token = getattr(error, "token", None)
        return f"line {token.lineno}: {error}" if token else str(error)
    for node in template.nodelist.get_nodes_by_type((ExtendsNode, IncludeNode)):
        asked = getattr(node, "parent_name", getattr(node, "template", None))
        is_fixed = isinstance(asked.var, str) and not asked.filters
        if is_fixed and not is_there(asked.var, engine):
            return f"line {node.token.lineno}: there is no template {asked.var}"
    return None


def is_there(name, engine):
    try:
        engine.find_template(name)
    except TemplateDoesNotExist:
        return False
    except TemplateSyntaxError:  # which is told of that template, if it is the project's
        pass
    return True


def check_migrations(app_configs=None, **kwargs):
    """Refuse a model or a field that no migration makes: whoever asks for it gets an error.

    That holds for fields that the project adds to models of packages, too. What else models and
    migrations differ in works, and is for makemigrations --check to name.
    """
    try:
        found = missing()
    except (NodeNotFoundError, ValueError):  # migrate says it
        return []
    return [
        Error(f"{label} has no migration for this: {operation.describe()}", hint=MAKE, id=MIGRATION)
        for label, operations in found.items()
        for operation in operations
    ]


def check_locks(app_configs=None, **kwargs):
    """Refuse requirements/*.in with a line that the *.txt beside it does not have."""
    errors = []
    for source in sorted(Path(settings.BASE_DIR, "requirements").glob("*.in")):
        target = source.with_suffix(".txt")
        locked = versions(target.read_text("utf-8")) if target.is_file() else {}
        for line in lines_of(source):
            is_asked = line and line[0] not in "#-./" and not re.match(r"\w+(\+\w+)?://", line)
            if is_asked and not is_locked(line, locked):
                place = f"requirements/{target.name} does not have what {source.name} asks for"
                errors.append(Error(f"{place}: {line}", hint=LOCK, id="multisite.E002"))
    return errors


def lines_of(source):
    """Yield the lines of a file of requirements, and of those that it names by -r."""
    for line in source.read_text("utf-8").splitlines():
        line = line.partition(" #")[0].strip()
        other = source.with_name(line.removeprefix("-r").strip()) if line[:2] == "-r" else None
        yield from lines_of(other) if other and other.is_file() else [line]


def versions(text):
    """Return the versions of a locked file, sets by names; an address is in place of a version."""
    found = {}
    for name, version in re.findall(r"^([\w.-]+)(?:\[.*?\])?\s*(==\S+|@ \S+)", text, re.M):
        found.setdefault(normal(name), set()).add(version.lstrip("=@ "))
    return found


def is_locked(line, locked):
    """Return whether a requirement is met by one of the versions of its name."""
    match = NAME.match(line)
    clauses = CLAUSE.findall(match[2]) if match else []
    address = line.partition("@")[2].partition(" ;")[0].strip()
    found = locked.get(normal(match[1]), ()) if match else ()
    if not found and ";" in line:  # it is for other Pythons or systems
        return True
    return any(
        version == address if address else all(meets(version, *clause) for clause in clauses)
        for version in found
    )


def meets(version, operator, wanted):
    """Return whether a version is within one clause, such as ~= 5.2.0."""
    if wanted.endswith(".*"):
        is_same = numbers(version)[: len(numbers(wanted))] == numbers(wanted)
        return is_same == (operator == "==")
    one, two = trimmed(version), trimmed(wanted)
    return {
        "~=": one >= two and numbers(version)[: len(numbers(wanted)) - 1] == numbers(wanted)[:-1],
        "==": one == two,
        "!=": one != two,
        "<=": one <= two,
        ">=": one >= two,
        "<": one < two,
        ">": one > two,
    }[operator]


def numbers(version):
    return [int(number) for number in re.findall(r"\d+", version.partition("+")[0])]


def trimmed(version):
    """Return the numbers of a version without zeros at the end: 5.2.0 is 5.2."""
    found = numbers(version)
    while found and not found[-1]:
        found.pop()
    return found


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


CHECKS = (check_templates, check_migrations, check_locks)
