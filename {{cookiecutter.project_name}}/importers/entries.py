"""What an export of a blog holds, in the words of this project, whatever program wrote it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Comment:
    """A comment; parent is the key of the one that it answers, among those of its post."""

    name: str = ""
    email: str = ""
    website: str = ""
    body: str = ""
    date: datetime | None = None  # aware
    is_public: bool = True
    key: str = ""
    parent: str = ""
    ip_address: str | None = None


@dataclass
class Entry:
    """A post or a page; parent is the key of the page above it."""

    title: str = ""
    content: str = ""  # HTML
    description: str = ""
    date: datetime | None = None  # aware
    address: str = ""  # the old one
    base: str = ""  # what that address and those in the content may be relative to
    tags: list = field(default_factory=list)
    categories: list = field(default_factory=list)
    comments: list = field(default_factory=list)
    is_published: bool = True
    allow_comments: bool = True
    is_page: bool = False
    key: str = ""
    parent: str = ""


@dataclass
class Export:
    """The entries, and what else the export holds: how many of each, by a name that is plural."""

    entries: list = field(default_factory=list)
    left_out: Counter = field(default_factory=Counter)

    def leave_out_authors(self, names):
        """Name the authors, if there are several."""
        if len(found := sorted({*names} - {""})) > 1:
            self.left_out[f"authors, whose posts are the user's: {', '.join(found)}"] += len(found)
