"""makemigrations writes inside the project, and what it writes can be migrated everywhere.

Each test has a copy of the project with an app of its own, and a copy of Mezzanine in an
environment inside of it, where a command that writes too much does no harm.
"""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from free_names import free, renamed

from multisite import own_apps

MODELS = """
from django.conf import settings
from django.db import models
from mezzanine.blog.models import BlogPost
from mezzanine.core.models import Displayable, RichText
from mezzanine.galleries.models import BaseGallery
from mezzanine.generic.fields import CommentsField, RatingField
from mezzanine.pages.models import Page, RichTextPage


class Loaf(Page, RichText):
    weight = models.IntegerField(default=1)


class SlicedLoaf(Loaf):
    post = models.ForeignKey(BlogPost, models.CASCADE)
    page = models.ForeignKey("pages.RichTextPage", models.SET_NULL, null=True, related_name="+")
    tags = models.ManyToManyField("generic.Keyword")
    rated = models.ForeignKey("generic.Rating", models.SET_NULL, null=True)
    baker = models.OneToOneField("core.SitePermission", models.CASCADE)
    eaters = models.ManyToManyField(settings.AUTH_USER_MODEL)


class Recipe(Displayable):
    comments = CommentsField()
    rating = RatingField()


class Album(Page, BaseGallery):
    related = models.ManyToManyField("blog.BlogPost", through="Pick")


class Pick(models.Model):
    album = models.ForeignKey(Album, models.CASCADE)
    post = models.ForeignKey("blog.BlogPost", models.CASCADE)


class LongPost(BlogPost):
    length = models.IntegerField(default=0)


class PlainPage(RichTextPage):
    class Meta:
        proxy = True
"""
CRUMB = """

class Crumb(models.Model):
    post = models.OneToOneField(BlogPost, models.CASCADE)
"""
own = renamed(MODELS + CRUMB)
MODELS, CRUMB = own(MODELS), own(CRUMB)
APP, SETTINGS_MODULE = free("bread"), free("own_settings")
SETTINGS = f"""
from {settings.PROJECT_APP}.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "{APP}"]
DATABASES["default"] = dict(ENGINE="django.db.backends.sqlite3", NAME=__file__ + ".db")
"""
MIGRATION = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [{}]
"""


def is_wanted(file):
    return file.suffix == ".py" or file.parent.suffix == ".dist-info"


def files_below(*directories):
    """Return the content of all Python files there, by path; what is compiled is no matter."""
    return {path: path.read_bytes() for top in directories for path in top.rglob("*.py")}


class Project:
    """A copy of the project, an app of its own in it, and Mezzanine as its package ships it."""

    def __init__(self, path):
        self.path, self.app, self.packages = path, path / APP, path / ".venv/site-packages"
        no_code = shutil.ignore_patterns(".*", "__pycache__", "static", "media", "node_modules")
        shutil.copytree(settings.BASE_DIR, path, ignore=no_code)
        for file in filter(is_wanted, metadata.files("mezzanine")):
            (self.packages / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.locate(), self.packages / file)

    def begin(self):
        """Make the app and the settings as they are at the beginning of each test."""
        for made in (self.app, *self.path.glob("migrations_of*")):
            shutil.rmtree(made, ignore_errors=True)
        (self.path / f"{SETTINGS_MODULE}.py.db").unlink(missing_ok=True)
        self.write(f"{APP}/__init__.py", "")
        self.write(f"{APP}/models.py", MODELS)
        self.write(f"{SETTINGS_MODULE}.py", SETTINGS)

    def write(self, file, text):
        (self.path / file).parent.mkdir(parents=True, exist_ok=True)
        (self.path / file).write_text(text, "utf-8")

    def manage(self, *arguments, status=0):
        """Run manage.py, which must end with that status; return what it printed, a str."""
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS_MODULE}
        environment["PYTHONPATH"] = str(self.packages)
        command = [sys.executable, "manage.py", *arguments]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "encoding": "utf-8"}
        process = subprocess.run(
            command, cwd=self.path, env=environment, stderr=subprocess.STDOUT, **pipes
        )
        assert process.returncode == status, process.stdout
        return process.stdout

    def migrations(self):
        """Return the migrations of the app by their numbers, a list of str."""
        return sorted(path.stem for path in (self.app / "migrations").glob("[0-9]*.py"))

    def of_packages(self):
        """Return the migrations of all packages, here and where the tests run from."""
        paths = [Path(config.path) for config in apps.get_app_configs()]
        others = [path for path in paths if not own_apps.is_in_project(path)]
        return files_below(self.packages, *[path / "migrations" for path in others])


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("copy") / "project")


@pytest.fixture
def project(copied):
    """The project, whose packages must be at the end what they were at the beginning."""
    copied.begin()
    before = copied.of_packages()
    yield copied
    after = copied.of_packages()
    for path in after.keys() - before.keys():
        path.unlink()
    assert after == before


def test_a_page_type_of_ones_own_can_be_migrated_everywhere(project):
    shown = project.manage("makemigrations")
    headings = [line for line in shown.splitlines() if "Migrations for" in line]
    assert f"Migrations for '{APP}':" in headings
    assert project.migrations() == ["0001_initial"]
    shown = project.manage("migrate")
    assert f"Applying {APP}.0001_initial... OK" in shown
    assert "makemigrations" not in shown  # it would find nothing
    assert "No changes" in project.manage("makemigrations", "--check")


def test_an_app_named_alone_depends_on_what_is_shipped(project):
    project.manage("makemigrations", APP)
    assert project.migrations() == ["0001_initial"]
    assert "No changes" in project.manage("makemigrations", APP, "--check")


def test_check_and_dry_run_write_nothing_and_see_every_app_of_the_project(project):
    before = files_below(project.path)
    assert APP in project.manage("makemigrations", "--check", status=1)
    shown = project.manage("makemigrations", "--dry-run", "-v3")
    assert own("Create model Loaf") in shown
    assert "on blogpost" not in shown
    assert files_below(project.path) == before


def test_a_change_is_written_into_a_migration_of_its_own_or_into_the_last(project):
    project.manage("makemigrations", "-v0")
    project.write(f"{APP}/models.py", MODELS + CRUMB)
    project.manage("makemigrations", "-n", "crumbs")
    assert project.migrations() == ["0001_initial", "0002_crumbs"]
    size = "    size = models.IntegerField(null=True)\n"
    project.write(f"{APP}/models.py", MODELS + CRUMB + size)
    project.manage("makemigrations", "--update")
    project.manage("makemigrations", "--empty", APP, "-n", "nothing")
    assert project.migrations() == ["0001_initial", "0002_" + own("Crumb").lower(), "0003_nothing"]


def test_branches_are_merged(project):
    for name in ("__init__", "0001_initial", "0002_a", "0002_b"):
        after = (APP, "0001_initial") if name.startswith("0002") else ""
        project.write(f"{APP}/migrations/{name}.py", MIGRATION.format(after))
    project.manage("makemigrations", "--merge", "--noinput")
    assert project.migrations()[3:] == ["0003_merge_0002_a_0002_b"]


@pytest.mark.parametrize("options", [[], ["--empty"]])
def test_an_app_of_a_package_is_refused_in_one_line(project, options):
    shown = project.manage("makemigrations", APP, "sessions", *options, status=1)
    assert shown == "CommandError: sessions: its migrations belong to its package\n"
    assert project.migrations() == []


def test_a_migration_that_was_once_written_into_a_package_is_named(project):
    stray = project.packages / "mezzanine/pages/migrations/0005_alter_page_in_menus.py"
    stray.write_text(MIGRATION.format("('pages', '0004_auto_20170411_0504')"), "utf-8")
    shown = project.manage("makemigrations", status=1)
    stray.unlink()
    assert str(stray) in shown
    assert project.migrations() == []


@pytest.mark.parametrize("command", ["migrate", "makemigrations"])
def test_what_depends_on_a_migration_that_no_package_has_is_told_what_to_type(project, command):
    stray = "('pages', '0005_alter_page_in_menus')"
    project.write(f"{APP}/migrations/__init__.py", "")
    project.write(f"{APP}/migrations/0001_initial.py", MIGRATION.format(stray))
    (line,) = project.manage(command, status=1).splitlines()
    assert f"{APP}/migrations/0001_initial.py depends on " + stray in line
    last = sorted((project.packages / "mezzanine/pages/migrations").glob("[0-9]*.py"))[-1].stem
    assert f"Type ('pages', '{last}') there" in line


EXTRA = """
from languages.for_settings import set_dynamic_settings

