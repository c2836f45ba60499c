"""This project, stock Mezzanine and Wagtail, each with its own packages, on one PostgreSQL."""

import json
import os
import subprocess
import sys
from pathlib import Path

from servers import DB_PASS
from support import unavailable

WORKER = Path(__file__).parent / "worker.py"
ACCOUNT = ["--noinput", "--username=admin", "--email=admin@example.com"]

SETTINGS = """
SECRET_KEY = NEVERCACHE_KEY = "a key for nothing but these figures"
ALLOWED_HOSTS = ["*"]
DEBUG = False
DATABASES = {{"default": {{
    "ENGINE": "django.db.backends.postgresql", "NAME": {name!r}, "USER": "mysite",
    "PASSWORD": {password!r}, "HOST": {host!r}, "PORT": {port},
}}}}
"""
# What pages of a site share is kept, in the memory of the process instead of memcached's.
SHARING = "PAGE_CACHE_SECONDS = 60\n"
BEGIN = "from page_cache import generation; generation.begin()"  # what was written is seen
# By itself, stock Mezzanine keeps pages in the memory of each process.
NO_CACHE = 'CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}\n'
# What the others do by themselves. Wagtail's names have hashes, for which all files are collected.
NO_HASHES = """
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
"""

# The rows that others are copied from, in this project and in stock Mezzanine.
FIRST = """
from django.contrib.auth import get_user_model
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import RichTextPage
RichTextPage.objects.create(title="First", slug="first", content="x", in_menus=[1, 2, 3])
user = get_user_model().objects.get()
BlogPost.objects.create(title="First", slug="first", content="x", user=user)
"""
COPY = """
INSERT INTO {table} SELECT (jsonb_populate_record(first, jsonb_build_object({values}))).*
FROM {table} first, generate_series({begin}, {end}) n WHERE first.slug = {slug!r};
"""
WORDS = (
    "(SELECT '<p>bread ' || string_agg(substr(md5((n * 1000 + k)::text), 1, 5), ' ')"
    " || CASE WHEN n % 5000 = 0 THEN ' zebra</p>' ELSE '</p>' END FROM generate_series(1, 150) k)"
)
# Which page each page is below, an ID in SQL.
SHAPES = {
    "pages, ten below each": "CASE WHEN n >= 10 THEN 999 + n / 10 END",
    "pages, one level": "NULL",
    "pages, twelve deep": "CASE WHEN n % 12 > 0 THEN 999 + n END",
}
PAGE = """'id', 1000 + n, 'title', 'Page ' || n, 'titles', 'Page ' || n, 'slug', 'p' || n,
'_order', 100 + n, 'parent_id', {parent}"""
# The slug of a page begins with those of the pages above it.
SLUGS = """
WITH RECURSIVE path AS (
    SELECT id, 'p' || (id - 1000) AS slug FROM pages_page WHERE id >= 1000 AND parent_id IS NULL
    UNION ALL
    SELECT page.id, path.slug || '/p' || (page.id - 1000)
    FROM pages_page page JOIN path ON page.parent_id = path.id
)
UPDATE pages_page SET slug = path.slug FROM path
WHERE path.id = pages_page.id AND path.id >= 1000 + {begin};
"""
# Of another kind.
REMOVE = """
DELETE FROM pages_richtextpage WHERE page_ptr_id >= 1000; DELETE FROM pages_page WHERE id >= 1000;
"""
POST = f"""'id', 1000 + n, 'title', 'Post ' || n, 'slug', 'post-' || n, 'content', {WORDS},
'publish_date', first.publish_date - n * interval '1 minute'"""
# https://django-treebeard.readthedocs.io/en/latest/mp_tree.html
DIGITS = " || ".join(
    f"substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', 1 + (n + 1) / {36**place} % 36, 1)"
    for place in (3, 2, 1, 0)
)
WAGTAIL_PAGE = f"""'id', 1000 + n, 'path', first.path || {DIGITS}, 'depth', first.depth + 1,
'numchild', 0, 'slug', 'p' || n, 'url_path', first.url_path || 'p' || n || '/', 'translation_key',
gen_random_uuid(), 'title', 'Page ' || n || CASE WHEN n % 5000 = 0 THEN ' zebra' ELSE '' END"""


# What is measured, by its address and who asks for it, one of VISITORS of worker.py; of pages, and
# of posts.
PAGES = {
    "home page": ("/", "uncached"),
    "page": ("/p9/", "uncached"),
    "new 404": ("/no/such/page/", "cached"),
    "edit form of a page": ("/admin/pages/richtextpage/1009/change/", "staff"),
    "tree in the admin": ("/admin/pages/page/", "staff"),
}
DEEP = {"page": (f"/{'/'.join(f'p{n}' for n in range(10))}/", "uncached")}
POSTS = {
    "blog": ("/blog/", "uncached"),
    "post": ("/blog/post-5/", "uncached"),
    "site map": ("/sitemap.xml", "uncached"),
    "edit form of a post": ("/admin/blog/blogpost/1005/change/", "staff"),
    "search, a rare word": ("/search/?q=zebra", "uncached"),
    "search, a word of all": ("/search/?q=bread", "uncached"),
}
# PostgreSQL would use processes besides the one whose CPU is counted.
ALONE = {"PGOPTIONS": "-c max_parallel_workers_per_gather=0"}


