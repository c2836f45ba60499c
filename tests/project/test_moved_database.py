"""A database that is restored becomes one of the live release, as fab restore has it."""

import json
import os
import shutil
import subprocess

import pytest
from servers import DB_PASS
from support import TEMPLATE

SCRIPTS = TEMPLATE / "{{cookiecutter.project_name}}/deploy/on_host/in_release"
STAGING = "staging.example.com"
SETTINGS = """
import os
SECRET_KEY = "x"
ENVIRONMENT = os.environ["ENVIRONMENT"]
DATABASES = {{"default": {{"NAME": os.environ["DATABASE"], **{!r}}}}}
"""
CONTENT = """
from django.contrib.auth import get_user_model
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import RichTextPage
from django.core.management import call_command
call_command("addsite", "two.example", alias=["zwei.example"], verbosity=0)
ann = get_user_model().objects.create_user("ann", "ann@example.com", "secret of ann")
RichTextPage.objects.create(title="Bread", slug="bread", content="Rye, made here")
post = BlogPost.objects.create(title="By Ann", slug="by-ann", user=ann, content="x")
post.comments.create(user_name="Eve", user_email="eve@example.com", comment="Nice")
"""
OF_STAGING = """
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from mezzanine.conf.models import Setting
Site.objects.update(domain="staging.example.com", name="staging.example.com")
Setting.objects.create(name="TWITTER_BEARER_TOKEN", value="key of staging")
get_user_model().objects.create_user("bob", "bob@example.com", "secret of bob")
"""


class Release:
    """The project with its databases: mysite is the live one, of staging."""

    def __init__(self, path, python, sql):
        self.path, self.python, self.sql = path, python, sql

    def run(self, *words, environment="staging", database="mysite", input=None):
        names = {"ENVIRONMENT": environment, "DATABASE": database, "PYTHONUTF8": "1"}
        names |= {"HOME": str(self.path), "PATH": os.environ["PATH"]}
        names["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
        pipes = {"capture_output": True, "text": True, "input": input}
        run = subprocess.run([self.python, *words], cwd=self.path, env=names, **pipes)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def ask(self, script, **request):
        """Ask a script of in_release/ about the database that is loaded; return its answer."""
        request["database"] = "restoring"
        code = (SCRIPTS / f"{script}.py").read_text("utf-8")
        return json.loads(self.run("-c", code, input=json.dumps(request)))

    def migrate(self):
        return self.ask("migrate")

    def pending(self):
        """Return what a deploy of the release finds in the database that is loaded."""
        code = (SCRIPTS / "migrations.py").read_text("utf-8")
        return json.loads(self.run("-c", code, database="restoring"))

    def move(self):
        self.ask("moved", environment="production", hostname=STAGING)

    def command(self, *words):
        """Run a command of manage.py on it; return why that is refused."""
        return self.ask("in_database", command=words)["refused"]

    def load(self, name):
        """Let the database that is loaded be a copy of another one."""
        self.sql("DROP DATABASE IF EXISTS restoring", "postgres")
        self.sql(f"CREATE DATABASE restoring TEMPLATE {name} OWNER mysite", "postgres")

    def loaded(self, query):
        return self.sql(query, "restoring").splitlines()


@pytest.fixture(scope="module")
def release(project, database, tmp_path_factory):
    path = tmp_path_factory.mktemp("release") / "mysite"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".git"))
    where = {"ENGINE": "django.db.backends.postgresql", "USER": "mysite", "PASSWORD": DB_PASS}
    where |= {"HOST": database.host, "PORT": database.port}
    (path / "mysite/local_settings.py").write_text(SETTINGS.format(where))
    release = Release(path, project.python, database.sql)
    release.run("manage.py", "createdb", "--noinput", "--nodata", "-v0")
    database.sql("CREATE DATABASE production TEMPLATE mysite OWNER mysite", "postgres")
    shell = ["manage.py", "shell", "-v0", "-c"]
    release.run(*shell, CONTENT, environment="production", database="production")
    release.run(*shell, OF_STAGING)
    return release


def note_migration(release, app, name, database="restoring"):
    values = f"'{app}', '{name}', now()"
    release.sql(f"INSERT INTO django_migrations (app, name, applied) VALUES ({values})", database)


