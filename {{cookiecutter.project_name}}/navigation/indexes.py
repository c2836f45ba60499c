"""The indexes of posts: the blog may come to a project later, so that no migration can name it."""

from django.apps import apps
from django.db import connections, models
from django.db.models.signals import post_migrate

POSTS = [
    models.Index(fields=["site", "slug"], name="navigation_post_slug"),
    models.Index(fields=["site", "publish_date"], name="navigation_post_date"),
]


def install():
    """Let each `migrate` make those that are missing."""
    post_migrate.connect(index_posts, sender=apps.get_app_config("blog"))


def index_posts(using, **kwargs):
    post, connection = apps.get_model("blog", "BlogPost"), connections[using]
    table, there = post._meta.db_table, connection.introspection
    with connection.cursor() as cursor:
        if table not in there.table_names(cursor):
            return
        known = there.get_constraints(cursor, table)
    for index in POSTS:
        if index.name not in known:
            with connection.schema_editor() as editor:
                editor.add_index(post, index)
