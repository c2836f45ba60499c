"""More pages and posts than anybody types, and what an answer costs in the database."""

from contextlib import contextmanager

from django.db import connection
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import Page, RichTextPage

EACH_SECOND = "multisite_hostrevision"

# Which page each page is below: its index, or None for the top.
SHAPES = {
    "ten below each": lambda index: None if index < 10 else index // 10 - 1,
    "one branch": lambda index: (index - 1) // 10 if index else None,
    "one level": lambda index: None,
    "one parent": lambda index: 0 if index else None,
    "twelve deep": lambda index: index - 1 if index % 12 else None,
}


def insert(model, rows):
    """Store rows of one table, past what saving does, so that thousands take a second."""
    fields = model._meta.local_concrete_fields
    names = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = connection.ops.quote_name(model._meta.db_table)
    values = [[f.get_db_prep_save(getattr(r, f.attname), connection) for f in fields] for r in rows]
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", values)


def published():
    moments = dict.fromkeys(["publish_date", "created", "updated"], timezone.now())
    return moments | {"site_id": 1, "status": 2, "description": "Bread and butter"}


def grow_pages(number, shape, **fields):
    """Add that many pages in one of SHAPES; return them."""
    first = Page._base_manager.order_by("pk").last().pk + 1
    pages = []
    for index in range(number):
        parent = SHAPES[shape](index)
        above = None if parent is None else pages[parent]
        slug = f"{above.slug}/p{index}" if above else f"p{first + index}"
        titles = f"{above.titles} / Page {index}" if above else f"Page {index}"
        values = {"title": f"Page {index}", "titles": titles, "slug": slug, "in_menus": [1, 2, 3]}
        values |= {"parent_id": above and above.pk, "_order": first + index}
        values |= {"content": "x" * 999, "content_model": "richtextpage"} | published() | fields
        pages.append(RichTextPage(pk=first + index, page_ptr_id=first + index, **values))
        pages[-1].id = first + index
    insert(Page, pages)
    insert(RichTextPage, pages)
    return pages


def grow_posts(number, **fields):
    """Add that many blog posts, by users in turn; return them."""
    values = {"title": "Post", "content": "x" * 999, "user_id": 1} | published() | fields
    title = values.pop("title")
    first = (BlogPost._base_manager.order_by("pk").last() or BlogPost(pk=0)).pk + 1
    keys = range(first, first + number)
    posts = [BlogPost(pk=pk, title=f"{title} {pk}", slug=f"post-{pk}", **values) for pk in keys]
    insert(BlogPost, posts)
    return posts


class Cost:
    """What the database was asked: statements, a list of str, and rows, the number of them.

    Without what is asked once a second, whether the sites have changed.
    """

    def __init__(self):
        self.statements, self.rows = [], 0

    def execute(self, execute, sql, params, many, context):
        if EACH_SECOND not in sql:
            self.statements.append(sql)
        return execute(sql, params, many, context)


@contextmanager
def cost(monkeypatch):
    """Return the Cost of what is done within."""
    found, results = Cost(), SQLCompiler.results_iter

    def counted(compiler, *args, **kwargs):
        for row in results(compiler, *args, **kwargs):
            found.rows += compiler.query.get_meta().db_table != EACH_SECOND
            yield row

    with monkeypatch.context() as patch, connection.execute_wrapper(found.execute):
        patch.setattr(SQLCompiler, "results_iter", counted)
        patch.setattr("multisite.hosts.RELOAD", float("inf"))  # or a minute may end within
        yield found
