"""Feeds and their posts. Templates read them; only `manage.py poll_twitter` talks to the source."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from mezzanine.utils.sites import current_site_id

from .questions import LONGEST, TYPES, stored
from .text import to_html

KEPT = 100  # posts of one feed at most, and the most that X answers at once
FEEDS_OF_A_SITE = 100  # that templates add by themselves
ASKED_EVERY = timedelta(hours=1)  # a visit notes at most this often that a feed is still in use


class FeedManager(models.Manager):
    def shown(self, type, value, wanted, remember=True):
        """Return the posts of a feed of this site, newest first: one query, no call of the source.

        wanted is the number of posts that the page shows. A feed that is not known yet is
        remembered, unless told otherwise, so that the next poll asks for it.
        """
        if type not in dict(TYPES):
            return []
        value, wanted = stored(type, value), min(wanted, KEPT)
        key = {"site_id": current_site_id(), "source": "x", "type": type, "value": value}
        columns = [field.attname for field in Post._meta.concrete_fields]
        found = self.filter(**key).order_by("-posts__posted_at", "-posts__id")
        names = [f"posts__{name}" for name in columns]
        rows = list(found.values_list("id", "asked_at", "wanted", *names)[:KEPT])
        if not rows:
            if remember and value:
                self.remember(key, wanted)
            return []
        feed_id, asked_at, known, *_rest = rows[0]
        if asked_at < timezone.now() - ASKED_EVERY or known < wanted:
            self.filter(id=feed_id).update(
                asked_at=timezone.now(), wanted=Greatest(F("wanted"), Value(wanted))
            )
        return [Post.from_db(self.db, columns, row[3:]) for row in rows if row[3] is not None]

    def remember(self, key, wanted):
        """Make the feed, a dict of its site, source, type and value, for the next poll."""
        if self.filter(site_id=key["site_id"]).count() < FEEDS_OF_A_SITE:
            feed = Feed(**key, wanted=wanted)
            self.bulk_create([feed], ignore_conflicts=True)  # another visitor may be as quick


class Feed(models.Model):
    """One question that a site asks of a source: a user, a list or a search."""

    site = models.ForeignKey("sites.Site", models.CASCADE, editable=False)
    source = models.CharField(_("Source"), max_length=20, default="x", editable=False)
    type = models.CharField(_("Type"), max_length=10, choices=TYPES)
    value = models.CharField(_("Query"), max_length=LONGEST)
    posts = models.ManyToManyField("Post", related_name="feeds", editable=False)

    # What templates tell the poll.
    asked_at = models.DateTimeField(_("Last shown"), default=timezone.now, editable=False)
    wanted = models.PositiveSmallIntegerField(_("Number of tweets"), default=5)

    # What the poll knows.
    remote_id = models.CharField(max_length=100, blank=True, editable=False)  # of the user
    newest_id = models.CharField(max_length=100, blank=True, editable=False)
    polled_at = models.DateTimeField(_("Last asked"), null=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)  # for what was deleted
    not_before = models.DateTimeField(_("Not before"), null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)  # in a row
    trouble = models.CharField(max_length=20, blank=True, editable=False)  # as told last
    error = models.TextField(_("Last error"), blank=True, editable=False)
    spent = models.PositiveIntegerField(default=0, editable=False)  # 1/1000 US dollar, ...
    spent_on = models.DateField(null=True, editable=False)  # ... on that day (UTC)

    objects = FeedManager()

    class Meta:
        verbose_name = _("Twitter feed")
        verbose_name_plural = _("Twitter feeds")
        ordering = ["site", "type", "value"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "source", "type", "value"], name="feeds_feed_is_one"
            )
        ]

    def __str__(self):
        return f"{self.type}:{self.value}"

    def spent_today(self, now):
        """Return what its questions can have cost since midnight UTC, in 1/1000 US dollar."""
        return self.spent if self.spent_on == now.date() else 0


class Post(models.Model):
    """One tweet, kept once however many feeds show it.

    The names that templates use are those of Mezzanine's Tweet. data holds what is only shown:
    full_name, profile_image_url, url, links ([start, end, href, label] in code points of body),
    media, quoted, retweeter, edited, truncated, sensitive and lang.
    """

    source = models.CharField(max_length=20)
    first_id = models.CharField(max_length=100)  # of the first edition, the same after an edit
    remote_id = models.CharField(max_length=100)
    posted_at = models.DateTimeField()  # a retweet: when it was retweeted
    created_at = models.DateTimeField()  # a retweet: when the original was written
    seen_at = models.DateTimeField()  # when the source last answered with it
    user_name = models.CharField(max_length=100)
    body = models.TextField()  # as the source sent it
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("Tweet")
        verbose_name_plural = _("Tweets")
        ordering = ["-posted_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "first_id"], name="feeds_post_is_one")
        ]

    def __str__(self):
        return f"{self.user_name}: {self.body}"

    @cached_property
    def text(self):
        """The text as HTML that is safe, with its links."""
        return to_html(self.body, self.data["links"])

    @property
    def full_name(self):
        return self.data["full_name"]

    @property
    def profile_image_url(self):
        return self.data["profile_image_url"]

    @property
    def url(self):
        return self.data["url"]

    @property
    def is_retweet(self):
        return self.data["retweeter"] is not None

    @property
    def retweeter_user_name(self):
        return self.data["retweeter"] and self.data["retweeter"]["user_name"]

    @property
    def retweeter_full_name(self):
        return self.data["retweeter"] and self.data["retweeter"]["full_name"]

    @property
    def retweeter_profile_image_url(self):
        return self.data["retweeter"] and self.data["retweeter"]["profile_image_url"]

    @property
    def quoted(self):
        """The tweet that this one quotes, a Post that is not in the database, or None."""
        quoted = self.data["quoted"]
        if not quoted:
            return None
        return Post(**quoted | {"created_at": datetime.fromisoformat(quoted["created_at"])})
