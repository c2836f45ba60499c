"""What can be wrong with a site, as the server finds it: the table is in on_host/checks.py."""

import json
import time
from collections.abc import Iterable
from typing import Any

from invoke import Exit

from . import certificates, colleagues, files
from .host import Host
from .on_host.checks import UNTOLD, Facts, Row


def facts(host: Host) -> Facts:
    """Return what the checks have to know of the project, a dict: see on_host/checks.py."""
    config = host.config
    keys, wrong = colleagues.read()
    return {
        "port": config.gunicorn_port,
        "hostname": config.live_hostname,
        "app": config.project_app,
        "clock": time.time(),
        "database": config.database,
        "deployer": config.ssh_user or host.connection.user,
        "keys": keys,
        "wrong_keys": wrong,
    }


def prerequisites(host: Host, command: str) -> None:
    """Fail with a line for each thing on the server that keeps a command from its work."""
    host.call("prerequisites", facts=facts(host), asked=command)


def examine(host: Host) -> dict[str, Any]:
    """Return what is live, how the files differ from that, and what is wrong; nothing is written.

    As a dict: "live", the name of the live release, and its "revision", both empty where there is
    none; "changes", a list of dicts with "path", the unified "diff", and "edited", the diff of what
    was changed on the server by hand, with secrets masked; "wrong", the rows of checks; "fabric",
    (key, before, now) of what differs from the FABRIC that the server was deployed with; "rename",
    "from", what the site is called there, where that is not LIVE_HOSTNAME, and "refused", why it
    cannot be called so.
    """
    given: dict[str, Any] = {"files": files.described(host), "values": files.values(host)}
    given |= {"facts": facts(host), "fabric": files.fabric(host), "leased": host.lease is not None}
    return host.call("examine", **given)


def before_deploy(host: Host, now: dict[str, Any]) -> dict[str, Any]:
    """Return what `examine` does, when all is cured that a deploy cannot; Exit where it is not.

    `now` is what it returned before. What is left in "wrong" a deploy cures.
    """
    if any(row["type"] == "fab create" for row in now["wrong"]):
        certificates.create(host)
        now = examine(host)
    rest = [row for row in now["wrong"] if row["name"] == "certificate"]
    now["wrong"] = [row for row in now["wrong"] if row not in rest]
    tell(host, rest)
    lines = [line(row) for row in now["wrong"] if is_hurdle(row)]
    lines += refusals(host, now)
    if lines:
        lines = [f"{host.name}: {line}" for line in lines]
        raise Exit("\n".join([*lines, "Nothing was changed"]), 1)
    tell(host, now["wrong"])
    return now


def refusals(host: Host, now: dict[str, Any]) -> list[str]:
    """Return a line where the site cannot have the name that it is to have, in a list."""
    why = now["rename"].get("refused")
    return [f"LIVE_HOSTNAME {host.config.live_hostname} {why}"] if why else []


def differences(host: Host, now: dict[str, Any]) -> list[str]:
    """Return a line for each key of FABRIC that is not as the server was deployed with.

    Where the site would be renamed, `rename` says so.
    """
    lines = []
    for key, before, after in now["fabric"]:
        if key == "VIRTUALENV_HOME":
            lines.append(f"{key}: {after} here, and {before} on the server, where the site stays")
        elif key != "LIVE_HOSTNAME" or not now["rename"]:
            lines.append(f"{key}: {shown(before)} becomes {shown(after)}")
    return lines


def shown(value: Any) -> str:
    """Return a value of FABRIC for people."""
    return ", ".join(value) if isinstance(value, list) and value else str(value or "empty")


def rename(host: Host, now: dict[str, Any]) -> str:
    """Return in a line that the site would be renamed; empty where it is called as it should."""
    before = now["rename"].get("from")
    return f"LIVE_HOSTNAME: {before} becomes {host.config.live_hostname}" if before else ""


def is_hurdle(row: Row) -> bool:
    """Return whether a deploy cannot mend what is wrong; what cannot be told hinders nobody."""
    is_mended = row["type"].startswith(("fab deploy", "fab restart"))
    return not is_mended and not row["answer"].startswith(UNTOLD)


def line(row: Row) -> str:
    """Return a row in one line: what is so and, where that is wrong, since when, and what to do."""
    since = f", since {row['since']}" if row["since"] and not row["ok"] else ""
    what = f"; type {row['type']}" if row["type"] else ""
    return f"{row['name'] + ':':13}{row['answer']}{since}{what}"


def tell(host: Host, rows: Iterable[Row]) -> None:
    for row in rows:
        print(host.config.typed(f"    {' '.join(line(row).split())}"))


def status(host: Host, as_json: bool) -> bool:
    """Print what is live and the table of checks; return whether nothing is wrong."""
    config, answer = host.config, host.call("status", facts=facts(host))
    for row in answer["checks"]:
        row |= {key: config.typed(row[key]) for key in ("answer", "type")}
    if as_json:
        print(json.dumps({"host": host.name, "environment": config.environment} | answer))
    else:
        if config.suffix:
            print(f"environment: {config.environment}")
        for key in ("release", "revision", "since", "template"):
            if answer[key]:
                print(f"{key + ':':13}{answer[key]}")
        for row in answer["checks"]:
            print("✓" if row["ok"] else "✗", line(row))
    return all(row["ok"] for row in answer["checks"])
