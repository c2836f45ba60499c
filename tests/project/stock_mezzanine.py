"""A project of stock Mezzanine, with content of all kinds; the code is for 4.3 to 6.1.

With Python 3.6, "mezzanine==4.3.1", "filebrowser-safe<1" and "grappelli-safe<1", it has made
tests/adopting/mezzanine_4_3.sql of the project: see the end.
"""

import os
import subprocess
import sys
from pathlib import Path

UPLOAD = "uploads/Straße 50% #1 中.jpg"
SENT = "forms/01234567-89ab-cdef-0123-456789abcdef/letter.pdf"

# The page type and the model of an app of its own.
MODELS = """
from django.db import models
from mezzanine.core.models import RichText
from mezzanine.pages.models import Page


class Oven(models.Model):
    name = models.CharField(max_length=40)


class Recipe(Page, RichText):
    minutes = models.IntegerField(default=0)
    oven = models.ForeignKey(Oven, null=True, blank=True, on_delete=models.SET_NULL)
"""

SETTINGS = """
from django.db.backends.signals import connection_created
from {name}.settings import INSTALLED_APPS
SECRET_KEY = NEVERCACHE_KEY = "x"
DEBUG = True
ALLOWED_HOSTS = ["*"]
DATABASES = {{"default": {database!r}}}
INSTALLED_APPS += ("bakery",)
if "mezzanine.twitter" not in INSTALLED_APPS:
    INSTALLED_APPS += ("mezzanine.twitter",)


def rename_as_before(connection, **kwargs):  # Django 1.11 on SQLite from 3.26 on
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA legacy_alter_table = ON")


connection_created.connect(rename_as_before, weak=False)
"""

FILL = r"""
# coding: utf-8
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.db import connection
from django.utils import timezone
from hashlib import md5, sha1
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.conf.models import Setting
from mezzanine.core.models import SitePermission
from mezzanine.forms.models import FieldEntry, Form, FormEntry
from mezzanine.galleries.models import Gallery
from mezzanine.generic.models import Keyword, Rating, ThreadedComment
from mezzanine.pages.models import Link, Page, RichTextPage
from mezzanine.twitter.models import Query, Tweet
from mezzanine.utils.sites import override_current_site_id
from bakery.models import Oven, Recipe

UPLOAD = u"{upload}"
SENT = "{sent}"

Site.objects.filter(pk=1).update(domain="www.Bakery.example", name="Bakery")
Site.objects.create(pk=2, domain="Zwei.Example", name="Zwei.Example")
Site.objects.create(pk=3, domain="zwei.example", name="Double")
ann = User.objects.create(username="ann", email="ann@example.com", is_staff=True)
for name, encoded in (
    ("ann", PBKDF2PasswordHasher().encode("secret", "salt", 1000)),
    ("sha1", "sha1$salt$" + sha1(b"saltsecret").hexdigest()),
    ("md5", "md5$salt$" + md5(b"saltsecret").hexdigest()),
    ("unsalted_sha1", "sha1$$" + sha1(b"secret").hexdigest()),
    ("unsalted_md5", md5(b"secret").hexdigest()),
    ("crypt", "crypt$$ab1234567890."),
):
    user = User.objects.get_or_create(username=name)[0]
    User.objects.filter(pk=user.pk).update(password=encoded)
group = Group.objects.create(name="editors")
group.permissions.add(Permission.objects.get(codename="change_recipe"))
ann.groups.add(group)
permission = SitePermission.objects.get_or_create(user=ann)[0]
permission.sites.set(Site.objects.filter(pk__in=(1, 2)))
oven = Oven.objects.create(name=u"gro\xdf")
for site in (1, 2):
    with override_current_site_id(site):
        picture = u'<p><img src="/static/media/{}"> \xfcber</p>'.format(UPLOAD)
        top = RichTextPage.objects.create(title=u"\xdcber uns", content=picture)
        RichTextPage.objects.create(title="Team", parent=top, content="x")
        RichTextPage.objects.create(title="Members", content="x", login_required=True)
        RichTextPage.objects.create(title="Draft", content="x", status=1)
        Link.objects.create(title="Elsewhere", slug="https://example.org/")
        recipe = Recipe.objects.create(title="Bread", content="x", minutes=60, oven=oven)
        gallery = Gallery.objects.create(title="Pictures", content="x")
        gallery.images.create(file=UPLOAD, description=u"\xdc")
        post = BlogPost.objects.create(title="First", content=picture, user=ann)
        other = BlogPost.objects.create(title="Second", content="x", user=ann)
        post.categories.add(BlogCategory.objects.create(title="News"))
        post.related_posts.add(other)
        post.keywords.create(keyword=Keyword.objects.create(title="rye"))
        said = {"content_type": ContentType.objects.get_for_model(post), "object_pk": post.pk,
                "site_id": site, "user_name": "Eve", "user_email": "eve@example.com"}
        first = ThreadedComment.objects.create(comment=u"Sch\xf6n", **said)
        ThreadedComment.objects.create(comment="Yes", replied_to=first, **said)
        Rating.objects.create(content_object=post, value=4)
        form = Form.objects.create(title="Contact", content="x")
        field = form.fields.create(label="Letter", field_type=6)
        entry = FormEntry.objects.create(form=form, entry_time=timezone.now())
        entry.fields.create(field_id=field.pk, value=SENT)
        Setting.objects.create(name="SITE_TITLE", value="Bakery {}".format(site))
        Redirect.objects.create(site_id=site, old_path="/alt/", new_path="/about/")
        Redirect.objects.create(site_id=site, old_path="/gone/", new_path="")
query = Query.objects.create(type="user", value="bakery", interested=True)
Tweet.objects.create(query=query, remote_id="1", created_at=timezone.now(), text="x",
                     profile_image_url="x", user_name="x", full_name="x")
"""


