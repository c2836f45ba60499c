"""What can be wrong with a server and the site on it, in one table.

A check is a function of a Server in checks_of_server.py or checks_of_site.py:

    @check("Is there room on the disk?", before=("install", "deploy"))
    def disk(server):
        if ...:
            raise Wrong("3 MB are free", "remove what is not needed")
        return "20 GB are free"

It returns what is so, in words, or None where it does not apply. Its name, with spaces, is that of
the row. `before` are the commands that ask it before they change anything; `fab status` asks all.
The server asks it by itself `every` so many minutes, and not at all with 0: see alarms/. What is
asked `once` is about what several hosts have in common: the one that leads asks it.
"""

import json
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from . import aside, databases, deployed, lead, lease, naming, supervisor
from .alarms.memory import Memory, load
from .configuration import File, compare
from .deployed import Fabric
from .files import write
from .limit import limit
from .record import claim
from .release_python import several
from .site import Refused, Site
from .virtualenv import problem_of

Facts = dict[str, Any]  # of facts() in deploy/checks.py
Row = dict[str, Any]
Question = Callable[["Server"], str | None]

TABLE: list["Check"] = []  # in the order in which the checks are told
UNTOLD = "cannot be told"
SECONDS = 45  # for each check: where a database hangs, the others are asked all the same


class Wrong(Exception):
    """What is wrong, in words, what to type against it, and since when, where that is known."""

    def __init__(self, words: str, type: str = "", since: str = "") -> None:
        super().__init__(words)
        self.type, self.since = type, since


@dataclass
class Check:
    """A row of the table."""

    ask: Question
    question: str
    before: Sequence[str]
    every: int = 10  # minutes
    once: bool = False  # whether it is about what several hosts have in common

    @property
    def is_of_server(self) -> bool:
        """Whether it is about the server, and not about one of the projects on it."""
        return self.ask.__module__.endswith(".checks_of_server")

    @property
    def name(self) -> str:
        return self.ask.__name__.rstrip("_").replace("_", " ")


def check(
    question: str, before: Sequence[str] = (), every: int = 10, once: bool = False
) -> Callable[[Question], Question]:
    """Add a function to the table: see above."""

    def add(function: Question) -> Question:
        TABLE.append(Check(function, question, before, every, once))
        return function

    return add


class Server:
    """What the checks are asked about: the server, and the project as FABRIC describes it.

    `facts` are those of facts() in deploy/checks.py; without a "clock", the time of the machine
    that asks, the server judges its own by what it has seen. `command` is the one that asks.
    """

    def __init__(self, site: Site, facts: Facts, command: str = "") -> None:
        self.site, self.name, self.root = site, site.name, site.root
        self.app: str = facts["app"]
        self.port: int = facts["port"]
        self.hostname: str = facts["hostname"]
        self.clock, self.command = facts.get("clock"), command
        self.deployer = facts.get("deployer", "")
        is_asked = command in ("install", "create", "deploy") or not site.live
        self.database: str = (
            facts.get("database", "") if is_asked else databases.url_of(site, site.live)
        )
        self.keys, self.wrong_keys = facts.get("keys", {}), facts.get("wrong_keys", [])
        # What is live is looked at where it is, whatever the FABRIC of who asks says.
        theirs = {"GUNICORN_PORT": self.port, "LIVE_HOSTNAME": self.hostname}
        fabric = theirs | deployed.kept(site, site.live)
        self.live_port: int = fabric["GUNICORN_PORT"]
        self.live_hostname: str = fabric["LIVE_HOSTNAME"]

    @cached_property
    def memory(self) -> Memory:
        """What the last round of the alarms has kept."""
        return load(self.site)

    @cached_property
    def at_work(self) -> str:
        """Who changes the site at this moment, in words; empty where nobody does."""
        holder = lease.holder(self.site.state)
        return lease.described(holder) if holder is not None else ""

    def release_says(self, script: str) -> dict[str, Any]:
        """Return what a script of in_release/ says of the live release; Refused where it fails."""
        answer: dict[str, Any] = self._said[script]
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    @cached_property
    def _said(self) -> dict[str, Any]:
        return several(self.site, self.app, "migrations", "mail", "feeds")

    @cached_property
    def programs(self) -> dict[str, tuple[str, str]]:
        """What supervisor says of the project's programs: (state, words), by name."""
        return {
            name: (state, f"{state} {words}")
            for name, (state, words) in supervisor.states().items()
            if name.split("-")[0] == self.name
        }


def output(*words: str | Path) -> str:
    """Return what a command prints, errors and all; empty where there is none of that name."""
    try:
        run = subprocess.run(words, capture_output=True, text=True, errors="replace", cwd="/")
    except FileNotFoundError:
        return ""
    return (run.stdout + run.stderr).strip()


# Asking


def ask(check: Check, server: Server) -> Row | None:
    """Return the row of a check, or None where it does not apply."""
    row: Row = {"name": check.name, "question": check.question, "ok": True, "since": "", "type": ""}
    try:
        with limit(SECONDS):
            words = check.ask(server)
        if words is None:
            return None
    except Wrong as wrong:
        words = str(wrong)
        row |= {"ok": False, "type": wrong.type, "since": wrong.since}
        if server.at_work and row["type"].startswith("fab "):
            words, row["type"] = f"{words} ({server.at_work}: wait)", ""
    except Exception as error:  # a check that cannot be made hides no other
        words = f"{UNTOLD}: {(str(error).strip() or repr(error)).splitlines()[-1]}"
        row["ok"] = False
    return row | {"answer": " ".join(words.split())}  # in a line, whatever programs have said