def test_its_sites_are_called_as_here_and_keys_are_those_of_here(release):
    release.load("production")
    release.move()
    domains = release.loaded("SELECT domain FROM django_site ORDER BY id")
    assert domains == [STAGING, f"two.example.{STAGING}"]
    assert release.loaded("SELECT host FROM multisite_sitealias") == []
    values = release.loaded("SELECT value FROM conf_setting WHERE name LIKE 'TWITTER_%'")
    assert values == ["key of staging"]
    assert "ann@example.com" in release.loaded("SELECT email FROM auth_user")


def test_what_the_release_has_more_is_migrated(release):
    release.load("production")
    release.sql("DROP TABLE transfer_origin", "restoring")
    release.sql("DELETE FROM django_migrations WHERE app = 'transfer'", "restoring")
    assert release.migrate() == {"refused": "", "applied": ["transfer.0001_initial"]}
    assert release.loaded("SELECT to_regclass('transfer_origin')") == ["transfer_origin"]
    assert release.migrate() == {"refused": "", "applied": []}


def test_what_the_release_does_not_know_is_refused_in_one_line(release):
    release.load("production")
    release.sql("DELETE FROM django_migrations WHERE app = 'transfer'", "restoring")
    note_migration(release, "gone", "0001_initial")  # of an app that was taken out
    note_migration(release, "blog", "0099_more")
    told = "blog.0099_more was migrated, which the live release does not know: type fab deploy"
    assert release.migrate()["refused"] == told
    noted = "SELECT name FROM django_migrations WHERE app IN ('transfer', 'gone')"
    assert release.loaded(noted) == ["0001_initial"]


def test_after_a_rollback_backups_of_the_data_that_have_stayed_are_restored(release):
    note_migration(release, "blog", "0099_more", "mysite")
    release.load("mysite")
    release.sql("DELETE FROM django_migrations WHERE name = '0099_more'", "mysite")
    assert release.migrate()["refused"]
    note_migration(release, "blog", "0099_more", "mysite")
    assert release.migrate() == {"refused": "", "applied": []}
    release.sql("DELETE FROM django_migrations WHERE name = '0099_more'", "mysite")


def test_a_migration_that_fails_is_told_in_one_line(release):
    release.load("production")
    release.sql("DELETE FROM django_migrations WHERE app = 'transfer'", "restoring")
    told = 'the migrations of the live release fail: ProgrammingError: relation "transfer_origin"'
    assert release.migrate()["refused"] == f"{told} already exists"


def test_what_a_deploy_brings_to_tables_of_its_own_harms_no_live_code(release):
    release.load("production")
    forget = "DELETE FROM django_migrations WHERE app = 'otp_static' AND name > '{}'"
    release.sql(forget.format("0002"), "restoring")
    assert release.pending()["breaking"] == [
        "otp_static.0002_throttling: staticdevice.throttling_failure_count takes no NULL, and has"
        " no default in the database"
    ]
    release.sql(forget.format(""), "restoring")
    release.sql("DROP TABLE otp_static_statictoken, otp_static_staticdevice", "restoring")
    found = release.pending()
    assert {"otp_static.0001_initial", "otp_static.0002_throttling"} <= {*found["pending"]}
    assert found["breaking"] == []


def test_content_alone_comes_into_a_copy_of_the_live_database(release, tmp_path):
    file = str(tmp_path / "content.zip")
    release.load("production")
    release.move()
    assert release.command("exportcontent", file) == ""
    release.load("mysite")
    assert release.command("importcontent", file, "--pulled") == ""
    people = release.loaded("SELECT username, email, is_active FROM auth_user ORDER BY id")
    assert people == ["bob|bob@example.com|t", "ann||f"]
    assert release.loaded("SELECT count(*) FROM django_comments") == ["0"]
    assert release.loaded("SELECT count(*) FROM pages_page WHERE slug = 'bread'") == ["1"]
    domains = release.loaded("SELECT domain FROM django_site ORDER BY id")
    assert domains == [STAGING, f"two.example.{STAGING}"]
    refused = release.command("importcontent", "none.zip", "--pulled")
    assert refused == "Nothing was changed: there is no file none.zip"
