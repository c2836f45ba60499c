"""In the Python of a project, in its directory: many sites with visitors and editors, by the hour.

Reads lines of JSON, {"sites": 5, "hours": 2, "kind": "page"} for `work`, whose clock is one of its
own, so that an hour takes as long as its work; and {"seconds": 60, "edited": 1} for `hammer`.
Writes what they return.
"""

import json
import os
import random
import sys
import time
from bisect import bisect
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate

POSTS = [f"post-{n}" for n in range(5)]
TEXTS = [f"p{n}" for n in range(13)]
PATHS = ["/", "/blog/", *(f"/blog/{slug}/" for slug in POSTS), *(f"/{slug}/" for slug in TEXTS)]
# Which is asked for: the second half as often as the first, the third a third as often, and so on.
OFTEN = list(accumulate(1 / (place + 1) for place in range(len(PATHS))))
A_SITE = 10, 60  # seconds between its requests, and between its edits
TEXT = "<p>" + "bread " * 300 + "</p>"
EDITED = {"page": TEXTS, "post": POSTS, "title of the site": ["SITE_TITLE"]}


CONNECTIONS = 20


class Clock:
    """Stands for time.time() within a `with` block."""

    def __enter__(self):
        self.true, self.now = time.time, time.time()
        time.time = lambda: self.now
        return self

    def __exit__(self, *exception):
        time.time = self.true


class Visitors:
    """.get() asks for a page of a site, by its number; .made is how many pages were made for it."""

    def __init__(self):
        from django.test import Client
        from page_cache.middleware import PageCacheMiddleware

        self.client, self.made = Client(), 0
        make = PageCacheMiddleware.make

        def counted(*arguments):
            self.made += 1
            return make(*arguments)

        PageCacheMiddleware.make = counted

    def get(self, number, path):
        """Return whether the page was made."""
        before = self.made
        answer = self.client.get(path, HTTP_HOST=domain(number), secure=True)
        assert answer.status_code == 200, (number, path, answer.status_code)
        return self.made > before


def domain(number):
    return f"site-{number}.example"


def at(number):
    from django.contrib.sites.models import Site
    from mezzanine.utils.sites import override_current_site_id

    return override_current_site_id(Site.objects.get(domain=domain(number)).pk)


def make_site(number):
    """Make a site, unless it is there."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from mezzanine.blog.models import BlogPost
    from mezzanine.conf.models import Setting
    from mezzanine.pages.models import RichTextPage

    call_command("addsite", domain(number), verbosity=0)
    with at(number):
        if Setting.objects.exists():
            return
        for slug in ["blog", *TEXTS]:
            RichTextPage.objects.create(title=slug, slug=slug, content=TEXT)
        for slug in POSTS:
            user = get_user_model().objects.get()
            BlogPost.objects.create(title=slug, slug=slug, content=TEXT, user=user)
        Setting.objects.create(name="SITE_TITLE", value=f"Site {number}")


def edit(number, kind, which):
    from mezzanine.blog.models import BlogPost
    from mezzanine.conf.models import Setting
    from mezzanine.pages.models import RichTextPage

    with at(number):
        if kind == "title of the site":
            changed = Setting.objects.get(name=which)
            changed.value = f"Site {random.random()}"
        else:
            changed = {"page": RichTextPage, "post": BlogPost}[kind].objects.get(slug=which)
            changed.content = f"<p>{random.random()}</p>{TEXT}"
        changed.save()


def ended_by(visitors, clock, kind):
    """Return the paths of a site that an edit ends, a set, by what is edited."""
    found = {}
    for which in EDITED[kind]:
        for path in PATHS:
            visitors.get(0, path)
        clock.now += 2
        edit(0, kind, which)
        found[which] = {path for path in PATHS if visitors.get(0, path)}
    return found


def work(visitors, clock, sites, hours, kind):
    """Return, for each hour, "requests", "made", for how many of them a page was, and "must".

    That is how many had to be: nobody had asked for the page since the last edit that it shows.
    Also "ended", how many pages an edit ends. All sites are edited all the time.
    """
    from django.core.cache import cache

    cache.clear()  # of the time in which another kind was measured
    ended, chance = ended_by(visitors, clock, kind), random.Random(7)
    kept, told, edited = set(), [], 0
    for number in range(sites):
        for path in PATHS:
            visitors.get(number, path)
            kept.add((number, path))
    between_requests, between_edits = (seconds / sites for seconds in A_SITE)
    for _ in range(hours):
        hour = {"requests": round(3600 / between_requests), "made": 0, "must": 0}
        for _ in range(hour["requests"]):
            clock.now += between_requests
            edited += between_requests
            while edited > 0:
                number, which = chance.randrange(sites), chance.choice(EDITED[kind])
                edit(number, kind, which)
                kept -= {(number, path) for path in ended[which]}
                edited -= between_edits
            asked = chance.randrange(sites), PATHS[bisect(OFTEN, chance.random() * OFTEN[-1])]
            hour["made"] += visitors.get(*asked)
            hour["must"] += asked not in kept
            kept.add(asked)
        told.append(hour)
    return {"hours": told, "ended": sum(map(len, ended.values())) / len(ended)}


def hammer(visitors, seconds, edited):
    """Return how often a page of site 0 is made while many ask for it without a pause.

    A page of the site of the number `edited`, for site 0 that page, is edited each second. As
    "made", and "asked", how often it was asked for.
    """
    path = f"/{TEXTS[0]}/"
    visitors.get(0, path)
    before, end = visitors.made, time.monotonic() + seconds

    def visit():
        asked = 0
        while time.monotonic() < end:
            visitors.get(0, path)
            asked += 1
        return asked

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        visits = [pool.submit(visit) for _ in range(CONNECTIONS)]
        for second in range(seconds):
            time.sleep(max(0, end - seconds + second - time.monotonic()))
            edit(edited, "page", TEXTS[0])
    return {"made": visitors.made - before, "asked": sum(visit.result() for visit in visits)}


def main():
    answers, sys.stdout = sys.stdout, sys.stderr
    sys.path.insert(0, os.getcwd())
    import django

    django.setup()
    visitors = Visitors()
    for line in sys.stdin:
        asked = json.loads(line)
        for number in range(asked.get("sites", 0)):
            make_site(number)
        if "kind" in asked:
            with Clock() as clock:
                found = work(visitors, clock, **asked)
        else:
            found = hammer(visitors, **asked)
        print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    main()
