"""What runs each minute: it knows the names of the sites, and orders what is due and leads here.

A round asks for the names, looks at which of those that are due lead here, and orders for these,
the newest first, one at a time; a name that comes meanwhile is the next.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from typing import Any

from .. import certificate
from ..files import alone
from ..processes import Processes
from ..server_names import names_of
from ..site import Refused as CommandRefused
from ..site import Site
from . import leading, ledger, order, telling
from .domains import counted_by
from .ledger import Ledger
from .place import Place, is_name, write

RUN = 50  # seconds of a run; cron begins the next after a minute
ROUND = 10  # seconds from one round to the next
LOOKS = 100  # names that are looked at beside each other
LIMITED = "the limits of the CA leave no order now"
AGAIN = 50  # seconds until a name is looked at again
ROOM = 1_000_000  # bytes that have to be free for an order
BEHIND_NAT = 86400  # seconds until an order is tried for a name at which nobody answers

Look = Callable[[str], object]  # raises Elsewhere: see leading.probe


class Agent:
    """A run of the agent for a site."""

    def __init__(self, site: Site, port: int, hostname: str, directory: str) -> None:
        self.site, self.port, self.hostname, self.directory = site, port, hostname, directory
        self.place = Place(site)
        self.ledger = Ledger(self.place.ledger, counted_by(directory))
        self.ledger.mend_clock(time.time())
        # The names of the sites, those of your own certificate, and until when that is good.
        self.known: tuple[list[str], set[str], float] = ([], set(), 0)
        self.own: set[str] = set()
        self.trusted: set[str] = set()  # where that is such as browsers trust
        self.trials: set[str] = set()  # names for which an order is placed on the off chance
        self.asked, self.told = float("-inf"), -1

    def refresh(self) -> bool:
        """Ask the site for its names, now and then; return whether it was asked.

        A site that does not answer keeps those that it had.
        """
        if time.monotonic() - self.asked < ROUND:
            return False
        self.asked = time.monotonic()
        with suppress(CommandRefused):
            asked = Processes(self.site.name, self.port, self.hostname)
            self.take_up([name for name in names_of(asked) if is_name(name)])
        self.tell()
        return True

    def take_up(self, names: list[str]) -> None:
        """Let these be the names of the sites; those under your own certificate need none."""
        covered, until = own_certificate(self.site, self.place)
        if (names, covered, until) == self.known:
            return
        self.known = names, covered, until
        self.own = {name for name in names if certificate.is_covered(name, covered)}
        self.ledger.note_names([name for name in names if name not in self.own], time.time())
        self.trusted = self.own if order.is_trusted(self.place, self.place.fallback) else set()
        for name in self.own:
            self.place.pem(name).unlink(missing_ok=True)
            (self.place.trusted / name).unlink(missing_ok=True)  # its renewals prove nothing here
        self.agree_with_disk()

    def agree_with_disk(self) -> None:
        """Note what is not on the disk any more, and what is there that nobody has noted."""
        there = {file.removesuffix(".pem") for file in os.listdir(self.place.names)}
        noted = {row["name"]: row["until"] for row in self.ledger.all("SELECT * FROM name")}
        self.ledger.lose(name for name, until in noted.items() if until and name not in there)
        for name in there:
            if name in noted and not noted[name]:
                with suppress(order.Refused):
                    self.ledger.note_certificate(name, *order.dates(self.place.pem(name)), False)

    def follow_directory(self) -> None:
        """Where the CA is another one now, forget those certificates that browsers do not trust.

        Such as those of a CA for tests, whose root is there no more.
        """
        path = self.place.private / "directory"
        before = path.read_text() if path.exists() else self.directory
        if before != self.directory:
            rows = self.ledger.all("SELECT name FROM name WHERE until IS NOT NULL")
            files = {row["name"]: self.place.pem(row["name"]) for row in rows}
            self.ledger.lose(
                name for name, file in files.items() if not order.is_trusted(self.place, file)
            )
            self.ledger.wait_no_more()
        write(path, self.directory, 0o600)

    def tell(self) -> None:
        """Tell what has changed since it was told, once it is known which names there are."""
        state = self.ledger.database.total_changes
        if state != self.told and self.known[0]:
            telling.tell(self.place, self.ledger, self.own, self.trusted, self.known[2])
            self.told = state

    def round(self, end: float) -> None:
        """Look at the names that are due, some at a time, and order for those that lead here."""
        self.refresh()
        for name in self.ledger.forget(time.time()):
            self.place.pem(name).unlink(missing_ok=True)
        with leading.probe(self.place.challenges) as look:
            ready: list[sqlite3.Row] = []
            while time.monotonic() < end and not self.ledger.paused(time.time()):
                if not ready:
                    if not (due := self.due()):
                        break
                    ready = self.look_at(due, look)
                    continue
                row = ready.pop(0)
                if self.ledger.may_order(row["name"], time.time()):  # an order may have met a limit
                    self.obtain(row)
                    self.tell()
                if self.refresh():  # a name that has come meanwhile is the next
                    new = [row for row in self.due() if not row["asked"]]
                    ready = self.look_at(new, look) + ready

    def due(self) -> list[sqlite3.Row]:
        """Return some names that are to be looked at: the newest, and who has waited longest."""
        now = time.time()
        due = [row for row in self.ledger.due(now) if row["asked"] < now - AGAIN]
        found = list(self.ledger.allowed(due, now))
        limited = {row["name"] for row in due} - {row["name"] for row in found}
        self.ledger.note_waits([(name, LIMITED) for name in limited], now)
        newest, others = found[: LOOKS // 2], found[LOOKS // 2 :]
        return newest + sorted(others, key=lambda row: row["asked"])[: LOOKS // 2]

    def look_at(self, rows: Sequence[sqlite3.Row], look: Look) -> list[sqlite3.Row]:
        """Return those for which to place an order, in their order; note why not for the others."""
        answers = dict(looked_at([row["name"] for row in rows], look))
        now = time.time()
        waits = {row["name"]: answers.get(row["name"], "") for row in rows}
        hidden = self.is_hidden(answers, look)
        self.ledger.note_waits([(name, str(why)) for name, why in waits.items()], now)
        ready = []
        for row in rows:
            why = answers.get(row["name"], "")
            if why and hidden and isinstance(why, leading.Unreachable):
                if self.is_tried_daily(row, now):
                    self.trials.add(row["name"])
                    ready.append(row)
            elif not why:
                self.trials.discard(row["name"])
                ready.append(row)
        return ready

    def is_hidden(self, answers: dict[str, leading.Elsewhere], look: Look) -> bool:
        """Return whether nobody answers in here at the site's own name either, as behind a NAT."""
        if not any(isinstance(why, leading.Unreachable) for why in answers.values()):
            return False
        if self.hostname not in answers:
            answers = dict(looked_at([self.hostname], look))
        return isinstance(answers.get(self.hostname), leading.Unreachable)

    def is_tried_daily(self, row: sqlite3.Row, now: float) -> bool:
        """Return whether an order is due for a name at which nobody answers from in here."""
        last = "SELECT coalesce(max(at), 0) FROM placed WHERE name = :name"
        return now - self.ledger.count(last, name=row["name"]) > BEHIND_NAT

    def obtain(self, row: sqlite3.Row) -> None:
        """Order the certificate of a name, and note what comes of it."""
        look_for_room(self.place)
        name, now = row["name"], time.time()
        self.ledger.note_order(name, now)
        try:
            since, until = order.place_order(self.place, name, self.directory)
        except order.Refused as refused:
            self.note(name, refused)
        else:
            is_renewal = (row["until"] or 0) > now  # in time
            self.ledger.note_certificate(name, since, until, is_renewal)
            telling.mark_name(self.place, name, telling.insist(row["renewals"] + is_renewal))
            self.ledger.go_on()

    def note(self, name: str, refused: order.Refused) -> None:
        words = str(refused)
        if name in self.trials and refused.of == "name":
            self.ledger.take_back(name)  # it waits for its DNS, and not for the CA
        elif refused.of == "all":
            self.ledger.take_back(name)
            self.ledger.pause(words, time.time(), refused.until)
        elif refused.of == "doubt":
            self.ledger.note_doubt(name, words, time.time(), refused.until)
        elif refused.of == "domain":
            until = refused.until or time.time() + ledger.HOUR
            self.ledger.note_domain(refused.domain, words, until)
        else:
            self.ledger.note_failure(name, words, refused.until)
            self.ledger.go_on()


