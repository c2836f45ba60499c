"""The environments: FABRIC, which is production, and those of FABRIC_ENVIRONMENTS beside it.

An environment is chosen by the first word after fab: `fab staging deploy`.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from invoke import Exit

from .config import (
    DEFAULTS,
    PRODUCTION,
    Config,
    check,
    conflicts,
    missing_files,
    read_settings,
    several,
    split_host,
)
from .on_host import bucket

Values = Mapping[str, Any]  # of FABRIC, checked, by keys in lower case

FOLDERS = ("keys", "on_host", "scripts", "__pycache__")  # of deploy/, for no certificates
OWN = ("PROJECT_NAME", "GUNICORN_PORT", "LIVE_HOSTNAME")  # of each project on a host


def load(project_app: str) -> dict[str, Config]:
    """Return the Config of each environment by its name, a dict, production first.

    Exit with a line for each thing that is wrong with any of them.
    """
    settings = read_settings(project_app)
    others = getattr(settings, "FABRIC_ENVIRONMENTS", {})
    if not isinstance(others, dict):
        raise Exit(f"{settings.__file__}: FABRIC_ENVIRONMENTS is not a dict of names and dicts", 2)
    fabric = DEFAULTS | settings.FABRIC
    values, found = check(fabric)
    found += conflicts(values)
    problems = [f'FABRIC["{key}"]: {reason}' for key, reason in sorted(found)]
    checked = {PRODUCTION: values}
    for name, keys in others.items():
        where = f'FABRIC_ENVIRONMENTS["{repr(str(name))[1:-1]}"]'
        if reason := unfit(name, keys):
            problems.append(f"{where}: {reason}")
            continue
        checked[name], mine = check(fabric | keys)
        mine += conflicts(checked[name])
        inherited = {problem for problem in found if problem[0] not in map(str, keys)}
        own = {*mine} - inherited | shared(checked, name)
        problems += [f'{where}["{key}"]: {reason}' for key, reason in sorted(own)]
    if problems:
        raise Exit("\n".join(problems), 2)
    return {
        name: Config(project_app=project_app, environment=name, **each)
        for name, each in checked.items()
    }


def check_files(configs: Mapping[str, Config], config: Config) -> None:
    """Exit where a file that an environment names is not there; those of others may be missing."""
    production = vars(configs[PRODUCTION])
    problems = []
    for key, reason in missing_files(config):
        is_own = getattr(config, key.lower()) != production[key.lower()]
        where = f'FABRIC_ENVIRONMENTS["{config.environment}"]' if is_own else "FABRIC"
        problems.append(f'{where}["{key}"]: {reason}')
    if problems:
        raise Exit("\n".join(problems), 2)


def unfit(name: object, keys: object) -> str | None:
    """Return what is wrong with the name of an environment, or with what its keys are in."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z_][a-z0-9_]*", name, re.I):
        return "a name has letters, digits and underscores, a letter first, as in staging"
    if name.lower() == PRODUCTION:
        return "production is FABRIC itself; put its keys there"
    if name.lower() == "development":
        return "development is this machine itself; take another name"
    if name.lower() in FOLDERS:
        told = "is there for something else, and not for certificates"
        return f"deploy/{name.lower()}/ {told}; take another name"
    if not isinstance(keys, dict):
        return 'is not a dict of keys, such as {"HOSTS": ["staging.example.com"]}'
    return None


def shared(values: Mapping[str, Values], name: str) -> set[tuple[str, str]]:
    """Return (key, reason) where an environment has what another has on a host of both, a set.

    A bucket of uploads is of one environment on all hosts: a restore deletes what it does not know.

    `values` are those of each environment by its name, a dict of dicts. Of two environments, it is
    the later one that is told.
    """
    found, mine = set(), values[name]
    for other in takewhile(lambda other: other != name, values):
        both = host_names(mine) & host_names(values[other])
        for key in same(mine, values[other]) if both else ():
            reason = f"{mine[key.lower()]} is that of {other} on {min(both)}; give it its own"
            found.add((key, reason))
        uploads, theirs = mine.get("uploads"), values[other].get("uploads")
        if uploads and theirs and bucket.is_same(uploads, theirs):
            told = f"{uploads} is that of {other}; give it its own, or an empty one"
            found.add(("UPLOADS", told))
    return found


def same(mine: Values, theirs: Values) -> list[str]:
    """Return the keys, a list, in which two projects on a host have to differ and do not."""
    right = mine.keys() & theirs.keys()  # the others are told already
    return [key for key in OWN if (low := key.lower()) in right and mine[low] == theirs[low]]


def host_names(values: Values) -> set[str]:
    """Return the names of the hosts of checked values, a set, without users and ports."""
    return {plain(split_host(host)[1]) for host in values.get("hosts", [])}


def plain(host: str) -> str:
    """Return the name of a host in the one form in which it is compared."""
    return host.lower().rstrip(".")


def check_given(configs: Mapping[str, Config], config: Config, hosts: Sequence[str]) -> None:
    """Exit where a host of fab -H is another environment's, and has the same project for that.

    Or where there are several that cannot serve one site. `hosts` are names, a list of str.
    """
    if refusal := several(vars(config), hosts):
        raise Exit(f"-H: {refusal}", 2)
    for other, theirs in configs.items():
        for host in hosts if other != config.environment else ():
            keys = same(vars(config), vars(theirs))
            if keys and plain(host) in host_names(vars(theirs)) - host_names(vars(config)):
                raise Exit(
                    f"-H: {host} is a host of {other}, and {config.environment} has no"
                    f" {' or '.join(keys)} of its own; type fab -H {host} {other} and a command",
                    2,
                )
