"""In a release: how many feeds there are, and what is wrong with those that a page shows.

Prints JSON: "feeds", a number, and "trouble", a line for each kind: keys that X refuses, credits or
a budget that is spent, and what else needs a person. An empty dict where the release has no feeds.
"""

import json
from collections import defaultdict

import django

django.setup()

try:
    from django.utils import timezone

    from feeds.plan import Plan
    from feeds.sources import BUDGET, NEEDS_A_PERSON
except (ImportError, RuntimeError):  # of a project that does without
    print("{}")
else:
    plan, found = Plan(timezone.now()), defaultdict(list)
    for feed in plan.wanted():
        if feed.trouble in (*NEEDS_A_PERSON, BUDGET):
            found[feed.trouble].append(feed)
    lines = [f"{plan.names(feeds)}: {feeds[0].error}" for feeds in found.values()]
    print(json.dumps({"feeds": len(plan.feeds), "trouble": lines}))
