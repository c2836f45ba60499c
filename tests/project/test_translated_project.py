"""A project that is made bilingual, as its README says: from the switch to pages in two languages.

First on SQLite, in a copy whose addresses begin with the language, then on PostgreSQL, under live
settings, where the browser of a visitor says which one. The project's own tests pass there, too.
"""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from documented import write_apps
from servers import Visitor, gunicorn, render_live_settings, running, unused_port
from support import GERMAN, TEMPLATE, TRANSLATED, edit
from test_edited_projects import OF_SERVERS

TESTS = Path(__file__).parent / "translated_project"
PREFIXES = """
# The addresses of pages begin with the language: /de/about/
urlpatterns[-2:] = i18n_patterns(*urlpatterns[-2:])
"""


IMPORTED = {
    "from django.contrib import admin\n": "from django.conf.urls.i18n import i18n_patterns\n"
    "from django.contrib import admin\n"
}


def put_languages_into_addresses(path):
    with (path / "mysite/urls.py").open("a") as file:
        file.write(PREFIXES)
    edit(path / "mysite/urls.py", IMPORTED)


@pytest.fixture(scope="module")
def make(project, translation_packages, tmp_path_factory):
    """Return a function that makes a copy of the project: .path, and .run() of its Python."""

    def copy(python=project.python, **variables):
        path = tmp_path_factory.mktemp("translated") / "mysite"
        shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".git"))
        environment = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"}
        environment |= {"PYTHONPATH": str(translation_packages)} | variables

        def run(*command, status=0, cwd=path):
            options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
            words = [python, "-m", *command]
            finished = subprocess.run(words, cwd=cwd, env=environment, **options)
            assert finished.returncode == status, finished.stdout[-20000:]
            return finished.stdout

        return SimpleNamespace(path=path, run=run, environment=environment)

    return copy


def test_from_the_switch_to_pages_in_two_languages(make, project):
    site = make()
    files = {*Path(project.python).parent.parent.rglob("migrations/*.py")}
    site.run("manage", "createdb", "--noinput", "--verbosity=0")
    site.run("manage", "addsite", "two.example")
    edit(site.path / "mysite/settings.py", TRANSLATED)
    # What is missing is told before there is a page that fails.
    shown = site.run("manage", "createdb", "--noinput", status=1)
    assert "Type nox -s manage -- makemigrations, and commit what it writes." in shown
    assert "blog has no migration for this: Add field title_de to blogcategory" in shown
    refused = site.run("manage", "check", "--deploy", "--fail-level=ERROR", status=1)
    assert "pages has no migration for this: Add field title_de to page" in refused
    assert "Add field title_de to page" in site.run("manage", "makemigrations", "--check", status=1)
    assert not (site.path / "migrations_of_packages").exists()
    site.run("manage", "makemigrations")
    site.run("manage", "makemigrations", "--check")
    assert {*Path(project.python).parent.parent.rglob("migrations/*.py")} == files
    site.run("ruff", "check", "--no-cache")
    site.run("ruff", "format", "--check", "--no-cache")
    site.run("manage", "createdb", "--noinput")
    code = "from mezzanine.pages.models import Page as P;"
    code += "print(sorted(P._base_manager.raw_values('site_id', 'slug', 'title_en', 'title_de'),"
    code += " key=str)[-2:])"
    found = site.run("manage", "shell", "-v0", "-c", code)
    assert "{'site_id': 2, 'slug': '/', 'title_en': 'Home', 'title_de': None}" in found

    passes_with_languages_in_addresses(site)


def passes_with_languages_in_addresses(site):
    put_languages_into_addresses(site.path)
    shutil.copytree(TESTS, site.path, dirs_exist_ok=True)
    tests = [str(path) for path in site.path.glob("tests/test_translated*.py")]
    site.run("pytest", "-q", "-p", "no:cacheprovider", *tests)


def test_a_german_site_with_english_texts_begins_on_an_empty_database(make):
    site = make()
    # The default need not be the first of LANGUAGES, whose order is that of the switcher.
    edit(site.path / "mysite/settings.py", TRANSLATED | GERMAN)
    site.run("manage", "makemigrations")
    site.run("manage", "check", "--deploy", "--fail-level=ERROR")
    site.run("manage", "createdb", "--noinput", "--verbosity=0")
    site.run("manage", "makemigrations", "--check")
    passes_with_languages_in_addresses(site)


AUTHOR = """
from authors.models import Author
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils.translation import override
author = Author(title_en="Poets", title_de="Dichter", dob="1904-03-02")
author.trivia_en, author.trivia_de = "No doctor", "Kein Doktor"
author.save()
for language in ("en", "de"):
    with override(language):
        found = Author.objects.get()
        print(found.slug, found.title, found.trivia)
admin = Client(headers={"host": "127.0.0.1:8000"})
admin.force_login(get_user_model().objects.get())
for model in ("author", "reading"):  # the inlines of the one, and the other, are not translated
    print(model, admin.get(f"/admin/authors/{model}/add/").status_code)
"""


