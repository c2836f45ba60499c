"""Django's own tests for memcached backends, run against the backend that projects get."""

import os
import re
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
    incr_decr_type_error = ValueError
"""


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
