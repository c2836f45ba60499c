"""What there is to ask: the feeds of all sites, equal ones together, and what that can cost."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from django.contrib.sites.models import Site

from . import storing
from .credentials import Credentials
from .models import KEPT, Feed
from .questions import SEARCH, stored
from .site_settings import settings_of
from .sources import Question, dollars
from .x import X

INTEREST = timedelta(days=3)  # a feed that no page showed for so long is left alone,
FORGOTTEN = timedelta(days=30)  # and deleted after that
SLACK = timedelta(minutes=1)  # cron is not on time to the second


@dataclass
class Group:
    """Equal feeds of sites with equal credentials: one question for all."""

    credentials: Credentials
    type: str
    value: str
    feeds: list
    budget: int  # of a day, the largest of the sites', in 1/1000 US dollar

    def longest_ago(self):
        never = datetime.min.replace(tzinfo=UTC)
        return min(feed.polled_at or never for feed in self.feeds)


class Plan:
    """All feeds, and those of one site or one query (a type and a value) if only they shall be."""

    def __init__(self, now, *, site_id=None, query=None, force=False):
        self.now, self.site_id, self.query, self.force = now, site_id, query, force
        self.sites = {site.id: site for site in Site.objects.all()}
        self.settings = settings_of(self.sites)
        self.feeds = list(Feed.objects.order_by("id"))
        self.feeds += self.default_feeds()
        self.asked_last = {}  # by credentials, the feeds of the group, and what they had cost

    def default_feeds(self):
        """Return the feeds, not saved, of the default queries that are not known yet."""
        known = {(feed.site_id, feed.type, feed.value) for feed in self.feeds}
        missing = []
        for site_id, site in self.settings.items():
            if site.credentials and site.default_query:
                value = stored(site.default_type, site.default_query)
                if (site_id, site.default_type, value) not in known:
                    feed = Feed(site_id=site_id, type=site.default_type, value=value)
                    feed.wanted = site.default_wanted
                    missing.append(feed)
        return missing

    def save(self):
        """Save the default feeds, and delete what no page has shown for a month."""
        if missing := [feed for feed in self.feeds if feed.pk is None]:
            Feed.objects.bulk_create(missing, ignore_conflicts=True)  # a visitor may be as quick
            self.feeds = list(Feed.objects.order_by("id"))
        forgotten = self.now - FORGOTTEN
        if any(feed.asked_at < forgotten for feed in self.feeds):
            storing.delete_feeds(Feed.objects.filter(asked_at__lt=forgotten))
            self.feeds = [feed for feed in self.feeds if feed.asked_at >= forgotten]

    def chosen(self):
        """Return the feeds that this run is about, whether a page shows them or not."""
        return [
            feed
            for feed in self.feeds
            if (self.site_id is None or feed.site_id == self.site_id)
            and (self.query is None or (feed.type, feed.value) == self.query)
        ]

    def wanted(self):
        """Return those that a page showed lately, or all of them by force."""
        oldest = self.now - INTEREST
        return [feed for feed in self.chosen() if self.force or feed.asked_at >= oldest]

    def groups(self):
        """Return what is to be asked now, what has waited longest first."""
        found = defaultdict(list)
        for feed in self.wanted():
            found[self.credentials(feed), feed.type, feed.value].append(feed)
        groups = [
            Group(*key, feeds, max(self.settings[feed.site_id].budget for feed in feeds))
            for key, feeds in found.items()
            if any(map(self.is_due, feeds))
        ]
        return sorted(groups, key=Group.longest_ago)

    def is_due(self, feed):
        if self.force:
            return True
        interval = self.settings[feed.site_id].intervals[feed.type]
        waited = feed.polled_at is None or feed.polled_at + interval - SLACK <= self.now
        return waited and (feed.not_before is None or feed.not_before <= self.now)

    def credentials(self, feed):
        return self.settings[feed.site_id].credentials

    @cached_property
    def spent_by(self):
        """What credentials can have cost today (UTC), a dict of 1/1000 US dollars; see spent()."""
        found = defaultdict(int)
        for feed in self.feeds:
            found[self.credentials(feed)] += feed.spent_today(self.now)
        return found

    def spent(self, group):
        """Return what the credentials of a group can have cost today, the run included.

        Since it was asked the last time, no feeds but those of the group then have cost more.
        """
        last, then = self.asked_last.get(group.credentials, ((), 0))
        self.spent_by[group.credentials] += self.spent_today(last) - then
        self.asked_last[group.credentials] = group.feeds, self.spent_today(group.feeds)
        return self.spent_by[group.credentials]

    def spent_today(self, feeds):
        return sum(feed.spent_today(self.now) for feed in feeds)

    def over_budget(self, group, question):
        """Return why the question cannot be paid for today, a str, or None when it can."""
        left = group.budget - self.spent(group)
        if X.most(question) <= left:
            return None
        return (
            f"{dollars(max(left, 0))} is left of the budget of the day, {dollars(group.budget)},"
            f" and the next question can cost {dollars(X.most(question))}"
        )

    def question(self, group):
        """Return the Question of a group, which once a day (UTC) asks what is gone as well."""
        feeds = group.feeds
        checked = all(feed.checked_at and self.is_today(feed.checked_at) for feed in feeds)
        limit = X.limit(group.type, max(feed.wanted for feed in feeds))
        fresh = any(not feed.newest_id for feed in feeds)  # so the whole page is asked for anyway
        return Question(
            type=group.type,
            value=group.value,
            limit=limit,
            remote_id=self.remote_id(group),
            since="" if fresh else min((feed.newest_id for feed in feeds), key=int),
            known=None
            if checked
            else storing.known(feeds, limit if group.type == SEARCH else KEPT),
            new_day=any(feed.spent_on != self.now.date() for feed in feeds),
        )

    def remote_id(self, group):
        """Return the ID of the user, "" if no feed has it yet; it is the same for all keys."""
        equal = self.equal_feeds[group.type, group.value]
        return next((feed.remote_id for feed in equal if feed.remote_id), "")

    @cached_property
    def equal_feeds(self):
        """The feeds of all sites, whatever their credentials, by type and value."""
        found = defaultdict(list)
        for feed in self.feeds:
            found[feed.type, feed.value].append(feed)
        return found

    def is_today(self, moment):
        return moment.astimezone(UTC).date() == self.now.date()

    def names(self, feeds):
        """Return how the feeds are called in a line for people, a str."""
        named = [f"{self.sites[feed.site_id].domain} {feed}" for feed in feeds]
        return ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
