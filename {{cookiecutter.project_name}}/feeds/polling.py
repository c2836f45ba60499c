"""One run of `manage.py poll_twitter`: what is due is asked once, and each feed gets its answer."""

import time
from collections import defaultdict
from datetime import timedelta

from django.db import DatabaseError
from django.utils import timezone
from mezzanine.conf import settings

from . import storing
from .plan import Plan
from .sources import (
    BUDGET,
    CREDENTIALS,
    CREDITS,
    NEEDS_A_PERSON,
    NETWORK,
    OFF,
    RATE,
    Trouble,
    dollars,
)
from .x import X

LONGEST_RUN = 300  # seconds after which no more questions are begun; the next run goes on
PATIENCE = 6  # failures in a row without an answer, before anyone is told


class Poll:
    """One run. Its lines: .done, one a question, and .news, (kind, text) once per change."""

    def __init__(self, **choice):
        self.now = timezone.now()
        self.plan = Plan(self.now, **choice)
        self.sources, self.stopped = {}, set()
        self.done, self.changes = [], defaultdict(list)

    def run(self):
        """Ask what is due; a failure of one feed or of one site's keys stops no other."""
        self.plan.save()
        begun = time.monotonic()
        for group in self.plan.groups():
            if {(group.credentials, None), (group.credentials, group.type)} & self.stopped:
                continue
            if time.monotonic() - begun > LONGEST_RUN:
                self.done.append("Out of time: the next run goes on.")
                break
            try:
                self.ask(group)
            except Trouble as trouble:
                self.fail(group, trouble)
            except DatabaseError as error:
                self.fail(group, Trouble(NETWORK, f"the answer could not be stored: {error}"))

    def ask(self, group):
        """Put the question of a group and store the answer. Raises Trouble."""
        source = self.source(group.credentials)
        question = self.plan.question(group)
        if reason := self.plan.over_budget(group, question):
            midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
            raise Trouble(BUDGET, reason, midnight + timedelta(days=1))
        page = source.fetch(question)
        recovered = [feed for feed in group.feeds if feed.trouble in NEEDS_A_PERSON]
        removed = storing.store(group.feeds, question, page, self.now)
        self.changes["", "works again"] += recovered
        self.done.append(
            f"{self.plan.names(group.feeds)}: {len(page.posts)} received, {removed} removed,"
            f" {dollars(page.cost)} at most"
        )

    def source(self, credentials):
        """Return the source that these credentials open, the same for the whole run."""
        if not credentials:
            raise Trouble(OFF, "no keys of X in the settings, so nothing is asked")
        if problem := credentials.problem():
            raise Trouble.later(CREDENTIALS, f"the keys of X are {problem}", self.now)
        if credentials not in self.sources:
            self.sources[credentials] = X(credentials, settings.TWITTER_API_URL)
        return self.sources[credentials]

    def fail(self, group, trouble):
        """Note a trouble at all feeds that it concerns, and ask no more of what it stops."""
        feeds = group.feeds
        if trouble.kind in (CREDENTIALS, CREDITS, OFF, RATE):
            type = group.type if trouble.kind == RATE else None
            self.stopped.add((group.credentials, type))
            feeds = [
                feed
                for feed in self.plan.feeds
                if self.plan.credentials(feed) == group.credentials and type in (None, feed.type)
            ]
        self.done.append(f"{self.plan.names(group.feeds)}: {trouble}")
        for feed in feeds:
            kind = self.kind(feed, trouble)
            if kind != feed.trouble:
                often = f"no answer {PATIENCE} times in a row: " if kind == NETWORK else ""
                self.changes[kind, f"{often}{trouble}"].append(feed)
                feed.trouble = kind
        storing.note(feeds, group.feeds, trouble, self.now)

    def kind(self, feed, trouble):
        """Return the kind of trouble to tell of, which a hiccup does not change."""
        if trouble.kind == RATE or (trouble.kind == NETWORK and feed.failures + 1 < PATIENCE):
            return feed.trouble
        return trouble.kind

    def news(self):
        """Return what has changed, a list of (needs a person, line)."""
        return [
            (kind in NEEDS_A_PERSON, f"{self.plan.names(feeds)}: {text}")
            for (kind, text), feeds in self.changes.items()
            if feeds
        ]

    def needs_a_person(self):
        return any(feed.trouble in NEEDS_A_PERSON for feed in self.plan.wanted())
