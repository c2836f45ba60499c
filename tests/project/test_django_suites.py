"""Django's own tests of what projects change: the memcached backend, and what sites are."""

import os
import re
import shutil
import socket
import subprocess
import time
import venv
from pathlib import Path

import pytest
from support import program

# BaseMemcachedTests in Django 5.2. Three of them are about culling, which memcached does by itself:
# Django skips them for every memcached backend. Other numbers after a new Django: look at what
# changed there, then write them here.
TESTS = 59
SKIPPED = 3

SETTINGS = """
from test_sqlite import *

CACHES = {"default": dict(BACKEND="mysite.cache.MemcachedCache", LOCATION="%s")}
"""

# What Django's suite has for each backend that it ships.
TEST_CASE = """
from django.conf import settings
from django.test import TestCase, override_settings

from .tests import BaseMemcachedTests, caches_setting_for_tests, memcached_excluded_caches

params = settings.CACHES["default"]


@override_settings(
    CACHES=caches_setting_for_tests(base=params, exclude=memcached_excluded_caches)
)
class MemcachedCacheTests(BaseMemcachedTests, TestCase):
    base_params = params
    should_disconnect_on_close = False  # a thread keeps its connection, as with Django's pylibmc
    incr_decr_type_error = ValueError
"""


SUITES = ("sites_tests", "redirects_tests", "sitemaps_tests", "syndication_tests")

# Their own models, the settings that their tests take for granted, and all else of the project.
SETTINGS_OF_SITES = """
from mysite.settings import *
from mysite.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "sites_tests", "sitemaps_tests", "syndication_tests"]
DATABASES = {
    name: {"ENGINE": "django.db.backends.sqlite3"} for name in ("default", "other")
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TIME_ZONE = "America/Chicago"
USE_TZ = False
"""
NO_SITE_ID = "the project always has a SITE_ID, so Django does not look at the host by itself"
DIFFERENCES = {
    "test_clear_site_cache": "sites are remembered in multisite.hosts, not in SITE_CACHE",
    "test_clear_site_cache_domain": NO_SITE_ID,
    "test_get_current_site_host_with_trailing_dot": NO_SITE_ID,
    "test_get_current_site_no_site_id": NO_SITE_ID,
    "test_get_current_site_no_site_id_and_handle_port_fallback": NO_SITE_ID,
    "test_redirect_shortcircuits_non_404_response": "Mezzanine needs a URL with the name home",
}
PASSED = 117  # of Django 5.2


@pytest.fixture
def memcached(free_port):
    """The location of a memcached that runs for one test."""
    command = [program("memcached", "memcached"), "-l", "127.0.0.1", "-p", str(free_port)]
    if os.geteuid() == 0:
        command += ["-u", "nobody"]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 5
    try:
        while not answers(free_port):
            assert process.poll() is None, "memcached ended by itself"
            assert time.monotonic() < deadline, "memcached does not answer"
            time.sleep(0.01)
        yield f"127.0.0.1:{free_port}"
    finally:
        process.kill()
        process.wait()


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def django_tests(project, pytestconfig, tmp_path):
    """The tests directory of the Django that the project has: only the sdist holds it."""
    version = subprocess.check_output(
        [project.python, "-c", "import django; print(django.__version__)"], text=True
    ).strip()
    # Half a minute with the build of its metadata, which pip insists on: keep it, unless pytest
    # was started with -p no:cacheprovider.
    cache = getattr(pytestconfig, "cache", None)
    kept = cache.mkdir("django_sdist") if cache else tmp_path
    if not list(kept.glob(f"*-{version}.tar.gz")):
        # An environment made by uv has no pip.
        venv.create(tmp_path / "venv", with_pip=True)
        pip = [tmp_path / "venv" / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
        what = ["--no-deps", "--no-binary", ":all:", f"django=={version}"]
        subprocess.run([*pip, "download", "--quiet", "--dest", kept, *what], check=True)
    (sdist,) = kept.glob(f"*-{version}.tar.gz")
    subprocess.run(["tar", "-xf", sdist, "-C", tmp_path], check=True)
    return tmp_path / sdist.name.removesuffix(".tar.gz") / "tests"


def test_djangos_own_memcached_tests_pass_with_our_backend(memcached, project, django_tests):
    Path(django_tests, "project_settings.py").write_text(SETTINGS % memcached)
    Path(django_tests, "cache", "project.py").write_text(TEST_CASE)
    run = subprocess.run(
        [project.python, "runtests.py", "--settings=project_settings", "cache.project"],
        cwd=django_tests,
        env={**os.environ, "PYTHONPATH": str(project.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout
    assert re.findall(r"^Ran (\d+) tests", run.stdout, re.MULTILINE) == [str(TESTS)], run.stdout
    assert re.findall(r"^OK \(skipped=(\d+)\)$", run.stdout, re.MULTILINE) == [str(SKIPPED)], (
        run.stdout
    )


def test_djangos_own_tests_of_sites_pass_with_the_settings_of_a_project(
    project, django_tests, tmp_path
):
    folder = tmp_path / "suites"  # apart, since others there have names of the project's apps
    for name in SUITES:
        shutil.copytree(django_tests / name, folder / name)
    Path(folder, "sites_settings.py").write_text(SETTINGS_OF_SITES)
    options = ["-q", "--ds=sites_settings", "--override-ini=python_files=test*.py"]
    options += ["--tb=short", "-p", "no:cacheprovider", "-p", "no:warnings"]
    run = subprocess.run(
        [project.python, "-m", "pytest", *options, *SUITES],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{project.path}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    failed = re.findall(r"^FAILED \S+::(\w+)", run.stdout, re.MULTILINE)
    assert sorted(failed) == sorted(DIFFERENCES), run.stdout
    assert re.findall(r"(\d+) passed", run.stdout) == [str(PASSED)], run.stdout