EXTRA_MODEL_FIELDS = [
    ("mezzanine.pages.models.Page.subtitle", "TextField", ("Subtitle",), {"default": ""}),
    (
        "mezzanine.pages.models.Page.lead",
        "mezzanine.core.fields.RichTextField",
        ("Lead",),
        {"blank": True, "default": ""},
    ),
    (
        "mezzanine.pages.models.Page.icon",
        "mezzanine.core.fields.FileField",
        ("Icon",),
        {"blank": True, "default": "", "upload_to": "icons"},
    ),
]
set_dynamic_settings(globals())
"""


def test_a_field_of_a_packages_model_gets_its_migration_in_the_project(project):
    """As Mezzanine's documentation tells it: the setting, makemigrations, migrate."""
    project.write(f"{SETTINGS_MODULE}.py", SETTINGS + EXTRA)
    missing = project.manage("makemigrations", "--check", status=1)
    assert "Migrations for 'pages', in migrations_of_packages/pages:" in missing
    assert "+ Add field subtitle to page" in missing
    assert "+ Add field subtitle" in project.manage("makemigrations", "--dry-run")
    assert not (project.path / "migrations_of_packages").exists()
    project.manage("makemigrations", "pages", "--noinput")
    folder = project.path / "migrations_of_packages/pages"
    (written,) = folder.glob("[0-9]*.py")
    assert "('pages', '0004_auto_20170411_0504')" in written.read_text("utf-8")
    assert [*folder.parent.glob("[a-z]*/")] == [folder]
    project.manage("makemigrations", "--noinput")
    assert "No changes" in project.manage("makemigrations", "--check")
    project.manage("migrate", "-v0")
    assert "mezzanine.core.fields.RichTextField" in written.read_text("utf-8")
    assert "upload_to" not in written.read_text("utf-8")  # of the media library, not of Django
    code = "from mezzanine.pages.models import Page as P; print(P._base_manager.values('lead'))"
    assert "QuerySet []>" in project.manage("shell", "-v0", "-c", code)
    wrong = EXTRA.replace("RichTextField", "NoSuchField")
    project.write(f"{SETTINGS_MODULE}.py", SETTINGS + wrong)
    shown = project.manage("check", status=1).splitlines()[-1]
    assert "EXTRA_MODEL_FIELDS: Page.lead, mezzanine.core.fields.NoSuchField: " in shown
    # A release before it does not know the field: its own migrations are as they were.
    project.write(f"{SETTINGS_MODULE}.py", SETTINGS)
    assert "Remove field subtitle" in project.manage("makemigrations", "--dry-run")


