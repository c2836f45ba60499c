"""The answers of a source, and its failures, in the database."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from .models import Feed, Post
from .questions import SEARCH
from .sources import BUDGET, GONE, OFF, RATE

Link = Feed.posts.through

IDENTITY = ["source", "first_id"]
REST = [
    field.name
    for field in Post._meta.concrete_fields
    if not field.primary_key and field.name not in IDENTITY
]
STATE = [
    *["remote_id", "newest_id", "polled_at", "checked_at", "not_before", "failures", "trouble"],
    *["error", "spent", "spent_on"],
]


def known(feeds, limit):
    """Return the newest posts of these feeds, a list."""
    saved = [feed.pk for feed in feeds if feed.pk]
    return list(Post.objects.filter(feeds__in=saved).distinct()[:limit])


@transaction.atomic
def store(feeds, question, page, now):
    """Store a page for the feeds that asked for it; return how many posts they have no longer.

    Three statements, however many posts there are: the posts, their links, the feeds. Once a day
    the removal of what is gone comes on top.
    """
    if page.posts:
        Post.objects.bulk_create(
            page.posts, update_conflicts=True, unique_fields=IDENTITY, update_fields=REST
        )
        links = [Link(feed_id=feed.pk, post_id=post.pk) for feed in feeds for post in page.posts]
        Link.objects.bulk_create(links, ignore_conflicts=True)
    charge(feeds, page.cost, now)
    for feed in feeds:
        feed.remote_id = page.remote_id
        feed.newest_id = max(feed.newest_id, page.newest_id, key=lambda id: int(id or 0))
        feed.polled_at, feed.not_before = now, None
        feed.failures, feed.trouble, feed.error = 0, "", ""
        if page.gone is not None:
            feed.checked_at = now
    Feed.objects.bulk_update(feeds, STATE)
    return 0 if page.gone is None else remove(feeds, question, page, now)


def remove(feeds, question, page, now):
    """Take from the feeds what is gone, and what the source has not shown for a day.

    What is too old for the newest page could be deleted there without our notice.
    """
    links = Link.objects.filter(feed__in=feeds)
    gone = {post.pk for post in page.gone}
    if question.type == SEARCH:
        still_there = [post.pk for post in question.known if post.pk not in gone]
        Post.objects.filter(pk__in=still_there).update(seen_at=now)
    links.filter(post__in=gone).delete()
    links.filter(post__seen_at__lt=now - timedelta(days=1)).delete()
    return delete_orphans()


def charge(feeds, cost, now):
    """Note the cost of a question at the first of its feeds."""
    for feed in feeds:
        feed.spent = feed.spent_today(now) + (cost if feed is feeds[0] else 0)
        feed.spent_on = now.date()


@transaction.atomic
def note(feeds, asked, trouble, now):
    """Note a Trouble at the feeds. What is gone is deleted, all else stays as it is.

    asked are the feeds whose question it was.
    """
    if trouble.cost:
        charge(asked, trouble.cost, now)
    for feed in asked:
        feed.remote_id = trouble.remote_id or feed.remote_id
    for feed in feeds:
        feed.error, feed.not_before = str(trouble), trouble.until
        if trouble.kind not in (RATE, BUDGET, OFF):
            feed.failures += 1
            feed.polled_at = now
        if trouble.kind == GONE:
            feed.remote_id = feed.newest_id = ""
    Feed.objects.bulk_update(feeds, STATE)
    if trouble.kind == GONE:
        Link.objects.filter(feed__in=feeds).delete()
        delete_orphans()


@transaction.atomic
def purge(feeds):
    """Delete all that is known of the feeds, a queryset, but what was spent.

    Returns how many posts that were.
    """
    Link.objects.filter(feed__in=feeds).delete()
    moments = dict.fromkeys(["polled_at", "checked_at", "not_before"])
    words = dict.fromkeys(["remote_id", "newest_id", "trouble", "error"], "")
    feeds.update(failures=0, **moments, **words)
    return delete_orphans()


@transaction.atomic
def delete_feeds(feeds):
    feeds.delete()
    delete_orphans()


def delete_orphans():
    """Delete the posts that no feed has any more; return their number."""
    links = Link.objects.filter(post=OuterRef("pk"))
    _total, by_model = Post.objects.filter(~Exists(links)).delete()  # NOT IN is slow from 200,000
    return by_model.get(Post._meta.label, 0)
