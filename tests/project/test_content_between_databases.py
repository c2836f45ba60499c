"""Content of a project with apps of its own goes from SQLite to PostgreSQL and back."""

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from servers import DB_PASS

# Page types, an own user's data, keys of all kinds, cycles, and what is rare.
MODELS = '''
import uuid
from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import models
from mezzanine.core.models import Ownable, RichText, Slugged
from mezzanine.generic.fields import CommentsField
from mezzanine.pages.models import Page


class Flour(models.Model):
    """With a key that is text."""
    code = models.CharField(max_length=20, primary_key=True)
    twin = models.OneToOneField("self", models.SET_NULL, null=True)


class Baker(models.Model):
    """An address, yet content, since loaves refer to it."""
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField()
    favourite = models.ForeignKey("Loaf", models.SET_NULL, null=True, related_name="+")


class Loaf(Page, RichText):
    flours = models.ManyToManyField(Flour, through="Part")
    baker = models.ForeignKey(Baker, models.SET_NULL, null=True)
    price = models.DecimalField(max_digits=8, decimal_places=3, null=True)
    time = models.DurationField(null=True)
    data = models.JSONField(default=dict)
    raw = models.BinaryField(null=True)
    day = models.DateField(null=True)
    hour = models.TimeField(null=True)
    weight = models.FloatField(null=True)
    picture = models.FileField(upload_to="loaves", blank=True)
    friends = models.ManyToManyField("self")
    comments = CommentsField()


class Part(models.Model):
    loaf = models.ForeignKey(Loaf, models.CASCADE)
    flour = models.ForeignKey(Flour, models.CASCADE)
    grams = models.PositiveIntegerField()

    class Meta:
        unique_together = [("loaf", "flour")]


class Mark(models.Model):
    """Leads to anything."""
    content_type = models.ForeignKey("contenttypes.ContentType", models.CASCADE)
    object_id = models.TextField()
    thing = GenericForeignKey()
    place = models.PositiveIntegerField(unique=True)


class Recipe(Slugged, Ownable):
    allowed = models.ManyToManyField("auth.Group")
    permissions = models.ManyToManyField("auth.Permission")


class Order(models.Model):
    """Belongs to a visitor."""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    loaf = models.ForeignKey(Loaf, models.CASCADE)


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE)


class Subscriber(models.Model):
    email = models.EmailField()


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
'''

FILL = r"""
import datetime, decimal
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.sites.models import Site
from django.core.management import call_command
from mezzanine.blog.models import BlogPost
from mezzanine.generic.models import Keyword
from mezzanine.pages.models import RichTextPage
from mezzanine.utils.sites import override_current_site_id
from bread.models import *

STRANGE = "é中 🐧 \u200b\r\n\t \\ ' \" %s \ufeff <b> \x01"
users = get_user_model().objects
ann = users.create_user("ann", "ann@example.com", "secret", first_name="Ann")
eve = users.create_user("eve@example.com", "eve@example.com", "secret")
call_command("addsite", "two.example", alias=["zwei.example"], verbosity=0)
group = Group.objects.create(name="bakers " + STRANGE)
for site in Site.objects.order_by("id"):
    with override_current_site_id(site.pk):
        top = Loaf.objects.create(title=STRANGE, slug="bread", content=STRANGE * 1000)
        for n in range(120):
            loaf = Loaf.objects.create(
                title=f"Loaf {n}", slug=f"bread/{n}", parent=top, price=decimal.Decimal("1.250"),
                time=datetime.timedelta(days=1, microseconds=1), data={"a": [1, None, STRANGE]},
                raw=bytes(range(256)), day=datetime.date(1, 1, 1),
                hour=datetime.time(23, 59, 59, 1), weight=0.1 + 0.2,
                picture="loaves/" + "straße %s #?.jpg" % n)
        rye = Flour.objects.get_or_create(code="rye ' \\")[0]
        rye.twin = rye
        rye.save()
        Part.objects.create(loaf=loaf, flour=rye, grams=500)
        loaf.friends.add(top)
        loaf.baker = Baker.objects.create(email="baker@example.com", favourite=loaf)
        loaf.save()
        Mark.objects.create(thing=loaf, place=site.pk * 10)
        Mark.objects.create(thing=rye, place=site.pk * 10 + 1)
        Mark.objects.create(thing=ann, place=site.pk * 10 + 2)
        recipe = Recipe.objects.create(title="Recipe", user=eve)
        recipe.allowed.add(group)
        recipe.permissions.add(Permission.objects.get(codename="add_loaf"))
        post = BlogPost.objects.create(title="Post", slug="post", user=ann, content="x")
        post.keywords.create(keyword=Keyword.objects.create(title="green"))
        Order.objects.create(user=eve, loaf=loaf).line_set.create()
Subscriber.objects.create(email="sub@example.com")
Profile.objects.create(user=ann)
"""

