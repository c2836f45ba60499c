"""What is told, in words."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

WRONG, OVER = "WRONG", "over"


def begins(name: str, row: dict[str, Any], environment: str) -> str:
    """Return the line of what begins to be wrong."""
    since = f", since {row['since']}" if row["since"] else ""
    type = typed(row["type"], environment)
    return f"{WRONG}  {name}: {row['answer']}{since}" + (f"; type {type}" if type else "")


def ends(name: str, answer: str, since: float, now: float) -> str:
    """Return the line of what is over."""
    words = f": {answer}" if answer else ""
    return f"{OVER}  {name}{words} (it was wrong from {minute(since)} to {minute(now)} UTC)"


def minute(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}"


def typed(text: str, environment: str) -> str:
    """Return what to type, where fab wants the name of the environment first."""
    if environment in ("", "production"):
        return text
    return re.sub(r"\bfab (?=[a-z])", f"fab {environment} ", text)


def subject(hostname: str, lines: Sequence[str]) -> str:
    """Return the subject of a digest: what is wrong, and what is over, by name."""
    parts = []
    for word, title in ((WRONG, "wrong"), (OVER, "over")):
        if names := list(dict.fromkeys(names_of(lines, word))):
            more = f" and {len(names) - 4} more" if names[4:] else ""
            parts.append(f"{title}: {', '.join(names[:4])}{more}")
    return f"{hostname}: {'; '.join(parts) or 'a test'}"


def names_of(lines: Iterable[str], word: str) -> list[str]:
    pattern = re.compile(rf"{word}  ([\w ]+?)(?::| \()")
    return [found[1] for found in map(pattern.match, lines) if found]


def text(lines: Sequence[str], environment: str) -> str:
    status = typed("fab status", environment)
    return "\n\n".join(lines) + f"\n\n{status} shows how it is now.\n"