OF_THE_BLOG = """
POST = "mezzanine.blog.models.BlogPost"
EXTRA_MODEL_FIELDS = [
    (f"{POST}.subtitle", "CharField", (), {"max_length": LENGTH, "default": ""}),
    (f"{POST}.image", "ImageField", (), {"upload_to": "blog", "default": ""}),
]
"""


def test_what_a_package_has_forgotten_is_not_in_a_migration_of_the_project(project):
    """Mezzanine's blog differs from its migrations in two more fields."""

    def written(length):
        fields = OF_THE_BLOG.replace("LENGTH", str(length))
        fields += f'INSTALLED_APPS.remove("{APP}")\n'
        project.write(f"{SETTINGS_MODULE}.py", SETTINGS + fields)
        shown = project.manage("makemigrations", "--noinput")
        return [line.strip() for line in shown.splitlines() if line.startswith("    ")]

    changes = written(20)
    assert {"+ Add field image to blogpost", "+ Add field subtitle to blogpost"} <= {*changes}
    assert not [change for change in changes if change[0] == "~"]
    assert written(30) == ["~ Alter field subtitle on blogpost"]
    assert "No changes" in project.manage("makemigrations", "--check")


def test_migrations_of_a_package_that_the_project_has_taken_over_are_its_own(project):
    taken_over = 'MIGRATION_MODULES |= {"pages": "migrations_of.pages"}\n'
    project.write(f"{SETTINGS_MODULE}.py", SETTINGS + EXTRA + taken_over)
    project.write("migrations_of/__init__.py", "")
    shutil.copytree(
        project.packages / "mezzanine/pages/migrations", project.path / "migrations_of/pages"
    )
    project.manage("makemigrations", "--noinput", "-n", "new")
    assert (project.path / "migrations_of/pages/0005_new.py").exists()
    assert "('pages', '0005_new')" in (project.app / "migrations/0001_new.py").read_text("utf-8")
    assert "No changes" in project.manage("makemigrations", "--check")
    project.manage("migrate", APP, "-v0")


@pytest.mark.parametrize(
    ("place", "inside"),
    [
        *[("bread", True), ("apps/bread", True), ("../bread", False), ("", True)],
        *[(".venv/lib/python3/site-packages/mezzanine/pages", False), ("env/src/pages", False)],
        ("vendor/dist-packages/pages", False),
    ],
)
def test_what_is_inside_of_the_project(settings, monkeypatch, tmp_path, place, inside):
    settings.BASE_DIR = tmp_path / "project"
    monkeypatch.setattr("sys.prefix", str(tmp_path / "project/env"))
    assert own_apps.is_in_project(tmp_path / "project" / place) == inside


def test_a_project_inside_of_an_environment_is_a_project(settings, monkeypatch, tmp_path):
    settings.BASE_DIR = tmp_path / "env/project"
    monkeypatch.setattr("sys.prefix", str(tmp_path / "env"))
    assert own_apps.is_in_project(tmp_path / "env/project/bread")
    assert not own_apps.is_in_project(tmp_path / "env/lib/python3/site-packages/mezzanine")
