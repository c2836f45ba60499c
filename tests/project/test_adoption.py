"""A site of stock Mezzanine 6.1.1 is adopted, from SQLite and PostgreSQL, with its page type."""

import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from servers import DB_PASS
from stock_mezzanine import SENT, UPLOAD, Stock

PACKAGES = ["mezzanine==6.1.1", "psycopg[binary]", "setuptools<80"]

# All rows of what both have, in the form of JSON; content types by their names.
ROWS = """
import json
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
types = {type.pk: type.natural_key() for type in ContentType.objects.all()}
found = {}
for label in LABELS:
    found[label] = list(apps.get_model(label)._base_manager.order_by("pk").values())
    for row in found[label]:
        row["content_type_id"] = types.get(row.get("content_type_id"))
print(json.dumps(found, default=str))
"""
LABELS = """
    auth.Group bakery.Oven bakery.Recipe blog.BlogCategory blog.BlogPost conf.Setting
    core.SitePermission django_comments.Comment forms.Field forms.FieldEntry forms.Form
    forms.FormEntry galleries.Gallery galleries.GalleryImage generic.AssignedKeyword
    generic.Keyword generic.Rating generic.ThreadedComment pages.Link pages.Page
    pages.RichTextPage redirects.Redirect
""".split()

# What robots are told of, on each site.
SITEMAPS = """
import json, re
from django.contrib.sites.models import Site
from django.test import Client
Site.objects.filter(pk=3).delete()  # stock Mezzanine answers 500 where two sites have one domain
found = {}
for site_id, host in ((1, "www.bakery.example"), (2, "zwei.example")):
    answer = Client(HTTP_HOST=host).get("/sitemap.xml")
    found[site_id] = re.findall("<loc>[a-z]+://[^/]+([^<]+)</loc>", answer.content.decode())
print(json.dumps(found))
"""
ASK = """
import json
from django.contrib.sites.models import Site
from django.test import Client
asked = json.loads({asked!r})
found = {{}}
for site_id, paths in asked.items():
    client = Client(HTTP_HOST=Site.objects.get(pk=site_id).domain)
    found |= {{site_id + path: client.get(path, secure=True).status_code for path in paths}}
print(json.dumps(found))
"""
LOG_IN = """
from django.contrib.auth import authenticate
names = ("ann", "sha1", "md5", "unsalted_sha1", "unsalted_md5")
print([name for name in names if authenticate(username=name, password="secret")])
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python of an environment in which Mezzanine is as its own documentation installs it."""
    path = tmp_path_factory.mktemp("stock") / "environment"
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(path)],
        ["pip", "install", "--quiet", "--python", str(path / "bin/python"), *PACKAGES],
    ):
        subprocess.run([sys.executable, "-m", "uv", *command], check=True)
    return path / "bin/python"


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)]
)
def stock(request, python, tmp_path_factory):
    """A stock site: .stock, .address of its database, and .settings of a project beside it."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        address = str(folder / "stock/dev.db")
        where = {"ENGINE": "django.db.backends.sqlite3", "NAME": address}
        settings = "DEBUG = True"
    else:
        server = request.getfixturevalue("database")
        server.sql("CREATE DATABASE stock OWNER mysite", "postgres")
        where = {"ENGINE": "django.db.backends.postgresql", "NAME": "stock", "USER": "mysite"}
        where |= {"PASSWORD": DB_PASS, "HOST": server.host, "PORT": server.port}
        user = f"mysite:{quote(DB_PASS, safe='')}"
        address = f"postgresql://{user}@/stock?host={server.host}&port={server.port}"
        settings = f"DATABASES = {{'default': {where | {'NAME': 'mysite'}!r}}}"
    stock = Stock(folder, python, where)
    stock.fill()
    for path in (f"media/{UPLOAD}", SENT):
        (stock.path / path).parent.mkdir(parents=True, exist_ok=True)
        (stock.path / path).write_text(path, encoding="utf-8")
    return SimpleNamespace(stock=stock, address=address, settings=settings)


@pytest.fixture(scope="module")
def new(project, tmp_path_factory):
    """A project as cookiecutter makes it: .path, .manage()."""
    path = tmp_path_factory.mktemp("new") / "mysite"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".git"))

    def manage(*words, status=0):
        environment = {"HOME": str(path), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
        command = [project.python, "manage.py", *words]
        run = subprocess.run(command, cwd=path, env=environment, capture_output=True, text=True)
        assert run.returncode == status, run.stdout + run.stderr
        return run.stderr if status else run.stdout

    return SimpleNamespace(path=path, manage=manage)


@pytest.fixture(scope="module")
def adopted(stock, new):
    """The project once it has adopted the site: .before and .after, what it said on the way."""
    for place in ("bakery", "media", "private"):
        shutil.rmtree(new.path / place, ignore_errors=True)
    (new.path / "mysite/local_settings.py").write_text(
        f"import os\nfrom .settings import INSTALLED_APPS\nSECRET_KEY = 'x'\n{stock.settings}\n"
        "if os.path.exists('bakery'):\n    INSTALLED_APPS.append('bakery')\n"
    )
    folders = [f"--media={stock.stock.path / 'media'}", f"--forms={stock.stock.path}"]
    before = new.manage("adopt", stock.address, *folders, status=1)
    code = "from django.db import connection; print(connection.introspection.table_names())"
    left = [shell(new, code), *((new.path / name).exists() for name in ("media", "private"))]
    (new.path / "bakery/migrations").mkdir(parents=True)
    for name in ("__init__.py", "models.py", "migrations/__init__.py"):
        shutil.copy(stock.stock.path / "bakery" / name, new.path / "bakery" / name)
    new.manage("makemigrations", "bakery")
    after = new.manage("adopt", stock.address, *folders)
    return SimpleNamespace(before=before, left=left, after=after, stock=stock.stock, new=new)


def shell(new, code):
    return new.manage("shell", "-v0", "-c", code).splitlines()[-1]


def rows(text):
    """Return rows by label, as both databases tell them: a moment has one form."""
    return json.loads(re.sub(r"\.000000|\+00:00", "", text))


def test_what_has_to_be_ported_is_named_before_anything_is_touched(adopted):
    assert adopted.before == (
        "CommandError: Nothing was changed: to be ported: page type recipe (pages: 2), table"
        " bakery_oven (rows: 1), table bakery_recipe (rows: 2); write models for them, in apps of"
        " the same labels and with their migrations, or leave tables out with --leave-out TABLE\n"
    )
    assert adopted.left == ["[]", False, False]


def test_every_row_is_what_it_was(adopted):
    code = f"LABELS = {LABELS}\n{ROWS}"
    there = rows(adopted.stock.shell(code).splitlines()[-1])
    here = rows(shell(adopted.new, code))
    made = [row["id"] for row in here["pages.Page"] if row["slug"] == "/"]  # they were templates
    here["pages.Page"] = [row for row in here["pages.Page"] if row["id"] not in made]
    here["pages.RichTextPage"] = [
        row for row in here["pages.RichTextPage"] if row["page_ptr_id"] not in made
    ]
    assert len(made) == 3
    there = rows(json.dumps(there).replace("/static/media/", "/media/"))
    for label in LABELS:
        assert there[label], label
        names = there[label][0].keys()
        assert [{name: row[name] for name in names} for row in here[label]] == there[label], label


def test_every_address_of_the_old_site_is_answered(adopted):
    asked = adopted.stock.shell(SITEMAPS).splitlines()[-1]
    assert len(json.loads(asked)["1"]) > 10
    answers = json.loads(shell(adopted.new, ASK.format(asked=asked)))
    wrong = {path: status for path, status in answers.items() if status != 200}
    assert all("/members/" in path for path in wrong)  # which asks for a log-in
    assert re.search(r"^\d+ addresses asked, 0 differ$", adopted.after, re.MULTILINE)


def test_users_log_in_with_the_passwords_that_they_had(adopted):
    assert shell(adopted.new, LOG_IN) == "['ann', 'sha1', 'md5', 'unsalted_sha1', 'unsalted_md5']"


def test_files_come_along(adopted):
    assert (adopted.new.path / "media" / UPLOAD).read_text("utf-8") == f"media/{UPLOAD}"
    assert (adopted.new.path / "private" / SENT).read_text("utf-8") == SENT


def test_new_rows_get_free_numbers(adopted):
    adopted.new.manage(
        "shell",
        "-v0",
        "-c",
        "from bakery.models import *; from mezzanine.blog.models import BlogPost;"
        "Recipe.objects.create(title='Next'); Oven.objects.create(name='x');"
        "BlogPost.objects.create(title='Next', user_id=BlogPost.objects.first().user_id)",
    )
