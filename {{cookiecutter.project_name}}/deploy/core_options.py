"""The options before the first command, which are Fabric's: wrong values, of which it would show a
traceback or say nothing.

What is no number after -t, -T or -D it refuses before it reads the fabfile, in its own way.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import fabric
from invoke import Exit
from invoke.parser import Argument

from .terminal import can_ask

FORMATS = ("flat", "nested", "json")


def check(arguments: Mapping[str, Argument]) -> None:
    """Exit with a line for the first wrong value; arguments are those of Fabric's program."""
    for name, test in CHECKS.items():
        argument = arguments[name]
        if argument.got_value and (problem := test(argument.value)):
            raise Exit(f"--{name}: {problem}", 2)
    prompts = [name for name in arguments if name.startswith("prompt-for-")]
    asked = [name for name in prompts if arguments[name].value]
    if asked and not can_ask():
        line = f"--{asked[0]} asks on a terminal, and there is none; see SSH_PASS in FABRIC"
        raise Exit(line, 2)


def number(value: object) -> str:
    """Return what is wrong with a number that was typed."""
    return "" if re.fullmatch("0*[1-9][0-9]{0,8}", str(value)) else f"{value} is not 1 or more"


def files(names: Iterable[str]) -> str:
    return next(filter(None, map(file, names)), "")


def file(name: str) -> str:
    path = os.path.expanduser(name)
    return "" if os.path.exists(path) and not os.path.isdir(path) else f"there is no file {name!r}"


def settings(name: str) -> str:
    """Return why Fabric cannot read a file of its own settings."""
    if problem := file(name):
        return problem
    try:
        config = fabric.Config(lazy=True)
        config.set_runtime_path(name)
        config.load_runtime()
    except Exception as error:  # of Invoke, of YAML or of the file's own Python
        return f"{name}: {' '.join(str(error).split())}"
    return ""


def list_format(value: str) -> str:
    return "" if value in FORMATS else f"{value!r} is none of {', '.join(FORMATS)}"


CHECKS: dict[str, Callable[[Any], str]] = {
    "connect-timeout": number,
    "command-timeout": number,
    "identity": files,
    "ssh-config": file,
    "config": settings,
    "list-format": list_format,
}
