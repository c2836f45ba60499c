"""How much CPU pages take with 10, 1,000 and 10,000 pages, and 50,000 posts: nox -s growth.

Run by the Python of a project, in its directory, with SQLite, whose work is part of the figures.
They are of one run and one process, so it is the ratios that count.
"""

import os
import sys
import time
from tempfile import TemporaryDirectory

import django
from django.conf import settings

SHAPES = ["ten below each", "one parent", "one level", "twelve deep"]
HOST = "127.0.0.1:8000"


def set_up(directory):
    """Load the project, with the content of createdb in a database of its own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
    settings.DATABASES["default"]["NAME"] = f"{directory}/benchmark.db"
    settings.DEBUG = True  # so that the site is HOST, and the admin is there
    django.setup()
    from django.core.management import call_command

    call_command("createdb", interactive=False, verbosity=0)
    settings.DEBUG = False


def cpu(client, path):
    """Return the least CPU that an answer took in five runs, in milliseconds."""
    times = []
    for _ in range(5):
        start = time.process_time()
        client.get(path)
        times.append(time.process_time() - start)
    return min(times) * 1000


def client_of(username=None):
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(HTTP_HOST=HOST)
    if username:
        client.force_login(get_user_model().objects.get(username=username))
    return client


def measure(name, client, paths, first):
    """Print the milliseconds of each path, and how much that is of the same path in first."""
    for title, path in paths.items():
        took = cpu(client, path)
        base = first.setdefault(title, took)
        print(f"{name:>22}  {title:<12} {took:>8.1f} ms  {took / base:>5.2f}")


def pages():
    from django.db import transaction
    from growing import grow_pages

    first = {}
    for shape, size in [("as made", 1), *((shape, n) for shape in SHAPES for n in (1000, 10_000))]:
        with transaction.atomic():
            page = grow_pages(size, shape)[-1] if size > 1 else None
            inner = page.get_absolute_url() if page else "/about/team/"
            paths = {"home page": "/", "inner page": inner, "404": "/no/such/page/"}
            measure(f"{shape}, {size}", client_of(), paths, first)
            measure(f"{shape}, {size}", client_of("admin"), {"tree": "/admin/pages/page/"}, first)
            transaction.set_rollback(True)


def posts():
    from django.db import transaction
    from growing import grow_posts
    from mezzanine.blog.models import BlogPost

    first, post = {}, BlogPost.objects.get(slug="hello")
    form = {"edit form": f"/admin/blog/blogpost/{post.pk}/change/"}
    paths = {"list": "/blog/", "post": post.get_absolute_url(), "site map": "/sitemap.xml"}
    for size in (10, 50_000):
        with transaction.atomic():
            grow_posts(size)
            measure(f"posts, {size}", client_of(), paths, first)
            measure(f"posts, {size}", client_of("admin"), form, first)
            transaction.set_rollback(True)


def main():
    sys.path.insert(0, "tests")
    with TemporaryDirectory() as directory:
        set_up(directory)
        pages()
        posts()


if __name__ == "__main__":
    main()
