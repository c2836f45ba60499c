"""The statements that write, and something to write on."""

import re
from contextlib import contextmanager

from django.db import connection
from mezzanine.blog.models import BlogCategory, BlogPost
from mezzanine.generic.models import AssignedKeyword, Keyword, ThreadedComment

READS = re.compile(r"\s*(SELECT|SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT)\b")
SESSION = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM) .django_session\W")


@contextmanager
def before_each_write(do):
    """Call a function with each statement that would write, before it is executed."""
    doing = []

    def watch(execute, sql, *more):
        if not (doing or READS.match(sql) or SESSION.match(sql)):
            doing.append(True)
            do(sql)
            doing.clear()
        return execute(sql, *more)

    with connection.execute_wrapper(watch):
        yield


@contextmanager
def statements():
    """A list of the statements that write."""
    found = []
    with before_each_write(found.append):
        yield found


def full_post():
    """Return the first post, with a category, a keyword, a comment and a rating."""
    post = BlogPost.objects.get()
    post.categories.add(BlogCategory.objects.create(title="Bread"))
    keyword = Keyword.objects.create(title="rye")
    post.keywords.add(AssignedKeyword(keyword=keyword), bulk=False)
    ThreadedComment.objects.create(content_object=post, comment="Nice", user_name="Zoë")
    post.rating.create(value=3)
    return BlogPost.objects.get()