class Program:
    """A project: .name, and what a process of it answers, from start() on."""

    asked = {
        "pages, ten below each": PAGES,
        "pages, one level": PAGES,
        "pages, twelve deep": PAGES | DEEP,
        "posts": POSTS,
    }

    def __init__(self, name, python, path, settings, database):
        self.name, self.python, self.path, self.database = name, python, path, database
        self.database_name = "mysite" if name == "this project" else settings.partition(".")[0]
        self.environment = os.environ | ALONE | {"DJANGO_SETTINGS_MODULE": settings}

    def configure(self, path, more=""):
        where = {"host": self.database.host, "port": self.database.port, "password": DB_PASS}
        text = SETTINGS.format(name=self.database_name, **where) + more
        (self.path / path).write_text(text, encoding="utf-8")

    def manage(self, *arguments, **variables):
        environment = self.environment | variables
        command = [self.python, "manage.py", *arguments]
        run = subprocess.run(
            command, cwd=self.path, env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout + run.stderr

    def start(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [self.python, WORKER]
        self.process = subprocess.Popen(command, cwd=self.path, env=self.environment, **pipes)

    def ask(self, **asked):
        """Return what worker.py answers."""
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait()

    def sql(self, statements):
        self.database.sql(statements + "ANALYZE;", self.database_name)
        if self.name == "this project":
            self.ask(run=BEGIN)

    def grow(self, kind, begin, end):
        """Add pages or posts of a kind, one of .asked, with these numbers; 0 is the first of it."""
        numbers = {"begin": begin, "end": end - 1}
        if not begin:
            self.sql(REMOVE)
        if kind == "posts":
            self.sql(COPY.format(table="blog_blogpost", values=POST, slug="first", **numbers))
            return
        values = PAGE.format(parent=SHAPES[kind])
        self.sql(
            COPY.format(table="pages_page", values=values, slug="first", **numbers)
            + SLUGS.format(begin=begin)
            + f"INSERT INTO pages_richtextpage (page_ptr_id, content) SELECT 1000 + n, {WORDS}"
            f" FROM generate_series({begin}, {end - 1}) n;"
        )


class Bakery(Program):
    """What `wagtail start` makes: pages with a title, whose template has no menu, and no blog."""

    asked = {
        "pages, one level": {
            "home page": ("/", "uncached"),
            "page": ("/p9/", "uncached"),
            "new 404": ("/no/such/page/", "cached"),
            "edit form of a page": ("/admin/pages/1009/edit/", "staff"),
            "tree in the admin": ("/admin/pages/3/", "staff"),
        }
    }

    def grow(self, kind, begin, end):
        table, numbers = "wagtailcore_page", {"begin": begin, "end": end - 1}
        self.sql(
            COPY.format(table=table, values=WAGTAIL_PAGE, slug="home", **numbers)
            + "INSERT INTO home_homepage SELECT 1000 + n"
            f" FROM generate_series({begin}, {end - 1}) n;"
            f"UPDATE {table} SET numchild = {end} WHERE slug = 'home';"
        )


def this_project(project, database):
    program = Program("this project", project.python, project.path, "mysite.settings", database)
    program.configure("mysite/local_settings.py", SHARING)
    program.manage("createdb", "--noinput", "--nodata")
    return ready(program)


def ready(program):
    """Give a program an admin, and start it."""
    program.manage("createsuperuser", *ACCOUNT, DJANGO_SUPERUSER_PASSWORD="for these figures")
    program.start()
    if not isinstance(program, Bakery):
        program.ask(run=FIRST)
    return program


def environment(path, *packages):
    """Make a virtual environment with packages; return its folder of programs."""
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(path)], check=True)
    packages = ["psycopg[binary]", *packages]
    command = [*uv, "pip", "install", "--quiet", "--python", str(path / "bin/python"), *packages]
    subprocess.run(command, check=True)
    return path / "bin"


def stock_mezzanine(database, where):
    if sys.version_info >= (3, 12):
        unavailable("the settings of stock Mezzanine import what Python 3.12 no longer has")
    programs = environment(where / "stock-environment", "mezzanine==6.1.1", "setuptools<80")
    subprocess.run([programs / "mezzanine-project", "stock"], cwd=where, check=True)
    python, path = programs / "python", where / "stock"
    program = Program("stock Mezzanine", python, path, "stock.settings", database)
    database.sql("CREATE DATABASE stock OWNER mysite", "postgres")
    program.configure("stock/local_settings.py", NO_CACHE)
    program.manage("createdb", "--noinput", "--nodata")
    return ready(program)


def wagtail(database, where):
    programs = environment(where / "wagtail-environment", "wagtail")
    subprocess.run([programs / "wagtail", "start", "bakery"], cwd=where, check=True)
    settings, path = "bakery.settings.production", where / "bakery"
    program = Bakery("Wagtail", programs / "python", path, settings, database)
    database.sql("CREATE DATABASE bakery OWNER mysite", "postgres")
    program.configure("bakery/settings/local.py", NO_HASHES)
    program.manage("migrate", "--verbosity=0")
    return ready(program)