ROWS = """
import json
from transfer.export import tables
from transfer.keys import Keys
found = {t.label: list(t.rows()) for t in tables(%r, Keys())}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def ends(project, database, tmp_path_factory):
    """A laptop with SQLite and a server with PostgreSQL, which have the same project."""
    path = tmp_path_factory.mktemp("laptop") / "mysite"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".git"))
    laptop = End(path, project.python)
    laptop.settings("DEBUG = True\nSECRET_KEY = 'x'\n")
    laptop.add_app("bread", MODELS)
    laptop.manage("makemigrations", "bread")
    server = End(tmp_path_factory.mktemp("server") / "mysite", project.python)
    shutil.copytree(path, server.path)
    where = {"ENGINE": "django.db.backends.postgresql", "NAME": "mysite", "USER": "mysite"}
    where |= {"PASSWORD": DB_PASS, "HOST": database.host, "PORT": database.port}
    live = "ENVIRONMENT = 'production'\nDEBUG = False\nSECRET_KEY = 'x'\n"
    server.settings(f"{live}DATABASES = {{'default': {where!r}}}\n")
    for end in (laptop, server):
        end.manage("createdb", "--noinput", "--nodata", "--verbosity=0")
    laptop.shell(FILL)
    return SimpleNamespace(laptop=laptop, server=server, folder=tmp_path_factory.mktemp("line"))


class End:
    """A project with a database."""

    def __init__(self, path, python):
        self.path, self.python = path, python

    def settings(self, text):
        (self.path / "mysite/local_settings.py").write_text(
            f"from .settings import INSTALLED_APPS\n{text}"
            "import os\n"
            "if os.path.exists('bread'):\n    INSTALLED_APPS.append('bread')\n"
        )

    def add_app(self, name, models):
        (self.path / name / "migrations").mkdir(parents=True)
        for file in ("__init__.py", "migrations/__init__.py"):
            (self.path / name / file).touch()
        (self.path / name / "models.py").write_text(models)

    def manage(self, *arguments, status=0):
        """Run a command; return what it printed, on its error output where it failed."""
        environment = {"HOME": str(self.path), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
        run = subprocess.run(
            [self.python, "manage.py", *arguments],
            cwd=self.path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert run.returncode == status, run.stdout + run.stderr
        return run.stderr if status else run.stdout

    def shell(self, code):
        return self.manage("shell", "-v0", "-c", code)

    def rows(self, everything=False):
        return json.loads(self.shell(ROWS % everything).splitlines()[-1])

    def bring(self, file, *options):
        return json.loads(self.manage("importcontent", str(file), *options).splitlines()[-1])


def same_but_for_names(rows):
    """Return the rows of all tables, without what sites are called."""
    return rows | {"sites.site": [row[0] for row in rows["sites.site"]]}


def test_all_of_it_is_the_same_on_postgresql_and_again_on_sqlite(ends):
    there, back = ends.folder / "there.zip", ends.folder / "back.zip"
    before = ends.laptop.rows()
    assert len(before["bread.loaf"]) == 242
    ends.laptop.manage("exportcontent", str(there))
    ends.server.bring(there)
    live = ends.server.rows()
    assert same_but_for_names(live) == same_but_for_names(before)
    assert live["sites.site"][0][1] == "www.example.com"
    ends.server.manage("exportcontent", str(back))
    assert ends.laptop.bring(back, "--look")["changes"] == {
        "sites.site": {"added": 0, "changed": 1, "removed": 0}  # two.example.localhost:8000
    }
    ends.laptop.shell("from bread.models import Loaf; Loaf.objects.all().delete()")
    ends.laptop.bring(back, "--pulled")
    assert same_but_for_names(ends.laptop.rows()) == same_but_for_names(before)


def test_new_rows_get_free_numbers_there(ends):
    ends.server.shell(
        "from bread.models import *; from mezzanine.blog.models import BlogPost;"
        "Loaf.objects.create(title='One more', slug='more'); Subscriber.objects.create();"
        "BlogPost.objects.create(title='Next', user_id=1 and BlogPost.objects.first().user_id)"
    )


def test_everything_is_the_same_with_accounts_and_visitors(ends):
    file = ends.folder / "everything.zip"
    ends.server.manage("exportcontent", str(file), "--everything")
    before = ends.server.rows(everything=True)
    ends.laptop.bring(file, "--pulled")
    assert same_but_for_names(ends.laptop.rows(everything=True)) == same_but_for_names(before)
    ends.laptop.shell("from bread.models import *; Mark.objects.all().delete()")
    ends.laptop.manage("exportcontent", str(file), "--everything")
    ends.server.bring(file)
    assert ends.server.rows(everything=True)["bread.mark"] == []


def test_the_kinds_of_own_models_follow_the_rule(ends):
    listed = ends.laptop.manage("exportcontent", "--list")
    kinds = dict(reversed(line.split()) for line in listed.splitlines())
    assert {name: kinds[f"bread.{name}"] for name in ("Loaf", "Baker", "Flour", "Part")} == {
        "Loaf": "content",
        "Baker": "content",
        "Flour": "content",
        "Part": "content",
    }
    assert {name: kinds[f"bread.{name}"] for name in ("Recipe", "Mark", "Recipe_allowed")} == {
        "Recipe": "content",
        "Mark": "content",
        "Recipe_allowed": "content",
    }
    assert {name: kinds[f"bread.{name}"] for name in ("Order", "Line", "Subscriber")} == {
        "Order": "visitors",
        "Line": "visitors",
        "Subscriber": "visitors",
    }
    assert kinds["bread.Profile"] == "accounts"


def test_unique_values_may_change_places_and_rows_of_any_key_may_go(ends):
    file = ends.folder / "swap.zip"
    ends.laptop.shell(
        "from bread.models import *;"
        "[Mark.objects.create(thing=Flour.objects.first(), place=n) for n in (1, 2)];"
        "Flour.objects.create(code='gone'); Baker.objects.create()"
    )
    ends.laptop.manage("exportcontent", str(file))
    ends.server.bring(file)
    ends.laptop.shell(
        "from bread.models import *; a, b = Mark.objects.filter(place__in=(1, 2));"
        "a.place, b.place = 9, a.place; a.save(); b.save(); a.place = 2; a.save();"
        "Flour.objects.filter(code='gone').delete(); Baker.objects.filter(email='').delete()"
    )
    ends.laptop.manage("exportcontent", str(file))
    ends.server.bring(file)
    for label in ("bread.mark", "bread.flour", "bread.baker"):
        assert ends.server.rows()[label] == ends.laptop.rows()[label]


def test_an_order_of_a_visitor_keeps_its_loaf(ends):
    file = ends.folder / "orders.zip"
    ends.server.shell(
        "from bread.models import *; from django.contrib.auth.models import User;"
        "Order.objects.create(user=User.objects.first(), loaf=Loaf.objects.last())"
    )
    ends.laptop.shell("from bread.models import *; Loaf.objects.all().delete()")
    ends.laptop.manage("exportcontent", str(file))
    before = ends.server.rows(everything=True)
    words = ends.server.manage("importcontent", str(file), status=1)
    assert "Nothing was changed: it would take away what these belong to: orders: " in words
    assert ends.server.rows(everything=True) == before


COMMENTS = """
import os
from django.contrib.auth.models import User
from mezzanine.blog.models import BlogPost
from mezzanine.generic.models import Rating
post = BlogPost.objects.get(slug="post")
number = 0
while not os.path.exists("stop"):
    post.comments.create(user_name="Eve", comment="Nice", site_id=1)
    Rating.objects.create(content_object=post, value=3)
    number += 1
