"""What can be asked of X: a user, a list or a search, as people type and paste it."""

import re

from django.utils.translation import gettext_lazy as _

USER, LIST, SEARCH = "user", "list", "search"
TYPES = [(USER, _("User")), (LIST, _("List")), (SEARCH, _("Search"))]

LONGEST = 512  # characters of a search: https://docs.x.com/x-api/posts/search/introduction

ADDRESS = re.compile(r"(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/([^?#]*).*", re.I)
NO_USERS = {"hashtag", "home", "i", "intent", "search", "share"}  # first parts of other addresses


def plain(type, value):
    """Return the value as X takes it, a str: a user name in lower case, a number, a search.

    "@Name" and the address of a profile or a list are taken as well. Raises ValueError, which says
    what to type instead.
    """
    value = " ".join(value.split())
    address = ADDRESS.fullmatch(value)
    if type == USER:
        name = address[1].partition("/")[0].lower() if address else value.lower()
        name = name.removeprefix("@")
        if not re.fullmatch(r"\w{1,15}", name, re.A) or (address and name in NO_USERS):
            raise ValueError(f"{value[:60]!r} is no user of X; type a name such as @example")
        return name
    if type == LIST:
        number = value
        if address:
            found = re.fullmatch(r"i/lists/(\d+)(/.*)?", address[1], re.A)
            number = found[1] if found else ""
        if not re.fullmatch(r"\d{1,19}", number, re.A):
            raise ValueError(
                f"{value[:60]!r} is no list of X; type the number at the end of its address,"
                " https://x.com/i/lists/NUMBER"
            )
        return number
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