def rows(server: Server, command: str = "") -> list[Row]:
    """Return the rows of all checks, or of those that a command asks before it changes anything."""
    asked = [check for check in TABLE if not command or command in check.before]
    if not lead.is_to_lead(server.site):
        asked = [check for check in asked if not check.once]
    return [row for row in (ask(check, server) for check in asked) if row]


def line(row: Row) -> str:
    """Return a row that is wrong in one line: what, since when, and what to type."""
    return f"{row['name']}: {row['answer']}" + (f"; type {row['type']}" if row["type"] else "")


def remember(site: Site, found: Iterable[Row]) -> None:
    """Let each row say since when its answer is yes or no: seen so first, unless it knows better.

    That is kept in ROOT/state/checks.json: {"disk": {"ok": true, "since": "2026-11-28T13:30Z"}}.
    """
    if not site.state.is_dir():
        return
    path = site.state / "checks.json"
    try:
        before = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        before = {}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
    kept = {}
    for row in found:
        last = before.get(row["name"], {})
        since = last["since"] if last.get("ok") == row["ok"] else now
        row["since"] = row["since"] or since
        kept[row["name"]] = {"ok": row["ok"], "since": row["since"]}
    if kept != before:
        try:
            write(path, json.dumps(kept))
        except OSError:  # such as of a full disk, which is told as that
            pass


# Commands


def status(site: Site, facts: Facts) -> dict[str, Any]:
    """Return "release", "revision", "since" and "template" of what is live, and all "checks".

    "template" is the revision of the template that the project was made from.
    """
    found = rows(Server(site, facts))
    remember(site, found)
    live = {"release": site.live, "revision": "", "since": "", "template": ""}
    if live["release"]:
        revision = site.current / "REVISION"
        live["revision"] = revision.read_text().strip() if revision.exists() else ""
        since = datetime.fromtimestamp(site.current.lstat().st_mtime, UTC)
        live["since"] = since.strftime("%Y-%m-%d %H:%M:%S UTC")
        live["template"] = template_of(site)
    return live | {"checks": found}


def template_of(site: Site) -> str:
    """Return the revision of the template that .cruft.json names; empty where none does."""
    try:
        record = json.loads((site.current / "project/.cruft.json").read_text("utf-8"))
        return str(record["commit"] or "")
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def prerequisites(site: Site, facts: Facts, asked: str) -> dict[str, Any]:
    """Refused with a line for each thing that keeps the command `asked` from its work."""
    wrong = [line(row) for row in rows(Server(site, facts, asked), asked) if not row["ok"]]
    if wrong:
        raise Refused("\n".join(wrong))
    return {}


def claim_names(site: Site, files: Sequence[str], facts: Facts, asked: str) -> dict[str, Any]:
    """Claim the names that the project needs: see record.py; all that is wrong is told at once."""
    found = rows(Server(site, facts, asked), asked) if asked else []
    wrong = [line(row) for row in found if not row["ok"] and row["name"] != "names"]
    elsewhere = bool(facts.get("database"))
    return claim(site, files, facts["port"], facts["hostname"], wrong, elsewhere)


def examine(
    site: Site,
    files: Sequence[File],
    values: dict[str, Any],
    facts: Facts,
    leased: bool,
    fabric: Fabric,
) -> dict[str, Any]:
    """Return what `compare` does, and "wrong", the rows that a deploy has to know of.

    Also "fabric", what differs from what the server was deployed with: see deployed.py; "rename",
    what naming.py sees. `leased`: who asks is the one at work.
    """
    server = Server(site, facts, "deploy")
    if leased:
        server.at_work = ""
    wrong = [row for row in rows(server, "deploy") if not row["ok"]]
    told: dict[str, Any] = {"fabric": deployed.differences(site, fabric)}
    told["rename"] = naming.look(site, server.app, server.hostname)
    return compare(site, files, values) | told | {"wrong": wrong}


def live(site: Site, release: str = "") -> dict[str, str]:
    """Return "live", the name of the live release, and "problem", why its Python cannot run it.

    The problem is that of another release, where one is given. "hostname" is the LIVE_HOSTNAME that
    the live one was deployed with; empty where nobody knows.
    """
    asked, now = release or site.live, deployed.kept(site, site.live)
    here = now.get("ENVIRONMENT", "")
    environment = deployed.kept(site, asked).get("ENVIRONMENT", here)
    problem = problem_of(site, asked) if asked else ""
    if here and environment != here:
        problem = f"{asked} is a release of {environment}, and {here} is live"
    if asked and databases.url_of(site, asked) != databases.url_of(site, site.live):
        problem = f"{asked} has {databases.of(site, asked)}, by another DATABASE than what is live"
    if aside.is_aside(site) and not release:
        problem = "the other hosts have gone on, and this one serves nobody"
    return {"live": site.live, "problem": problem, "hostname": now.get("LIVE_HOSTNAME", "")}
