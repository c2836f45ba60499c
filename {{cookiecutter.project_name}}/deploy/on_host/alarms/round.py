"""A round: what is due is asked, what has changed is told, and a sign of life is given.

Cron begins one each minute. Where a command is at work on the site, such as a deploy, what is wrong
does not count, for an hour at the most; nor does what cannot be told while something else is wrong,
such as the migrations of a database that does not answer.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from .. import checks, deployed, lead, lease, record
from ..checks import UNTOLD, Check, Row, Server
from ..files import alone
from ..limit import limit
from ..processes import Processes
from ..site import Site
from . import account, digest, judging, measures, metrics, neighbours, outbox, sites, ways
from .memory import Memory, load, save

PING = 240  # seconds from one sign of life to the next
AT_WORK = 3600  # seconds
# Seconds of a round, of which cron's job.sh leaves 300: what is left is asked in the next one.
ASKING, SITES = 75, 60


class Round:
    """One round, which begins at a moment, in seconds since 1970."""

    def __init__(self, site: Site, port: int, hostname: str, app: str, now: float) -> None:
        self.site, self.app, self.now = site, app, now
        self.server = Server(site, {"port": port, "hostname": hostname, "app": app})
        self.fabric = deployed.kept(site, site.live)
        self.environment = self.fabric.get("ENVIRONMENT", "")
        self.account = account.load(site)
        self.memory: Memory = load(site)
        names = {check.name for check in checks.TABLE}  # a newer program may have other ones
        rows = self.memory["rows"].items()
        self.memory["rows"] = {name: known for name, known in rows if name in names}

    def run(self) -> None:
        measures.take(self.site, self.memory["measures"], self.now)
        self.ask_sites()
        self.server.memory = self.memory
        boxes = self.memory["outbox"]
        outbox.address(boxes, account.recipients(self.account), self.wrong(), self.now)
        outbox.add(boxes, self.judge(list(self.ask())), self.now)
        self.save()
        outbox.deliver(boxes, self.send, self.save, self.now)
        self.ping()
        self.save()
        self.put_metrics()

    def save(self) -> None:
        save(self.site, self.memory)

    # Asking

    def ask(self) -> Iterator[tuple[Check, Row | None]]:
        """Yield each check that is due, and its row: those that wait longest are the first."""
        by_another = neighbours.told_by_another(self.site, self.account, self.now)
        end, rows = time.monotonic() + ASKING, self.memory["rows"]
        due, leads = [], lead.is_to_lead(self.site)
        for check in checks.TABLE:
            if check.once and not leads:
                rows.pop(check.name, None)  # another host tells it
                continue
            known = rows.get(check.name) or judging.new()
            is_asked = check.every and not (check.is_of_server and by_another)
            if is_asked and judging.is_due(known, check.every, self.now):
                due.append((known["asked"], check))
        for _asked, check in sorted(due, key=lambda each: each[0]):
            if time.monotonic() > end:
                break
            yield check, checks.ask(check, self.server)

    def ask_sites(self) -> None:
        """Ask for the home pages of a share of the sites, where the site answers at all."""
        kept = self.memory["sites"]
        processes = Processes(self.site.name, self.server.live_port, self.server.live_hostname)
        # Of a database or NGINX that is away or hangs, which has rows of its own.
        with suppress(Exception), limit(SITES):
            known = sites.known_sites(self.site)
            status = processes.ask(processes.nginx_connection(), "/healthz")[0]
            if status == 200 and not self.at_work() and lead.is_to_lead(self.site):
                sites.watch(kept, known, sites.Visit(processes).ask)

    def at_work(self) -> bool:
        """Return whether a command changes the site, which has not taken too long for that."""
        holder = lease.holder(self.site.state)
        if holder is None:
            return False
        try:
            begun = datetime.fromisoformat(holder["when"]).timestamp()
        except (KeyError, ValueError):
            return True
        return self.now - begun < AT_WORK

    def judge(self, answers: list[tuple[Check, Row | None]]) -> list[str]:
        """Note the answers; return a line for each change."""
        lines = []
        known_wrong = any(row["wrong"] and not self.untold(row) for row in self.known())
        found_wrong = any(row and not row["ok"] and not is_untold(row) for _check, row in answers)
        at_work = self.at_work()
        for check, row in answers:
            row = row or {"ok": True, "answer": "", "since": "", "type": ""}
            follows = is_untold(row) and (known_wrong or found_wrong)
            known = self.memory["rows"].setdefault(check.name, judging.new())
            if not row["ok"] and (at_work or follows):
                known["asked"] = self.now
                continue
            change = judging.judge(known, row["ok"], self.now)
            known["words"], known["type"] = row["answer"], row["type"]
            if change == judging.BEGINS:
                lines.append(digest.begins(check.name, row, self.environment))
            elif change == judging.ENDS:
                lines.append(digest.ends(check.name, row["answer"], known["since"], self.now))
        return lines

    def known(self) -> list[judging.Row]:
        return list(self.memory["rows"].values())

    def untold(self, known: judging.Row) -> bool:
        return str(known["words"]).startswith(UNTOLD)

    def wrong(self) -> list[str]:
        """Return a line for each row that was told as wrong and is not over."""
        rows = self.memory["rows"].items()
        told = [(name, known) for name, known in rows if known["told"]]
        lines = []
        for name, known in told:
            row = {"answer": known["words"], "type": known["type"], "since": ""}
            lines.append(digest.begins(name, row, self.environment))
        return lines

    # Telling

    def send(self, name: str, lines: list[str], id: str) -> None:
        """Send a digest to a recipient of the outbox; it raises where that does not work."""
        subject = digest.subject(self.server.live_hostname, lines)
        text = digest.text(lines, self.environment)
        if name == account.URL:
            ways.post(self.account["url"], subject, text, id)
        else:
            message = ways.written(self.account, name, subject, text, id)
            ways.mail(self.site, self.account, self.app, message)

    def ping(self) -> None:
        """Give the sign of life; not where nobody can be told, so that this is noticed too."""
        url, boxes = self.account.get("ping"), self.memory["outbox"]
        is_due = abs(self.now - self.memory.get("pinged", 0)) >= PING
        if not url or not is_due or (boxes and len(outbox.late(boxes, self.now)) == len(boxes)):
            return
        with suppress(ways.NotSent):
            ways.ping(url)
            self.memory["pinged"] = self.now

    def put_metrics(self) -> None:
        """Write the file for Prometheus where FABRIC says so; one that is elsewhere goes."""
        directory = self.fabric.get("METRICS_DIRECTORY", "")
        wanted = f"{directory}/{self.site.name}.prom"
        things = (record.read(self.site) or {"things": []})["things"]
        for path in (name for _kind, name in things if name.endswith(f"/{self.site.name}.prom")):
            if path == wanted:
                counted = measures.answered(self.memory["measures"])
                metrics.put(path, metrics.text(self.site.name, self.memory, counted, self.now))
            else:
                Path(path).unlink(missing_ok=True)


def is_untold(row: Row) -> bool:
    return not row["ok"] and str(row["answer"]).startswith(UNTOLD)


def send_test(site: Site, port: int, hostname: str, app: str) -> dict[str, Any]:
    """Send a test by each way; return "ways", why it did not work by way, empty where it did."""
    asked = Round(site, port, hostname, app, time.time())
    lines = [f"This is a test, of {digest.minute(asked.now)} UTC."]
    found = {}
    for name in account.recipients(asked.account):
        found[name] = problem_of(partial(asked.send, name, lines, secrets.token_hex(16)))
    if url := asked.account.get("ping"):
        found[account.PING] = problem_of(partial(ways.ping, url))
    return {"ways": found}


def problem_of(action: Callable[[], None]) -> str:
    """Return why something does not work, in a line; empty where it does."""
    try:
        with limit(outbox.SECONDS):
            action()
    except Exception as error:  # whatever a mail server, a web server or the network does
        return " ".join((str(error) or repr(error)).split())[:300]
    return ""


def watch(site: Site, port: int, hostname: str, app: str) -> dict[str, Any]:
    """Do a round, unless nothing is live or another round is at work still."""
    with alone(site.state / "alarms.lock") as free:
        if free and site.live:
            Round(site, port, hostname, app, time.time()).run()
    return {}