class Stock:
    """A project of stock Mezzanine below a folder, in the environment of a Python."""

    def __init__(self, folder, python, database):
        self.python, self.path = Path(python), Path(folder, "stock")
        self.run(self.python.with_name("mezzanine-project"), "stock", cwd=folder)
        settings = SETTINGS.format(name="stock", database=database)
        (self.path / "stock/local_settings.py").write_text(settings)
        app = self.path / "bakery"
        (app / "migrations").mkdir(parents=True)
        for name in ("__init__.py", "migrations/__init__.py"):
            (app / name).touch()
        (app / "models.py").write_text(MODELS)

    def fill(self, *options):
        """Make the database, with its keys as the settings of stock Mezzanine have them."""
        self.manage("makemigrations", "--verbosity=0")
        self.manage("createdb", "--noinput", "--verbosity=0", *options)
        self.shell(FILL.replace("{upload}", UPLOAD).replace("{sent}", SENT))

    def shell(self, code):
        """Run code in the project; return what it prints."""
        script = self.path / "script.py"
        start = "import os, django\nos.environ['DJANGO_SETTINGS_MODULE'] = 'stock.settings'\n"
        script.write_text(f"# coding: utf-8\n{start}django.setup()\n{code}", encoding="utf-8")
        return self.run(self.python, script.name)

    def manage(self, *words):
        return self.run(self.python, "manage.py", *words)

    def run(self, *words, cwd=None):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "PYTHONUTF8": "1",
            "LC_ALL": "C.UTF-8",
        }
        run = subprocess.run(
            [*map(str, words)],
            cwd=cwd or self.path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert run.returncode == 0, run.stdout
        return run.stdout


if __name__ == "__main__":  # FOLDER PYTHON: makes the database of the project's own tests
    small = Stock(*sys.argv[1:], {"ENGINE": "django.db.backends.sqlite3", "NAME": "dev.db"})
    small.fill("--nodata")
