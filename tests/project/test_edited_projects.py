"""The project's own tests pass in projects that are not as the template makes them."""

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import Baker, edit

OTHER_PROJECT = Path(__file__).parent / "other_project"  # an app of a page type, and templates
TITLE = """Bäckerei & Söhne, 100% "Brot" {x} <b>'"""

SETTINGS = {
    'LANGUAGE_CODE = "en"': 'LANGUAGE_CODE = "de"',
    'LANGUAGES = [("en", "English")]': 'LANGUAGES = [("de", "Deutsch"), ("en", "English")]',
    'TIME_ZONE = "UTC"': 'TIME_ZONE = "Asia/Kolkata"',
    '    "multisite",\n': '    "recipes",\n    "multisite",\n',
    'SessionMiddleware",\n': 'SessionMiddleware",\n'
    '    "django.middleware.locale.LocaleMiddleware",\n    "recipes.middleware.greeting",\n',
    "SITE_ID = 1\n": 'SITE_ID = 1\nSITE_TITLE = "Ours"\nBLOG_SLUG = "news"\n'
    "COMMENTS_DEFAULT_APPROVED = False\nACCOUNTS_APPROVAL_REQUIRED = True\n"
    'AUTH_USER_MODEL = "recipes.Baker"\n',
    '"SSH_USER": ""': '"SSH_USER": "deploy"',
    '"SSH_KEY_PATH": ""': '"SSH_KEY_PATH": "~/.ssh/id_ed25519"',
    '"PROJECT_NAME": PROJECT_APP': '"PROJECT_NAME": "bakery"',
    '"GUNICORN_PORT": 8000': '"GUNICORN_PORT": 8001',
    '"LOCALE": "en_US.utf8"': '"LOCALE": "de_DE.utf8"',
}
HOME = '    path("", page, {"slug": "/"}, name="home"),\n'
URLS = {
    HOME: """
    path("orders/", include("recipes.urls")),
    path("", TemplateView.as_view(template_name="index.html"), name="home"),
""",
    "from django.urls import include, path\n": "from django.urls import include, path\n"
    "from django.views.generic import TemplateView\n",
}
LOCAL_SETTINGS = """
ALLOWED_HOSTS = ["localhost", "192.168.1.5"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
EMAIL_HOST = "mail.invalid"
MEDIA_URL = "/files/"
PAGE_CACHE_SECONDS = 60
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SITE_FALLBACK = True
STATIC_URL = "/assets/"
TWITTER_BEARER_TOKEN = TWITTER_DEFAULT_QUERY = "ours"
FABRIC = {"SSH_PASS": "secret"}
"""
SHELL = {
    **{"LANG": "de_DE.ISO-8859-1", "LANGUAGE": "de", "TZ": "America/St_Johns"},
    **{"MEZZANINE_SITE_ID": "7", "PYTHONWARNINGS": "default", "http_proxy": "http://127.0.0.1:9"},
}


@pytest.fixture
def other(template, project, tmp_path):
    """A project with another name, edited as its owners would; .run runs its Python there."""
    path = Baker(template, tmp_path).bake(
        project_name="shop",
        site_title=TITLE.replace("{", "{{ '{' }}"),
        live_hostname="www.shop.example",
        repo_url="git@github.com:me/shop.git",
    )

    def run(*command, cwd=path, **variables):
        environment = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"}
        return subprocess.run(
            [str(project.python), "-m", *command],
            cwd=cwd,
            env={**environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    return SimpleNamespace(path=path, run=run)


# The tests of what runs on a server, which knows neither the settings nor the apps.
OF_SERVERS = ("test_on_host*", "acme", "alarms", "repository", "snapshots")
# Others that these edits hardly reach, and the session runs in the project as it is made: the tests
# of the faults of Django and Mezzanine, and of makemigrations in a copy.
RUN_BESIDE = (*OF_SERVERS, "upstream", "test_makemigrations*")


@pytest.mark.parametrize("left_out", [RUN_BESIDE, pytest.param((), marks=pytest.mark.long)])
def test_a_project_that_was_edited_in_ordinary_ways_passes_its_own_tests(other, left_out):
    shutil.copytree(OTHER_PROJECT, other.path, dirs_exist_ok=True)
    edit(other.path / "shop/settings.py", SETTINGS)
    edit(other.path / "shop/urls.py", URLS)
    with (other.path / "shop/local_settings.py").open("a", encoding="utf-8") as file:
        file.write(LOCAL_SETTINGS)
    options = [f"--ignore-glob={other.path}/tests/{pattern}" for pattern in left_out]
    words = ["pytest", "-q", "-p", "no:cacheprovider", *options, str(other.path)]
    tests = other.run(*words, cwd="/", **SHELL)
    assert tests.returncode == 0, tests.stdout[-20000:]


MODEL = """

class Order(models.Model):
    name = models.CharField("who has ordered", max_length=50, help_text="As on the parcel")
    paid = models.BooleanField("has been paid", default=False, help_text="Ask the accountant")

    def __str__(self):
        return self.name
"""


def test_what_manage_py_writes_is_in_style(other):
    def must(*command):
        finished = other.run(*command)
        assert finished.returncode == 0, finished.stdout

    must("manage", "startapp", "orders")
    settings = '    "multisite",\n'
    edit(other.path / "shop/settings.py", {settings: f'    "orders",\n{settings}'})
    with (other.path / "orders/models.py").open("a", encoding="utf-8") as file:
        file.write(MODEL)
    must("manage", "makemigrations", "orders")
    must("ruff", "check", "--no-cache")
    must("ruff", "format", "--check", "--no-cache")
