"""What can be asked of X: a user, a list or a search, as people type and paste it."""

import re

from django.utils.translation import gettext_lazy as _

USER, LIST, SEARCH = "user", "list", "search"
TYPES = [(USER, _("User")), (LIST, _("List")), (SEARCH, _("Search"))]

LONGEST = 512  # characters of a search: https://docs.x.com/x-api/posts/search/introduction

ADDRESS = r"(?:(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/"
REST = r"(?:[/?#].*)?"
PROFILE = re.compile(ADDRESS + r")?@?(\w{1,15})" + REST, re.A | re.I)
LIST_ADDRESS = re.compile(ADDRESS + r"i/lists/)?(\d{1,19})" + REST, re.A | re.I)


def plain(type, value):
    """Return the value as X takes it, a str: a user name in lower case, a number, a search.

    "@Name" and the address of a profile or a list are taken as well. Raises ValueError, which says
    what to type instead.
    """
    value = " ".join(value.split())
    if type == USER:
        found = PROFILE.fullmatch(value)
        if not found:
            raise ValueError(f"{value[:60]!r} is no user of X; type a name such as @example")
        return found[1].lower()
    if type == LIST:
        found = LIST_ADDRESS.fullmatch(value)
        if not found:
            raise ValueError(
                f"{value[:60]!r} is no list of X; type the number at the end of its address,"
                " https://x.com/i/lists/NUMBER"
            )
        return found[1]
    if type != SEARCH:
        raise ValueError(f"{type!r} is no type of query; type user, list or search")
    if not 0 < len(value) <= LONGEST:
        raise ValueError(f"a search has 1 to {LONGEST} characters, this one {len(value)}")
    return value


def stored(type, value):
    """Return the value as a feed has it; one that is wrong stays, so that the poll can say why."""
    try:
        return plain(type, value)
    except ValueError:
        return value.strip()[:LONGEST]
