"""A public page in the cache, a dict: what it was made of, and whether that is still so."""

import gzip
import re
import time
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from . import dates, reads

HOUR = 3600
LONGEST = 2 * HOUR
DAY = timedelta(days=1)
LAST_SECONDS = HOUR  # how much longer it stays, which says that its address is a public one's

# What the form for comments has of its own, each time. Django takes it for two hours.
OF_THE_FORM = re.compile(rb'name="(timestamp|security_hash)"[^>]*')


def new(response, generation, begun, last):
    """Return the page that is a public response, begun at that Unix time.

    last is the page that was kept before, or None.
    """
    text = text_of(response)
    asked = reads.current.get()
    found = asked.as_list()
    lasts = seconds(text, found, begun, last)
    return {
        "generation": generation,
        "made": begun,
        # When the database was asked last whether the page holds, or what pages share.
        "checked": min(begun, asked.asked),
        "lasts": lasts,
        "until": min(begun + lasts, end_of_day(begun)),
        "text": text,
        "status": response.status_code,
        "headers": dict(response.items()),
        "content": gzip.compress(response.content, 6, mtime=0),
        "reads": found,
    }


def text_of(response):
    """Return what tells the content of an answer from another."""
    return sha256(OF_THE_FORM.sub(b"", response.content)).hexdigest()


def end_of_day(now):
    """Return when the day of a Unix time is over by the clock of TIME_ZONE, a Unix time."""
    moment = datetime.fromtimestamp(now, timezone.get_default_timezone())
    return datetime.combine(moment.date() + DAY, datetime.min.time(), moment.tzinfo).timestamp()


def seconds(text, found, begun, last):
    """Return for how long a page is shown while the database answers as it does.

    Nobody knows whether it shows the time, or what another service says. So it is made again after
    PAGE_CACHE_SECONDS, and lasts twice as long as it was seen to stay the same. It never outlasts
    the day, since a date that it shows may end with it.
    """
    shortest = settings.PAGE_CACHE_SECONDS
    if not last or None in (found, last["reads"]):
        return shortest
    if answers(found) != answers(last["reads"]):  # which says nothing of the clock
        return last["lasts"]
    if text != last["text"]:
        return shortest
    return max(shortest, last["lasts"], min(2 * (begun - last["made"]), LONGEST))


def answers(found):
    return [(alias, sql, digest) for alias, sql, _, digest, _ in found]


def is_current(page, request, now):
    """Return whether the page can be shown, without asking the database for all of it."""
    return (
        page["generation"] == request.generation
        and now < page["until"]
        and now < page["checked"] + settings.PAGE_CACHE_SECONDS
        and (
            not (page["reads"] is None or any(times for *_, times in page["reads"]))
            or dates.none_between(request, page["checked"], now)
        )
    )


def renew(page, generation, now):
    """Ask the database whether the page holds; if so, make it one of that generation."""
    if now >= page["until"] or page["reads"] is None or not reads.unchanged(page["reads"]):
        return False
    page |= {"generation": generation, "checked": now}
    return True


def store(key, page):
    cache.set(key, page, page["until"] - time.time() + LAST_SECONDS)
