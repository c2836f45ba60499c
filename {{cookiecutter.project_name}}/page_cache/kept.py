"""A public page in the cache, a dict: what it was made of, and whether that is still so."""

import gzip
import time

from django.conf import settings
from django.core.cache import cache

from . import reads

LAST_SECONDS = 600  # how much longer a page stays that is not shown any more: it is known as public


def new(response, generation, begun, seconds):
    """Return the page that is a public response, begun at that Unix time, for so many seconds."""
    return {
        "generation": generation,
        "checked": begun,  # when the database was asked last whether the page holds
        "until": begun + seconds,
        "headers": dict(response.items()),
        "content": gzip.compress(response.content, 6, mtime=0),
        "reads": reads.current.get().as_list(),
    }


def is_current(page, generation, now):
    """Return whether the page can be shown, without asking the database."""
    return (
        page["generation"] == generation
        and now < page["until"]
        and now < page["checked"] + settings.PAGE_CACHE_SECONDS
    )


def renew(page, generation, now):
    """Ask the database whether the page holds; if so, make it one of that generation."""
    if now >= page["until"] or page["reads"] is None or not reads.unchanged(page["reads"]):
        return False
    page |= {"generation": generation, "checked": now}
    return True


def store(key, page):
    cache.set(key, page, page["until"] - time.time() + LAST_SECONDS)
