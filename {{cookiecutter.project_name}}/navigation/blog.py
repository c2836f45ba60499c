"""The lists beside the blog: months, authors and tags are counted by the database.

It does so once for each change, since it has to look at all posts.
"""

from datetime import datetime
from functools import partial, wraps
from types import MethodType

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Model
from django.db.models.functions import TruncMonth
from django.utils.timezone import get_current_timezone_name
from mezzanine.blog import views
from mezzanine.blog.models import BlogPost
from mezzanine.blog.templatetags import blog_tags
from mezzanine.conf import settings
from mezzanine.core.request import current_request
from mezzanine.generic.models import Keyword
from mezzanine.generic.templatetags import keyword_tags

from page_cache import shared

AUTHORS = 50  # those with the most posts
TAGS = 100  # those that are used most


def blog_months(*args):
    """Return the months that have posts, the last one first, each with post_count."""
    rows = shared.if_possible(f"{__name__}.months {get_current_timezone_name()}", months)
    return [{"date": datetime(each.year, each.month, 1), "post_count": n} for each, n in rows]


def months():
    posts = BlogPost.objects.published().exclude(publish_date=None).order_by()
    found = posts.annotate(month=TruncMonth("publish_date")).values("month")
    counted = found.annotate(post_count=Count("pk")).order_by("-month")
    return [(row["month"], row["post_count"]) for row in counted]


def blog_authors(*args):
    """Return the AUTHORS with the most posts, users with post_count."""
    numbers = shared.if_possible(f"{__name__}.authors", posts_of_authors)
    authors = list(get_user_model().objects.filter(pk__in=numbers).order_by("pk"))
    for author in authors:
        author.post_count = numbers[author.pk]
    return authors


def posts_of_authors():
    """Return how many posts each of the AUTHORS has, a dict by the ID of the user."""
    posts = BlogPost.objects.published().order_by()
    counted = posts.values("user").annotate(post_count=Count("pk")).order_by("-post_count", "user")
    return {row["user"]: row["post_count"] for row in counted[:AUTHORS]}


def keywords_for(of, *args):
    """Return the keywords of something, or the TAGS of what is published of a model
    ("blog.blogpost") with a weight."""
    if isinstance(of, Model) or of.count(".") != 1:
        return of_one(of, *args)
    tags = shared.if_possible(f"{__name__}.tags {of}", partial(most_used, of))
    counts = [tag.item_count for tag in tags] or [0]
    least, span = min(counts), max(counts) - min(counts)
    factor = (settings.TAG_CLOUD_SIZES - 1) / (span or 1)
    for tag in tags:
        tag.weight = round((tag.item_count - least) * factor) + 1
    return tags


def most_used(label):
    """Return the TAGS of what is published of a model, each with item_count."""
    content_type = ContentType.objects.get_by_natural_key(*label.split("."))
    objects, assigned = content_type.model_class().objects, {"content_type": content_type}
    if hasattr(objects, "published"):
        assigned["object_pk__in"] = objects.published().values("pk")
    used = Keyword.objects.filter(**{f"assignments__{key}": assigned[key] for key in assigned})
    most = used.annotate(item_count=Count("assignments")).order_by("-item_count", "pk")[:TAGS]
    return sorted(most, key=lambda tag: tag.pk)


of_one = keyword_tags.keywords_for.__wrapped__


def count(posts):
    """Return how many posts the list of all has: a method of its QuerySet.

    What is shared is a query of its own, with the present time: that of the list is over.
    """
    user = getattr(current_request(), "user", None)
    if user is None or user.is_authenticated:  # who may see drafts
        return type(posts).count(posts)
    return shared.if_possible(f"{__name__}.number", lambda: BlogPost.objects.published().count())


def paginated(paginate):
    """Let the list of all posts, which has no more in its address, be counted once."""

    @wraps(paginate)
    def paginate_counted(posts, *args, **kwargs):
        match = getattr(current_request(), "resolver_match", None)
        if match and match.func is views.blog_post_list and not (match.args or match.kwargs):
            posts.count = MethodType(count, posts)
        return paginate(posts, *args, **kwargs)

    return paginate_counted


def install():
    views.paginate = paginated(views.paginate)
    as_tag(blog_tags.register, blog_tags.blog_months, blog_months)
    as_tag(blog_tags.register, blog_tags.blog_authors, blog_authors)
    theirs = keyword_tags.keywords_for
    keyword_tags.keywords_for = as_tag(keyword_tags.register, theirs, keywords_for)


def as_tag(register, theirs, ours):
    """Put a function in the place of a tag of Mezzanine, whose name and module it has."""
    return register.as_tag(wraps(theirs.__wrapped__)(ours))