post.refresh_from_db()
print(number, post.comments.count(), post.comments_count, post.rating_count)
"""


def test_comments_that_arrive_meanwhile_are_not_lost(ends):
    file = ends.folder / "meanwhile.zip"
    ends.server.manage("exportcontent", str(file))
    ends.laptop.bring(file, "--pulled")
    with ThreadPoolExecutor() as pool:
        visitor = pool.submit(ends.server.shell, COMMENTS)
        try:
            for number in range(3):
                new = f"BlogPost.objects.update(title='{number}')"
                ends.laptop.shell(f"from mezzanine.blog.models import *; {new}")
                ends.laptop.manage("exportcontent", str(file))
                assert "blog.blogpost" in ends.server.bring(file)["changes"]
        finally:
            (ends.server.path / "stop").touch()
        sent, *counted = map(int, visitor.result().split())
    assert sent > 3
    assert counted == [sent] * 3


def test_a_site_goes_from_sqlite_to_postgresql_alone(ends):
    file = ends.folder / "site.zip"
    ends.server.shell("from bread.models import *; Mark.objects.all().delete()")  # are unique
    there = ends.server.rows(everything=True)
    count = "from bread.models import *; print(Loaf.objects.filter(site_id=1).count())"
    loaves = int(ends.laptop.shell(count).splitlines()[-1])
    assert loaves > 120
    ends.laptop.manage("exportsite", "1", str(file))
    ends.server.manage("importsite", str(file), "--domain=copy.example")
    new = ends.server.rows(everything=True)
    for label, rows in there.items():
        assert [row for row in rows if row not in new[label]] == [], label
    assert len(new["bread.loaf"]) == len(there["bread.loaf"]) + loaves
    ends.server.shell("from bread.models import *; Loaf.objects.create(title='Next', slug='next')")
    page = "print(Client(HTTP_HOST='copy.example').get('/bread/7/').status_code)"
    assert ends.server.shell(f"from django.test import Client; {page}").strip() == "200"
    refused = ends.server.manage("importsite", str(file), "--domain=copy.example", status=1)
    assert "there is a site copy.example already" in refused


def test_what_only_sqlite_takes_is_refused_in_one_line(ends):
    file = ends.folder / "long.zip"
    ends.server.manage("exportcontent", str(file))
    ends.laptop.bring(file, "--pulled")
    ends.laptop.shell("from bread.models import *; Loaf.objects.update(slug='y' * 3000)")
    ends.laptop.manage("exportcontent", str(file))
    before = ends.server.rows(everything=True)
    words = ends.server.manage("importcontent", str(file), status=1).strip()
    assert "Nothing was changed: the database refuses pages.page: value too long" in words
    assert len(words.splitlines()) == 1
    assert ends.server.rows(everything=True) == before
