"""What fab says about its own work, on the standard error: the standard output is for answers.

What it asks, it asks here, where a run that nobody watches ends instead of waiting.
"""

import getpass
import sys
from collections.abc import Callable
from typing import TextIO

from invoke import Exit


def tell(*words: object, sep: str = " ", end: str = "\n") -> None:
    """Print like print(), at once and on the standard error; whole, whatever other threads do."""
    print(sep.join(map(str, words)) + end, end="", file=sys.stderr, flush=True)


def can_ask() -> bool:
    """Return whether there is somebody who can answer."""
    return bool(sys.stdin) and sys.stdin.isatty()


def ask(question: str, unanswered: Exit, hidden: bool = False) -> str:
    """Return what is typed at a question, a str; where it is hidden, such as a password, unshown.

    Raise `unanswered`, an Exit, where the standard input is no terminal, or has ended (Ctrl-D).
    """
    if not can_ask():
        raise unanswered
    try:
        if hidden:
            return getpass.getpass(f"{question} ")
        tell(question, end=" ")
        return input().strip()
    except EOFError:
        tell()
        raise unanswered from None


def writer(file: TextIO) -> Callable[[bytes], None]:
    """Return a function that writes bytes to a text file, such as sys.stdout, at once."""

    def write(line: bytes) -> None:
        file.flush()
        file.buffer.write(line)
        file.buffer.flush()

    return write


def plain(line: str) -> str:
    """Return a line without what would move the cursor or colour the terminal."""
    return "".join(letter for letter in line if letter.isprintable() or letter == "\t")