def test_a_page_type_of_ones_own_is_translated_as_the_readme_says(make):
    site = make()
    write_apps(site.path)
    edit(site.path / "mysite/settings.py", TRANSLATED)
    readme = (TEMPLATE / "{{cookiecutter.project_name}}/README.md").read_text("utf-8")
    module = re.search(r"```python\n(import mezzanine.pages.*?)```", readme, re.DOTALL)[1]
    (site.path / "authors/translation.py").write_text(module)
    site.run("ruff", "check", "--no-cache", "authors")
    site.run("manage", "makemigrations")
    site.run("manage", "createdb", "--noinput", "--nodata", "--verbosity=0")
    shown = site.run("manage", "shell", "-v0", "-c", AUTHOR)
    texts = ["poets Poets No doctor", "poets Dichter Kein Doktor"]
    assert shown.splitlines()[-4:] == [*texts, "author 200", "reading 200"]


@pytest.fixture
def python(project, tmp_path):
    """The Python of an environment in which requirements/languages.txt is installed as well."""
    python = tmp_path / "environment/bin/python"
    commands = [["venv", "--quiet", "--python", project.python, tmp_path / "environment"]]
    for name in ("dev", "languages"):
        install = ["pip", "install", "--quiet", "--python", python, "--no-deps", "--require-hashes"]
        commands.append([*install, "-r", project.path / f"requirements/{name}.txt"])
    for command in commands:
        subprocess.run([sys.executable, "-m", "uv", *command], check=True)
    return python


@pytest.mark.long
def test_the_projects_own_tests_pass_with_translations(make, python):
    # In German, since a test that speaks English then does not speak the language of the content.
    site = make(python, PYTHONPATH="")
    edit(site.path / "mysite/settings.py", TRANSLATED | GERMAN)
    put_languages_into_addresses(site.path)
    site.run("manage", "makemigrations")
    options = [f"--ignore-glob={site.path}/tests/{pattern}" for pattern in OF_SERVERS]
    site.run("pytest", "-q", "-p", "no:cacheprovider", *options)


@pytest.fixture(scope="module")
def live(make, project, database, memcached):
    """A live site that was there before the switch, and its port."""
    site = make()
    render_live_settings(site.path, database, memcached)
    site.run("manage", "createdb", "--noinput", "--nodata")
    site.run("manage", "shell", "-v0", "-c", PAGES)
    edit(site.path / "mysite/settings.py", TRANSLATED)
    for command in (["makemigrations"], ["migrate"], ["collectstatic", "--noinput"]):
        site.run("manage", *command)
    site.run("manage", "shell", "-v0", "-c", TRANSLATIONS)
    with served(site, project.python):
        yield site


@contextmanager
def served(site, python):
    """Let gunicorn answer for a site in the block, at site.port."""
    site.port = unused_port()
    ask = partial(Visitor(site.port).open, "/robots.txt")
    options = {"cwd": site.path, "env": site.environment}
    command = gunicorn(python, "mysite", site.port)
    with running(command, ask, site.path / "gunicorn.log", **options):
        yield


@pytest.fixture
def prefixed(live, project):
    """The same site from then on with the language in its addresses, by a gunicorn of its own."""
    put_languages_into_addresses(live.path)
    with served(live, project.python):
        yield live


PAGES = """
from mezzanine.pages.models import RichTextPage
bread = RichTextPage.objects.create(title="Bread", content="<p>Baked</p>")
RichTextPage.objects.create(title="Rye", parent=bread, content="<p>Dark</p>")
"""
TRANSLATIONS = """
from django.utils.translation import override
from mezzanine.pages.models import Page
bread = Page.objects.get(slug="bread")
bread.title_de = "Brot"
bread.save()
bread.set_slug("loaves")
rye = Page.objects.get(title_en="Rye")
assert (rye.slug, rye.titles_en, rye.titles_de) == ("loaves/rye", "Bread / Rye", "Brot / Rye")
"""


@pytest.mark.parametrize(("accepted", "title"), [("en", "Bread"), ("de", "Brot"), ("fr", "Bread")])
def test_the_browser_of_a_visitor_says_which_language(live, accepted, title):
    for _ in range(2):  # nobody gets what is kept of another
        answer = Visitor(live.port).open("/loaves/", **{"Accept-Language": accepted})
        assert answer.status == 200
        assert f"<title>{title}" in "".join(answer.text.split())
        assert "Baked" in answer.text


def test_an_old_address_leads_to_the_new_one(live):
    assert Visitor(live.port).open("/bread/rye/").headers["Location"] == "/loaves/rye/"


EDIT = """
from mezzanine.pages.models import RichTextPage
bread = RichTextPage.objects.get(slug="loaves")
bread.content_de = "<p>Frisch</p>"
bread.save()
"""


def test_a_page_is_kept_in_each_language_until_it_is_edited(prefixed):
    def ask(language):
        answer = Visitor(prefixed.port).open(f"/{language}/loaves/")
        assert answer.headers["X-Accel-Expires"].startswith("@")  # public: the address says all
        return answer.text

    for _ in range(2):  # made, and then kept
        assert "Baked" in ask("en")
        assert "Brot" in ask("de")
    prefixed.run("manage", "shell", "-v0", "-c", EDIT)
    assert "Frisch" in ask("de")
    assert "Baked" in ask("en")
    assert "Frisch" not in ask("en")
