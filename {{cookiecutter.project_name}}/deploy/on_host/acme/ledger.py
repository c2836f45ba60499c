"""What the agent knows of each name, and which orders it has placed, on its disk.

What is about to be done is written before it is begun: a crash, or a full disk, never leads to an
order more. The figures are those of Let's Encrypt, https://letsencrypt.org/docs/rate-limits/,
less what is left for who else orders for the same domain.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

MINUTE, HOUR, DAY = 60, 3600, 86400
ORDERS, ORDERS_OF_NEW = 250, 290  # in three hours: 300 an account, a part of it for new names
OF_DOMAIN, OF_DOMAIN_OF_NEW = 38, 48  # in a week: 50 a registered domain
NEW = HOUR  # a name is new for so long
FIRST_WAIT, LONGEST_WAIT = 15 * MINUTE, DAY  # after a CA has refused an order

SCHEMA = """
CREATE TABLE IF NOT EXISTS name (
    name TEXT PRIMARY KEY,
    seen REAL NOT NULL,                -- when the sites first had it
    gone REAL,                         -- since when they have it no more
    since REAL, until REAL,            -- of its certificate
    renewals INTEGER NOT NULL DEFAULT 0,
    waits TEXT NOT NULL DEFAULT '',    -- why nothing is ordered
    error TEXT NOT NULL DEFAULT '',    -- why the last order failed
    failing REAL,                      -- since when
    failures INTEGER NOT NULL DEFAULT 0,
    asked REAL NOT NULL DEFAULT 0,     -- when the DNS was asked
    next REAL NOT NULL DEFAULT 0       -- when it may be ordered
);
CREATE TABLE IF NOT EXISTS placed (at REAL NOT NULL, name TEXT NOT NULL, domain TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS placed_at ON placed (at);
CREATE TABLE IF NOT EXISTS pause (until REAL NOT NULL, tries INTEGER NOT NULL, reason TEXT);
CREATE TABLE IF NOT EXISTS doubt (name TEXT PRIMARY KEY);  -- at whose orders the CA has failed
"""
# The fraction of its life after which a certificate is renewed: two thirds, and half where that is
# short. https://letsencrypt.org/docs/integration-guide/#when-to-renew
DUE = f"""
(until IS NULL OR :now > since + (until - since) * CASE WHEN until - since < {10 * DAY}
                                                   THEN 0.5 ELSE 0.667 END)
"""


class Ledger:
    """The file; all times are seconds since 1970."""

    def __init__(self, path: Path, domain_of: Callable[[str], str] | None) -> None:
        self.domain_of = domain_of  # what the CA counts names by, if it does: see domains.py
        path.touch(0o600)
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.row_factory = sqlite3.Row
        self.database.executescript(SCHEMA)

    def all(self, sql: str, **values: object) -> list[sqlite3.Row]:
        return self.database.execute(sql, values).fetchall()

    def count(self, sql: str, **values: object) -> int:
        return int(self.database.execute(sql, values).fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Let what is written in the block be written whole, or not at all."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    # Names

    def note_names(self, names: Sequence[str], now: float) -> None:
        """Take up which names the sites have, the newest first; the others are gone since now.

        An empty list is no list: it removes nothing.
        """
        if not names:
            return
        with self.transaction():
            self.database.execute("CREATE TEMP TABLE IF NOT EXISTS listed (name TEXT PRIMARY KEY)")
            self.database.execute("DELETE FROM listed")
            rows = [(name,) for name in names]
            self.database.executemany("INSERT OR IGNORE INTO listed VALUES (?)", rows)
            known = {row["name"] for row in self.all("SELECT name FROM name")}
            new = (name for name in dict.fromkeys(names) if name not in known)
            # The order of the list is that of the times.
            rows_of_new = [(name, now - place / 1e5) for place, name in enumerate(new)]
            self.database.executemany("INSERT INTO name (name, seen) VALUES (?, ?)", rows_of_new)
            back = "gone IS NOT NULL AND name IN listed"
            self.all(f"UPDATE name SET gone = NULL, seen = :now WHERE {back}", now=now)
            gone = "gone IS NULL AND name NOT IN listed"
            self.all(f"UPDATE name SET gone = :now WHERE {gone}", now=now)

    def lose(self, names: Iterable[str]) -> None:
        """Note that these names have no certificate any more."""
        rows = [(name,) for name in names]
        lost = "UPDATE name SET since = NULL, until = NULL, renewals = 0 WHERE name = ?"
        with self.transaction():
            self.database.executemany(lost, rows)

    def forget(self, now: float) -> list[str]:
        """Forget the names that are gone for a day, and return them; and orders of last week."""
        self.database.execute("DELETE FROM placed WHERE at < ?", (now - 7 * DAY,))
        gone = "DELETE FROM name WHERE gone < :before RETURNING name"
        return [row["name"] for row in self.all(gone, before=now - DAY)]

    def due(self, now: float) -> list[sqlite3.Row]:
        """Return the names whose certificate is to be ordered: the newest first, then renewals."""
        return self.all(
            f"SELECT * FROM name WHERE gone IS NULL AND next <= :now AND {DUE}"
            " ORDER BY until IS NOT NULL, until, seen DESC, name",
            now=now,
        )

    def may_order(self, name: str, now: float) -> bool:
        """Return whether the certificate of a name may be ordered now, by all orders until now."""
        due = f"SELECT * FROM name WHERE name = :name AND gone IS NULL AND next <= :now AND {DUE}"
        return any(self.allowed(self.all(due, name=name, now=now), now))

    def note_waits(self, waits: Iterable[tuple[str, str]], now: float) -> None:
        """Note of each name why nothing is ordered, or an empty str."""
        rows = [(why, now, name) for name, why in waits]
        with self.transaction():
            change = "UPDATE name SET waits = ?, asked = ? WHERE name = ?"
            self.database.executemany(change, rows)

    # Orders

    def allowed(self, rows: Iterable[sqlite3.Row], now: float) -> Iterator[sqlite3.Row]:
        """Yield those of the rows for whose names the limits leave an order."""
        if not self.domain_of:
            yield from rows
            return
        count = "SELECT count(*) FROM placed WHERE at > :since"
        placed = self.count(count, since=now - 3 * HOUR)
        by_domain = (
            "SELECT domain, count(*) AS placed FROM placed WHERE at > :since GROUP BY domain"
        )
        of = {row["domain"]: row["placed"] for row in self.all(by_domain, since=now - 7 * DAY)}
        for row in rows:
            is_new = row["seen"] > now - NEW and row["until"] is None
            # Renewing the same names is not counted by domain.
            of_domain = 0 if row["until"] else of.get(self.domain_of(row["name"]), 0)
            if placed < (ORDERS_OF_NEW if is_new else ORDERS) and of_domain < (
                OF_DOMAIN_OF_NEW if is_new else OF_DOMAIN
            ):
                yield row

    def note_order(self, name: str, now: float) -> None:
        """Note an order before it is placed, as one that has failed."""
        with self.transaction():
            domain = self.domain_of(name) if self.domain_of else ""
            self.database.execute("INSERT INTO placed VALUES (?, ?, ?)", (now, name, domain))
            self.database.execute(
                "UPDATE name SET failures = failures + 1, failing = coalesce(failing, :now),"
                " error = 'the order was cut off',"
                " next = :now + min(:first * (1 << min(failures, 10)), :longest)"
                " WHERE name = :name",
                {"now": now, "first": FIRST_WAIT, "longest": LONGEST_WAIT, "name": name},
            )

    def note_failure(self, name: str, error: str, until: float = 0) -> None:
        """Note why an order has failed, and until when there is to be no other."""
        change = "UPDATE name SET error = ?, next = max(next, ?) WHERE name = ?"
        self.database.execute(change, (error, until, name))
        self.uncount(name)

    def note_doubt(self, name: str, error: str, now: float, until: float = 0) -> None:
        """Note that the CA has failed at an order: nobody knows whether the name is to blame.

        It waits a minute and longer each time, and keeps no other waiting; unless the CA fails at
        the order of another one too, before it has answered to any. What has passed within some
        minutes is told as no failure.
        """
        self.uncount(name)
        self.database.execute(
            "UPDATE name SET waits = :error,"
            " error = CASE WHEN failures > 3 THEN :error ELSE '' END,"
            " next = max(:until, :now + min(:minute * (1 << min(failures - 1, 10)), :hour))"
            " WHERE name = :name",
            {"error": error, "until": until, "now": now, "name": name}
            | {"minute": MINUTE, "hour": HOUR},
        )
        self.database.execute("INSERT OR IGNORE INTO doubt VALUES (?)", (name,))
        if self.count("SELECT count(*) FROM doubt") > 1:
            self.pause(error, now, until)

    def note_domain(self, domain: str, error: str, until: float) -> None:
        """Let all names of a domain wait that have no certificate yet."""
        self.database.execute(
            "UPDATE name SET error = ?, next = max(next, ?) WHERE until IS NULL"
            " AND (name = ? OR name LIKE ?)",
            (error, until, domain, f"%.{domain}"),
        )

    def take_back(self, name: str) -> None:
        """Forget the failure of an order for which the name is not to blame."""
        self.database.execute(
            "UPDATE name SET failures = max(failures - 1, 0), next = 0, error = '',"
            " failing = CASE WHEN failures > 1 THEN failing END WHERE name = ?",
            (name,),
        )
        self.uncount(name)

    def uncount(self, name: str) -> None:
        """Let orders that have failed not count as certificates of the domain."""
        self.database.execute("UPDATE placed SET domain = '' WHERE name = ?", (name,))

    def mend_clock(self, now: float) -> None:
        """Forget what was noted while the clock was ahead: it would hold until then."""
        ahead = now + MINUTE
        with self.transaction():
            if self.count("SELECT count(*) FROM placed WHERE at > :ahead", ahead=ahead):
                self.wait_no_more()
                self.database.execute("DELETE FROM placed WHERE at > ?", (ahead,))
            self.database.execute("UPDATE name SET asked = 0 WHERE asked > ?", (ahead,))
            self.database.execute("UPDATE name SET seen = ? WHERE seen > ?", (now, ahead))

    def wait_no_more(self) -> None:
        """Let no name wait for what a CA has said, or for how it was."""
        self.database.execute("UPDATE name SET next = 0")
        self.go_on()

    def note_certificate(self, name: str, since: float, until: float, is_renewal: bool) -> None:
        """Note the certificate that a name has now."""
        self.database.execute(
            "UPDATE name SET since = ?, until = ?, renewals = renewals + ?, waits = '', error = '',"
            " failing = NULL, failures = 0, next = 0 WHERE name = ?",
            (since, until, int(is_renewal), name),
        )

    # When the CA is to be left alone

    def paused(self, now: float) -> str:
        """Return why nothing is ordered for any name; empty where that may be."""
        found = self.all("SELECT * FROM pause WHERE until > :now", now=now)
        return found[0]["reason"] if found else ""

    def pause(self, reason: str, now: float, until: float = 0) -> None:
        """Order nothing for a while, a minute and longer each time; or until then."""
        tries = self.count("SELECT coalesce(max(tries), 0) FROM pause")
        with self.transaction():
            self.database.execute("DELETE FROM pause")
            until = until or now + min(MINUTE * 2**tries, HOUR)
            values = (until, min(tries + 1, 10), reason)
            self.database.execute("INSERT INTO pause VALUES (?, ?, ?)", values)

    def go_on(self) -> None:
        """The CA has answered."""
        self.database.execute("DELETE FROM pause")
        self.database.execute("DELETE FROM doubt")
