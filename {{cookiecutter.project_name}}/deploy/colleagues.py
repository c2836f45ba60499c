"""Who may log in besides you: the public keys in deploy/keys/, a file for each.

They are those of your working tree, as is all that fab secure puts on a server. What it does with
them there is on_host/authorized.py.
"""

import re

from invoke import Exit

from .config import PROJECT_ROOT
from .on_host.public_keys import Malformed, parse

DIRECTORY = PROJECT_ROOT / "deploy" / "keys"
NAME = re.compile(r"[\w@+-][\w.@+-]*\.pub", re.ASCII)


def read() -> tuple[dict[str, str], list[str]]:
    """Return the keys and what is wrong with their files.

    The keys as a dict of name and line of authorized_keys, what is wrong as a list of lines.
    """
    keys: dict[str, str] = {}
    seen: dict[str, str] = {}
    wrong: list[str] = []
    for path in sorted(DIRECTORY.glob("*")):
        shown = ascii(f"deploy/keys/{path.name}")[1:-1]
        try:
            if path.name.startswith(".") or path.suffix == ".md":
                continue
            key = parse(path.read_bytes())
            if not NAME.fullmatch(path.name):
                raise Malformed("its name has to be one like alice.pub; rename it")
            if key.key in seen:
                raise Malformed(f"it is the key of {seen[key.key]}; remove one of the two")
        except Malformed as problem:
            wrong.append(f"{shown}: {problem}".replace("FILE", shown))
        except OSError as error:
            wrong.append(f"{shown}: {error.strerror}; put the file itself there")
        else:
            seen[key.key] = path.name
            keys[path.name] = " ".join(filter(None, [key.type, key.key, key.comment]))
    return keys, wrong


def keys_or_exit() -> dict[str, str]:
    """Return the keys; Exit with a line for each file that is not one."""
    keys, wrong = read()
    if wrong:
        raise Exit("\n".join(wrong), 2)
    return keys
