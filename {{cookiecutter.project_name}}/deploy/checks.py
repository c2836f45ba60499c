"""What can be wrong with a site, as the server finds it: the table is in on_host/checks.py."""

import json
import time

from invoke import Exit

from . import certificates, colleagues, files
from .on_host.checks import UNTOLD


def facts(host):
    """Return what the checks have to know of the project, a dict: see on_host/checks.py."""
    config = host.config
    keys, wrong = colleagues.read()
    return {
        "port": config.gunicorn_port,
        "hostname": config.live_hostname,
        "app": config.project_app,
        "clock": time.time(),
        "deployer": config.ssh_user or host.connection.user,
        "keys": keys,
        "wrong_keys": wrong,
    }


def prerequisites(host, command):
    """Fail with a line for each thing on the server that keeps a command from its work."""
    host.call("prerequisites", facts=facts(host), asked=command)


def examine(host):
    """Return what is live, how the files differ from that, and what is wrong; nothing is written.

    As a dict: "live", the name of the live release, and its "revision", both empty where there is
    none; "changes", a list of dicts with "path", the unified "diff", and "edited", the diff of what
    was changed on the server by hand, with secrets masked; "wrong", the rows of checks.
    """
    described, values = files.described(host), files.values(host)
    leased = host.lease is not None
    return host.call("examine", files=described, values=values, facts=facts(host), leased=leased)


def before_deploy(host):
    """Return what `examine` does, when all is cured that a deploy cannot; Exit where it is not.

    What is left in "wrong" a deploy cures.
    """
    now = examine(host)
    if any(row["type"] == "fab create" for row in now["wrong"]):
        certificates.create(host)
        now = examine(host)
    rest = [row for row in now["wrong"] if row["name"] == "certificate"]
    now["wrong"] = [row for row in now["wrong"] if row not in rest]
    tell(rest)
    hurdles = [row for row in now["wrong"] if is_hurdle(row)]
    if hurdles:
        lines = [f"{host.name}: {line(row)}" for row in hurdles]
        raise Exit("\n".join([*lines, "Nothing was changed"]), 1)
    tell(now["wrong"])
    return now


def is_hurdle(row):
    """Return whether a deploy cannot mend what is wrong; what cannot be told hinders nobody."""
    is_mended = row["type"].startswith(("fab deploy", "fab restart"))
    return not is_mended and not row["answer"].startswith(UNTOLD)


def line(row):
    """Return a row in one line: what is so and, where that is wrong, since when, and what to do."""
    since = f", since {row['since']}" if row["since"] and not row["ok"] else ""
    what = f"; type {row['type']}" if row["type"] else ""
    return f"{row['name'] + ':':13}{row['answer']}{since}{what}"


def tell(rows):
    for row in rows:
        print(f"    {' '.join(line(row).split())}")


def status(host, as_json):
    """Print what is live and the table of checks; return whether nothing is wrong."""
    answer = host.call("status", facts=facts(host))
    if as_json:
        print(json.dumps({"host": host.name} | answer))
    else:
        for key in ("release", "revision", "since"):
            if answer[key]:
                print(f"{key + ':':13}{answer[key]}")
        for row in answer["checks"]:
            print("✓" if row["ok"] else "✗", line(row))
    return all(row["ok"] for row in answer["checks"])
