"""The lists beside the blog: months, authors and tags are counted by the database."""

from datetime import datetime
from functools import wraps

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Model
from django.db.models.functions import TruncMonth
from mezzanine.blog.models import BlogPost
from mezzanine.blog.templatetags import blog_tags
from mezzanine.conf import settings
from mezzanine.generic.models import Keyword
from mezzanine.generic.templatetags import keyword_tags

AUTHORS = 50  # those with the most posts
TAGS = 100  # those that are used most


def blog_months(*args):
    """Return the months that have posts, the last one first, each with post_count."""
    posts = BlogPost.objects.published().exclude(publish_date=None).order_by()
    months = posts.annotate(month=TruncMonth("publish_date")).values("month")
    counted = months.annotate(post_count=Count("pk")).order_by("-month")
    rows = [(row["month"], row["post_count"]) for row in counted]
    return [{"date": datetime(each.year, each.month, 1), "post_count": n} for each, n in rows]


def blog_authors(*args):
    """Return the AUTHORS with the most posts, users with post_count."""
    posts = BlogPost.objects.published().order_by()
    counted = posts.values("user").annotate(post_count=Count("pk")).order_by("-post_count", "user")
    numbers = {row["user"]: row["post_count"] for row in counted[:AUTHORS]}
    authors = list(get_user_model().objects.filter(pk__in=numbers).order_by("pk"))
    for author in authors:
        author.post_count = numbers[author.pk]
    return authors


def keywords_for(of, *args):
    """Return the keywords of something, or the TAGS of what is published of a model
    ("blog.blogpost") with a weight."""
    if isinstance(of, Model) or of.count(".") != 1:
        return of_one(of, *args)
    content_type = ContentType.objects.get_by_natural_key(*of.split("."))
    objects, assigned = content_type.model_class().objects, {"content_type": content_type}
    if hasattr(objects, "published"):
        assigned["object_pk__in"] = objects.published().values("pk")
    used = Keyword.objects.filter(**{f"assignments__{key}": assigned[key] for key in assigned})
    most = used.annotate(item_count=Count("assignments")).order_by("-item_count", "pk")[:TAGS]
    tags = sorted(most, key=lambda tag: tag.pk)
    counts = [tag.item_count for tag in tags] or [0]
    least, span = min(counts), max(counts) - min(counts)
    factor = (settings.TAG_CLOUD_SIZES - 1) / (span or 1)
    for tag in tags:
        tag.weight = round((tag.item_count - least) * factor) + 1
    return tags


of_one = keyword_tags.keywords_for.__wrapped__


def install():
    as_tag(blog_tags.register, blog_tags.blog_months, blog_months)
    as_tag(blog_tags.register, blog_tags.blog_authors, blog_authors)
    theirs = keyword_tags.keywords_for
    keyword_tags.keywords_for = as_tag(keyword_tags.register, theirs, keywords_for)


def as_tag(register, theirs, ours):
    """Put a function in the place of a tag of Mezzanine, whose name and module it has."""
    return register.as_tag(wraps(theirs.__wrapped__)(ours))
