"""What the poll and a source of posts say to each other. X is the only source so far (x.py)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Kinds of trouble. Of these, the first six need a person: the command ends with 1.
CREDENTIALS, CREDITS, QUERY, GONE, FIELDS, NETWORK = NEEDS_A_PERSON = (
    "credentials",  # refused, or incomplete
    "credits",  # used up
    "query",  # the source does not understand it
    "gone",  # deleted, suspended or protected: its posts must not be shown any more
    "fields",  # answered without what a post consists of
    "network",  # no answer, or nonsense: so once or twice, more often than PATIENCE allows
)
RATE, BUDGET, OFF = "rate", "budget", "off"  # too many questions; spent; no credentials


@dataclass
class Question:
    """What is asked. known are the stored posts, when the source shall say which are gone."""

    type: str
    value: str
    limit: int  # posts
    remote_id: str = ""  # of the user, "" when not known yet
    since: str = ""  # ID of the newest post that is stored
    known: list | None = None
    new_day: bool = True  # the first time today (UTC), so that nothing has been paid yet


@dataclass
class Page:
    """What the source answered."""

    posts: list  # of models.Post, not saved
    newest_id: str = ""
    remote_id: str = ""
    gone: list | None = None  # those of Question.known that are no more, if that was found out
    cost: int = 0  # at most, in 1/1000 US dollar


class Trouble(Exception):
    """Why there is no page.

    until is when to ask again, a datetime, or None for the next poll. cost and remote_id are those
    of the Page that there is not: what was found out until then has been paid for.
    """

    cost, remote_id = 0, ""

    def __init__(self, kind, message, until=None):
        super().__init__(message)
        self.kind = kind
        self.until = until

    @classmethod
    def later(cls, kind, message, now: datetime, wait=timedelta(hours=1)):
        return cls(kind, message, now + wait)


def dollars(thousandths):
    """Return 1/1000 US dollar as people write it."""
    return f"${thousandths / 1000:.3f}"
