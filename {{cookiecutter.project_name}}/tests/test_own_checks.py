"""What a project adds is checked: by these tests, and by each deploy before it goes live."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as project_settings
from django.core import checks
from django.db.migrations.loader import MigrationLoader

from multisite.own_checks import CHECKS, check_locks, check_migrations, check_templates


def words(errors):
    return [error.msg for error in errors]


def test_every_template_of_every_app_and_theme_compiles():
    assert words(check_templates()) == []


def test_what_is_asked_for_is_locked():
    assert words(check_locks()) == []


def test_every_model_and_field_has_a_migration():
    assert words(check_migrations()) == []


@pytest.mark.django_db
def test_a_model_or_a_field_without_a_migration_is_named():
    """As where the last migration of an app was forgotten."""
    found = MigrationLoader.project_state

    def forgotten(loader, *args, **kwargs):
        state = found(loader, *args, **kwargs)
        state.remove_model("feeds", "post")
        del state.models["multisite", "sitealias"].fields["host"]
        return state

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MigrationLoader, "project_state", forgotten)
        errors = words(check_migrations())
    assert "feeds has no migration for this: Create model Post" in errors
    assert "multisite has no migration for this: Add field host to sitealias" in errors


def test_an_app_that_never_had_migrations_is_named(settings):
    """It would have no table at all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("multisite.own_apps.is_own", lambda label: label == "feeds")
        settings.MIGRATION_MODULES = {**settings.MIGRATION_MODULES, "feeds": None}
        assert "feeds has no migration for this: Create model Post" in words(check_migrations())


CHECKED, COLLECTED = (
    "manage.py check --deploy --fail-level ERROR",
    "manage.py collectstatic --noinput --verbosity 0",
)


@pytest.mark.parametrize(("status", "asked"), [(0, [CHECKED, COLLECTED]), (1, [CHECKED])])
def test_a_deploy_asks_before_it_collects_static_files(tmp_path, status, asked):
    """In one start of Python, also where manage.py ends with sys.exit(main())."""
    found = {*checks.registry.registry.get_checks(include_deployment_checks=True)}
    assert {*CHECKS} <= found
    for name in ("project", "venv/bin"):
        Path(tmp_path, name).mkdir(parents=True)
    Path(tmp_path, "venv/bin/python").symlink_to(sys.executable)
    code = f"import sys\nprint(*sys.argv, flush=True)\nsys.exit({status or None})\n"
    Path(tmp_path, "project/manage.py").write_text(code)
    script = Path(project_settings.BASE_DIR, "deploy/scripts/check.sh")
    variables = os.environ | {"release": str(tmp_path), "revision": "1a2b3c4d"}
    run = subprocess.run(["sh", script], env=variables, capture_output=True, text=True)
    assert (run.returncode, run.stdout.splitlines()) == (status, asked), run.stderr
    assert Path(tmp_path, "REVISION").exists() is (status == 0)


@pytest.fixture
def project(settings, tmp_path, monkeypatch):
    """A project in an empty directory, with a folder for templates."""
    monkeypatch.setattr("multisite.own_apps.sys.prefix", "/nonexistent")
    settings.BASE_DIR = tmp_path
    engine, *others = settings.TEMPLATES
    settings.TEMPLATES = [engine | {"DIRS": [tmp_path / "templates"]}, *others]
    for name in ("templates", "requirements"):
        Path(tmp_path, name).mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{% nosuchtag %}", "line 1: Invalid block tag on line 1: 'nosuchtag'"),
        ("\n{% load nosuch %}", "line 2: 'nosuch' is not a registered tag library"),
        ("{% if x %}", "line 1: Unclosed tag on line 1: 'if'"),
        ("{% if x|nosuchfilter %}{% endif %}", "Invalid filter: 'nosuchfilter'"),
        ('{% extends "nosuch.html" %}', "line 1: there is no template nosuch.html"),
        ('{% include "./nosuch.html" %}', "there is no template shop/nosuch.html"),
        ('<p>\n{% if x %}{% include "nosuch.html" %}{% endif %}', "line 2: there is no template"),
    ],
)
def test_a_template_that_cannot_be_shown_is_named(project, text, error):
    file = project / "templates/shop/loaf.html"
    file.parent.mkdir()
    file.write_text(text)
    (found,) = words(check_templates())
    assert found.startswith("templates/shop/loaf.html: ")
    assert error in found


