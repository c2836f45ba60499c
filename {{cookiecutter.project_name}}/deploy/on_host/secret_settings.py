"""Settings whose values the server alone knows, such as the password of a mail server.

ROOT/shared/settings.json has them: {"EMAIL_HOST": "'mail.example.com'", "EMAIL_PORT": "587"}. The
values are written as Python does, and local_settings.py reads them when a process starts.
ROOT/state/settings.json is what the last relay that went well has started with; where a relay is
undone, that comes back.
"""

import ast
import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import backup_keys
from .files import write
from .release_python import ask
from .site import Refused, Site

LITERALS = {
    "bool": "True or False",
    "int": "a number, such as 587",
    "float": "a number, such as 0.5",
    "list": 'a list, such as ["one", "two"]',
    "tuple": 'a tuple, such as ("one", "two")',
    "dict": 'a dict, such as {"one": 1}',
}
TYPES: dict[str, Callable[[Any], Any]] = {"float": float, "list": list, "tuple": tuple}
ALSO = {"float": "int", "list": "tuple", "tuple": "list"}  # what stands for it as well
PEOPLE = ("ADMINS", "MANAGERS")


def problem_of_name(name: str) -> str:
    """Return why that cannot be the name of a setting, empty where it can."""
    word, equals, _ = name.partition("=")
    if equals:  # the rest may be the value
        return f"no value is typed after the name: type fab secret {word}, and it is asked for"
    if re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        return ""
    capitals = name.upper()
    hint = f"; type {capitals}" if re.fullmatch(r"[A-Z][A-Z0-9_]*", capitals) else ""
    return f"{name!r} is not the name of a setting: capitals, digits and underscores{hint}"


def takes(name: str, kind: str) -> str:
    """Return in words what a setting takes whose default has that type; empty for text."""
    if name in PEOPLE:
        return 'names and addresses: [("Ann", "ann@example.com")]'
    return LITERALS.get(kind, "")


def read(name: str, kind: str, text: str) -> Any:
    """Return the value of a setting whose default has the type `kind`, such as "int".

    ValueError with what it takes; the text is in no message.
    """
    if not text.strip():
        raise ValueError("no value was given; to take one away, type --remove after the name")
    if kind == "str":
        return text
    try:
        value = ast.literal_eval(text.strip())
        if type(value).__name__ == ALSO.get(kind):
            value = TYPES[kind](value)
        is_right = type(value).__name__ == kind and ast.literal_eval(repr(value)) == value
    except (ValueError, SyntaxError, TypeError, OverflowError, MemoryError, RecursionError):
        is_right = False
    if not is_right or (name in PEOPLE and not all(map(is_person, value))):
        raise ValueError(f"{name} takes {takes(name, kind)}")
    return value


def is_person(value: Any) -> bool:
    """Return whether Django can send mail to that: a pair of str, the second an address."""
    is_pair = isinstance(value, list | tuple) and [type(each) for each in value] == [str, str]
    return is_pair and bool(re.fullmatch(r"[^@\s]+@[^@\s]+", value[1]))


# What is kept


def in_force(site: Site) -> Path:
    return site.shared / "settings.json"


def of_last_relay(site: Site) -> Path:
    return site.state / "settings.json"


def kept(path: Path) -> dict[str, str]:
    """Return the values of a file as Python writes them, by name."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def keep(site: Site, values: dict[str, str]) -> None:
    write(in_force(site), json.dumps(values, sort_keys=True), f"root:{site.name}", 0o640)


def changed(site: Site) -> list[str]:
    """Return the names that are not as the last relay has started with them."""
    now, before = kept(in_force(site)), kept(of_last_relay(site))
    return sorted(name for name in now | before if now.get(name) != before.get(name))


def confirm(site: Site) -> None:
    """Note that a relay went well with what is there now."""
    if changed(site):
        write(of_last_relay(site), json.dumps(kept(in_force(site))), mode=0o600)


def put_back(site: Site) -> list[str]:
    """Let all be as at the last relay that went well; return the names that were not."""
    names = changed(site)
    if names:
        keep(site, kept(of_last_relay(site)))
    return names


# Commands


def show(site: Site) -> dict[str, list[str]]:
    """Return "names", and "waiting", those that are not live before the next relay."""
    names = [*kept(in_force(site)), *backup_keys.credentials(site)]
    return {"names": sorted(names), "waiting": changed(site)}


def look(site: Site, setting: str, app: str) -> dict[str, Any]:
    """Return what the live release says of a setting: "kind", the type of its default, a str.

    And "reads", whether it reads what is kept. Refused where the deploy decides it.
    """
    answer = of_release(site, app, {"name": setting})
    if answer["refused"]:
        raise Refused(answer["refused"])
    return answer


def change(site: Site, setting: str, app: str, value: str | None) -> dict[str, bool]:
    """Keep a value, or none any more; Refused in a line where it is of a wrong type.

    Or where the live release does not start with it. Return "changed", whether it is to go live.
    """
    values = kept(in_force(site))
    before = values.pop(setting, None)
    if value is None and before is None:
        raise Refused(f"there is no secret {setting}; there are: {', '.join(values) or 'none'}")
    if value is not None:
        try:
            values[setting] = repr(read(setting, look(site, setting, app)["kind"], value))
        except ValueError as error:
            raise Refused(f"{error}; nothing was changed") from None
    now = values.get(setting)
    if now == before:
        return {"changed": setting in changed(site)}
    problem = of_release(site, app, {"name": setting, "try": now})["problem"]
    if problem:
        raise Refused(f"the site does not start so; nothing was changed: {hidden(problem, value)}")
    keep(site, values)
    return {"changed": True}


def change_before(site: Site, setting: str, value: str | None) -> dict[str, bool]:
    """Keep a text, or none any more, while there is no release yet to say what it takes."""
    values = kept(in_force(site))
    if values.pop(setting, None) is None and value is None:
        raise Refused(f"there is no secret {setting}")
    if value is not None:
        values[setting] = repr(value)
    keep(site, values)
    confirm(site)  # a first deploy that fails has to leave it
    return {"changed": True}


def hidden(words: str, value: str | None) -> str:
    """Return what was said of a value without the value and its parts, in one line."""
    text = value or ""
    secrets = {text, repr(text)[1:-1], *text.splitlines()}
    with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
        nodes = ast.walk(ast.parse(text.strip()))
        secrets |= {str(node.value) for node in nodes if isinstance(node, ast.Constant)}
    for secret in sorted(secrets, key=len, reverse=True):
        words = words.replace(secret, "***") if secret.strip() else words
    return " ".join(words.split())


def of_release(site: Site, app: str, request: dict[str, Any]) -> dict[str, Any]:
    """Return what the live release answers: see in_release/setting.py."""
    return ask(site, "setting", site.current / "project", app, json.dumps(request))
