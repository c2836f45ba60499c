"""A newcomer's day: an app and a theme as Mezzanine's documentation writes them."""

import os
import shutil
import subprocess
from types import SimpleNamespace

import pytest
from documented import WRITTEN, write_apps

pytestmark = pytest.mark.long


@pytest.fixture
def made(project, tmp_path):
    """A copy of the project with those apps: .path, and .run() of its Python."""
    path = tmp_path / "mysite"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".git"))
    write_apps(path)
    environment = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"}

    def run(*command):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
        words = [project.python, "-m", *command]
        finished = subprocess.run(words, cwd=path, env=environment, **options)
        assert finished.returncode == 0, finished.stdout[-20000:]
        return finished.stdout

    return SimpleNamespace(path=path, run=run)


def test_what_mezzanines_documentation_says_of_an_app_of_ones_own_is_so(made):
    written = made.run("manage", "makemigrations").partition("Migrations for 'authors'")[0]
    changes = [line.strip() for line in written.splitlines() if line.startswith("    ")]
    assert changes == ["+ Add field image to blogpost", "+ Add field another_field to page"]
    made.run("manage", "makemigrations", "--check")
    made.run("manage", "check", "--deploy", "--fail-level=ERROR")
    made.run("ruff", "check", "--no-cache")
    made.run("ruff", "format", "--check", "--no-cache")
    shutil.copytree(WRITTEN / "tests", made.path / "tests", dirs_exist_ok=True)
    made.run("pytest", "-q", "-p", "no:cacheprovider", "tests/test_documentation.py")