def test_a_template_that_can_be_shown_is_fine(project):
    Path(project, "templates/loaf.html").write_text(
        '{% extends "base.html" %}{% load i18n %}{% block main %}{% include name %}{% endblock %}'
    )
    Path(project, "templates/picture.png").write_bytes(b"\x89PNG\xff")
    Path(project, "templates/shop").mkdir()
    Path(project, "templates/shop/slice.html").write_text(
        '{% extends "../loaf.html" %}{% include "./crumb.html" %}{% include "card-"|add:kind %}'
    )
    Path(project, "templates/shop/crumb.html").touch()
    assert words(check_templates()) == []


@pytest.mark.parametrize(
    ("asked", "is_locked"),
    [
        ("django~=5.2.0", True),
        ("Django>=5,<6", True),
        ("django==5.2.19", True),
        ("django==5.2.18", False),
        ("django~=6.0", False),
        ("django<5", False),
        ("django==5.*", True),
        ("django!=5.2.19", False),
        ("django>=5.2.19.0  # why", True),
        ("psycopg[binary]", True),
        ("python_memcached", True),
        ("markdown", False),
        ("tomli; python_version < '3.11'", True),
        ("https://x.example/foo-1.0-py3-none-any.whl", True),
        ("git+https://x.example/foo", True),
        ("./vendor/foo", True),
        ('tzdata; sys_platform == "win32"', True),
        ("mezzanine @ https://x.example/a.zip", True),
        ("mezzanine @ https://x.example/b.zip", False),
        ("# a comment", True),
        ("-r other.in", True),
        ("", True),
    ],
)
def test_a_line_that_is_not_locked_is_named(project, asked, is_locked):
    Path(project, "requirements/project.in").write_text(f"{asked}\n")
    Path(project, "requirements/project.txt").write_text(
        "django==5.2.19 \\\n    --hash=sha256:0\n    # via -r project.in\npython-memcached==1.62\n"
        "psycopg==3.3.9 ; x\npsycopg[binary]==3.3.9\ntzdata==2025.2 ; sys_platform == 'win32'\n"
        "mezzanine @ https://x.example/a.zip \\\n"
    )
    name = "requirements/project.txt does not have what project.in asks for"
    assert words(check_locks()) == ([] if is_locked else [f"{name}: {asked}"])


def test_a_line_of_a_file_that_is_named_by_r_has_to_be_locked_too(project):
    folder = Path(project, "requirements")
    for name, text in (("project", "-r languages.in"), ("languages", "markdown"), ("dev", "-r x")):
        (folder / f"{name}.in").write_text(f"{text}\n")
        (folder / f"{name}.txt").write_text("markdown==3.0\n" if name == "languages" else "")
    asks = "requirements/project.txt does not have what project.in asks for: markdown"
    assert words(check_locks()) == [asks]


def test_a_file_that_was_never_locked_is_named(project):
    Path(project, "requirements/extra.in").write_text("markdown\n")
    assert len(check_locks()) == 1


def test_tests_of_apps_are_found(tmp_path):
    """As startapp makes them; what was uploaded is not."""
    root = project_settings.BASE_DIR
    for name, folder in (("tests.py", "bread"), ("test_loaf.py", "bread"), ("test_x.py", "media")):
        Path(tmp_path, folder).mkdir(exist_ok=True)
        Path(tmp_path, folder, name).write_text("def test_it():\n    assert True\n")
    Path(tmp_path, "bread/__init__.py").touch()
    configuration = Path(root, "pyproject.toml").read_text("utf-8")
    lines = [line for line in configuration.splitlines() if "DJANGO_SETTINGS_MODULE" not in line]
    Path(tmp_path, "pyproject.toml").write_text("\n".join(lines))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "--collect-only"]
    environment = os.environ | {"PYTEST_ADDOPTS": ""}
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert "bread/tests.py::test_it" in found.stdout, found.stdout + found.stderr
    assert "bread/test_loaf.py::test_it" in found.stdout
    assert "media" not in found.stdout
