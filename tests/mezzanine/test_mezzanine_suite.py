"""Mezzanine's own tests on the Django of a project; Mezzanine itself allows 4.2 at most."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from support import program, unavailable

pytestmark = pytest.mark.long

# The tests are in no package, only in the repository. git's url.<base>.insteadOf leads to a copy.
REPOSITORY = "https://github.com/stephenmcd/mezzanine"
VERSION = "6.1.1"
COMMIT = "898630d8df48cf3ddb8b9942f59168b93216e3f8"

# Another number after a new Mezzanine: look at what changed there, then write the new one here.
# Skipped: one that is run by hand, one for Mezzanine's releases, two for django-modeltranslation.
EXPECTED = {"passed": 85, "skipped": 4}

# settings.py says why. The test settings of Mezzanine 6.1.1 know nothing of it.
FILE_STORAGE = """
TEST_SETTINGS += '''
DEFAULT_FILE_STORAGE = "django.core.files.storage.FileSystemStorage"
'''
"""

# The project's settings, and what the tests take for granted: their own models, a hash that takes
# no time, a tuple they add a tuple to, a home page while the database is empty, an answer for a
# host of no site, and one folder for the uploads of all sites.
PROJECT_SETTINGS = """
from mysite.settings import *
from mysite.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "tests"]
MIDDLEWARE = tuple(MIDDLEWARE)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ROOT_URLCONF = "urls_with_home_page"
SITE_FALLBACK = True
MEDIA_LIBRARY_PER_SITE = False
"""
# The form for a new password is Django's here, not that of grappelli, which has an empty action.
# Without one, it is sent to the same address.
FORM = """rb'<form action="([^"]*)" method="post">'"""
FORM_OF_DJANGO = """rb'<form() method="post">'"""
URLS = """
from django.urls import path
from django.views.generic import TemplateView
from mysite.urls import handler404, handler500, urlpatterns

home = TemplateView.as_view(template_name="index.html")
urlpatterns = [path("", home, name="home"), *urlpatterns]
"""


@pytest.fixture
def suite(project, tmp_path):
    """A directory with the tests of the Mezzanine that the project has, and nothing else of it."""
    shown = "import importlib.metadata as m; print(m.version('mezzanine'))"
    installed = subprocess.check_output([project.python, "-c", shown], text=True).strip()
    assert installed == VERSION, "name that version and its commit at the top of this file"
    git = program("git", "git")
    clone = [git, "clone", "--quiet", "--no-checkout", "--depth=1", f"--branch=v{VERSION}"]
    cloned = subprocess.run([*clone, REPOSITORY, tmp_path], capture_output=True, text=True)
    if cloned.returncode != 0:
        unavailable(f"Mezzanine's tests cannot be fetched: {cloned.stderr.strip()}")
    subprocess.run([git, "checkout", "--quiet", COMMIT, "--", "tests"], cwd=tmp_path, check=True)
    # Imported by one module, for the test that only runs before a release of Mezzanine.
    Path(tmp_path, "requirements.py").write_text("parse = None\n")
    return tmp_path


def outcomes(project, suite, *options):
    """Run the suite and return how many tests ended how, a dict, and the whole output."""
    run = subprocess.run(
        [project.python, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
        + ["-p", "no:warnings", *options, "tests"],
        cwd=suite,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(suite), str(project.path)])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    summary = run.stdout.rpartition("\n")[0].rpartition("\n")[2].partition(" in ")[0]
    return {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", summary)}, run.stdout


def test_mezzanines_own_tests_pass_with_the_packages_of_a_project(project, suite):
    with Path(suite, "tests", "conftest.py").open("a") as conftest:
        conftest.write(FILE_STORAGE)
    counts, output = outcomes(project, suite)
    assert counts == EXPECTED, output


def test_mezzanines_own_tests_pass_with_the_settings_of_a_project(project, suite):
    Path(suite, "tests", "conftest.py").unlink()  # it makes a project of Mezzanine's own template
    Path(suite, "project_settings.py").write_text(PROJECT_SETTINGS)
    Path(suite, "urls_with_home_page.py").write_text(URLS)
    core = Path(suite, "tests", "test_core.py")
    assert core.read_text().count(FORM) == 1
    core.write_text(core.read_text().replace(FORM, FORM_OF_DJANGO))
    counts, output = outcomes(project, suite, "--ds=project_settings")
    assert counts == EXPECTED, output