def looked_at(names: Sequence[str], look: Look) -> Iterator[tuple[str, leading.Elsewhere]]:
    """Yield the names that do not lead here, and why."""
    with ThreadPoolExecutor(LOOKS) as pool:
        asked = {pool.submit(look, name): name for name in names}
        for future in as_completed(asked):
            if isinstance(error := future.exception(), leading.Elsewhere):
                yield asked[future], error
            elif error:
                yield asked[future], leading.Elsewhere(f"it cannot be looked at: {error}")


def look_for_room(place: Place) -> None:
    """CommandRefused where the disk is full: a certificate that is not written counts all the same.

    https://letsencrypt.org/docs/rate-limits/
    """
    for folder in (place.private, place.names):
        disk = os.statvfs(folder)
        if disk.f_bavail * disk.f_frsize < ROOM:
            raise CommandRefused(f"{folder}: the disk is full, so nothing is ordered")


def own_certificate(site: Site, place: Place) -> tuple[set[str], float]:
    """Return the names that your own certificate is for while it is good, and until when."""
    if place.fallback.exists() and not certificate.is_of_server(site, place.fallback):
        with suppress(order.Refused, CommandRefused):
            since, until = order.dates(place.fallback)
            subject, issuer = certificate.parties_of(place.fallback)
            if since < time.time() < until - ledger.DAY and subject != issuer:
                return certificate.names_of(place.fallback), until
    return set(), 0


def run(site: Site, port: int, hostname: str, directory: str) -> dict[str, Any]:
    """Look after the certificates for the time until cron begins the next run."""
    end = time.monotonic() + RUN
    place = Place(site)
    leading.ask_dns_alone()
    with alone(place.lock) as is_alone:
        if not is_alone:
            return {}
        for left in place.private.glob(".order-*"):  # of a run that was cut off, with a key in it
            shutil.rmtree(left)
        try:
            work(Agent(site, port, hostname, directory), end)
        except (sqlite3.Error, OSError) as error:  # such as of a full disk
            raise CommandRefused(f"{place.folder}: {error}") from None
    return {}


def work(agent: Agent, end: float) -> None:
    """Do one round after the other until then."""
    agent.follow_directory()
    while time.monotonic() < end:
        begun = time.monotonic()
        agent.round(end)
        telling.heartbeat(agent.place)
        time.sleep(max(0, min(ROUND - (time.monotonic() - begun), end - time.monotonic())))
