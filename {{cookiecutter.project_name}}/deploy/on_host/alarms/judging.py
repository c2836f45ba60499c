"""When an answer counts: what is wrong twice is told, and what is right for a while is over.

So a check that flaps is told once. Each time that it is wrong again within a day, it has to be
right for twice as long as the last time until it is over: 3 minutes, 6, 12, up to a day.

What is kept of a row is a dict: "told", whether it was told as wrong; "wrong", how often it was so
in a row; "right", when it was right first since it was wrong, 0 where it is not; "quiet", for how
many seconds it has to be right; "ended", when it was over last; "asked", when it was asked last;
"since", when it was told; "words", the last answer.
"""

from typing import Any

Row = dict[str, Any]

BEGIN = 2  # answers in a row
QUIET = 180  # seconds
DAY = 86400
JITTER = 30  # seconds: cron is not on time to the second

BEGINS, ENDS, SAME = "begins", "ends", ""


def new() -> Row:
    """Return what is kept of a row that was not asked yet."""
    known: Row = {"told": False, "wrong": 0, "right": 0, "quiet": QUIET, "ended": 0, "asked": 0}
    return known | {"since": 0, "words": "", "type": ""}


def is_due(known: Row, minutes: int, now: float) -> bool:
    """Return whether to ask: after some minutes, or at once where the last answer is to count."""
    if known["wrong"] and not known["told"]:
        return True
    seconds = minutes * 60
    if known["told"]:
        seconds = min(seconds, QUIET)
    return now - known["asked"] >= seconds - JITTER or now < known["asked"]


def judge(known: Row, ok: bool, now: float) -> str:
    """Note an answer; return whether something BEGINS to be wrong or ENDS, or SAME."""
    known["asked"] = now
    if not ok:
        known["right"], known["wrong"] = 0, known["wrong"] + 1
        if known["told"] or known["wrong"] < BEGIN:
            return SAME
        again = bool(known["ended"]) and now - known["ended"] < DAY
        known["quiet"] = min(known["quiet"] * 2, DAY) if again else QUIET
        known["told"], known["since"] = True, now
        return BEGINS
    known["wrong"] = 0
    if not known["told"]:
        return SAME
    known["right"] = min(known["right"] or now, now)  # the clock may have been set back
    if now - known["right"] < known["quiet"] - JITTER:
        return SAME
    known["told"], known["right"], known["ended"] = False, 0, now
    return ENDS
