"""What is to be told to whom, until it has arrived.

A box for each recipient, an address or URL, by its name: {"lines": [...], "begun": 0, "tries": 0,
"next": 0, "since": 0, "words": ""}: the lines that wait, when the first of them came, how often
they were tried in vain, when they are tried again, since when that is so and what was said, in
seconds since 1970. What comes while others wait goes with them in one digest.

A line leaves the box when the recipient has taken it. If this process is killed between the two,
the same digest comes again, with the same Message-ID and "id"; nothing is lost. The same words at
another time are another digest: who drops what has come before does not drop that.

An attempt is noted before it is made, and who waits longest is the first: a mail server that holds
us up until this process is killed keeps nothing from the others.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..limit import limit

Boxes = dict[str, dict[str, Any]]

WAITS = (1, 2, 4, 8, 15, 30)  # minutes after each attempt; the last for all that follow
LATE = 1800  # seconds
SECONDS = 45  # of an attempt
MOST = 1000  # lines of a box


def address(boxes: Boxes, recipients: Iterable[str], wrong: Sequence[str], now: float) -> None:
    """Let there be a box for each of the recipients, and no other.

    `wrong` are the lines of all that is wrong: who is new has not heard of it.
    """
    wanted = list(recipients)
    for gone in set(boxes) - set(wanted):
        del boxes[gone]
    for name in wanted:
        if name not in boxes:
            boxes[name] = {"lines": list(wrong), "begun": now, "tries": 0}
            boxes[name] |= {"next": 0, "since": 0, "words": ""}


def add(boxes: Boxes, lines: Sequence[str], now: float) -> None:
    for box in boxes.values():
        if not box["lines"]:
            box["begun"] = now
        box["lines"] = [*box["lines"], *lines][-MOST:]


def deliver(
    boxes: Boxes,
    send: Callable[[str, list[str], str], None],
    save: Callable[[], None],
    now: float,
) -> None:
    """Let each recipient have their digest, if one is due: send(name, lines, id) raises if not.

    `save` is called before and after each attempt.
    """
    for name, box in sorted(boxes.items(), key=lambda item: item[1]["next"]):
        is_ahead = box["next"] > now + WAITS[-1] * 60  # as by a clock that was set back since
        if not box["lines"] or (now < box["next"] and not is_ahead):
            continue
        box["since"] = min(box["since"] or now, now)
        box["words"] = box["words"] or "no answer"
        box["next"] = now + WAITS[min(box["tries"], len(WAITS) - 1)] * 60 - 30
        box["tries"] += 1
        save()
        try:
            with limit(SECONDS):
                send(name, box["lines"], digest_id(name, box["lines"], box["begun"]))
        except Exception as error:  # whatever a mail server, a web server or the network does
            box["words"] = " ".join((str(error) or repr(error)).split())[:300]
        else:
            box.update(lines=[], tries=0, next=0, since=0, words="")
        save()


def digest_id(name: str, lines: Sequence[str], begun: float) -> str:
    return hashlib.sha256("\n".join([name, str(begun), *lines]).encode()).hexdigest()[:32]


def late(boxes: Boxes, now: float) -> dict[str, str]:
    """Return what was said to each recipient who has not got a digest for LATE seconds."""
    found = {name: box for name, box in boxes.items() if box["lines"] and box["since"]}
    return {name: box["words"] for name, box in found.items() if now - box["since"] >= LATE}
