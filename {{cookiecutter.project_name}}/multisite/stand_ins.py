"""Views of the project that stand in for Mezzanine's, whatever their addresses begin with.

A pattern that stands before those of Mezzanine is not enough: with i18n_patterns(), Mezzanine's are
at /de/comment/ and so on, and that is where its forms lead.
"""

import re

from django.urls import URLResolver
from mezzanine import urls


def stand_in(patterns):
    """Let Mezzanine's patterns have the views of those that are called the same, a list."""
    own = {called(each): each for each in patterns if not isinstance(each, URLResolver)}
    for pattern in within(urls.urlpatterns):
        if found := own.get(called(pattern)):
            pattern.callback, pattern.default_args = found.callback, found.default_args


def within(patterns):
    for each in patterns:
        yield from within(each.url_patterns) if isinstance(each, URLResolver) else [each]


def called(pattern):
    """Return the name of a pattern, or what its address begins with, such as "robots.txt"."""
    return pattern.name or re.match(r"\^?([\w.-]*)", str(pattern.pattern))[1]
