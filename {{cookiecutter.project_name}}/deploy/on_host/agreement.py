"""What the hosts of a site tell each other in its database.

The table deployed_hosts has a row for each: its name and place in HOSTS, the address that the
others reach it at, the release and the digest of the settings that it has live, whether it is
closed for maintenance, and its last signs of life and of leading, by the clock of the database. The
table deployed_release has what was put live last, on all hosts that answered. Dumps leave both out.
"""

from collections.abc import Sequence
from typing import NamedTuple

from . import databases
from .databases import HOSTS, RELEASE
from .postgres import psql
from .site import Site

ALIVE = 180  # seconds since the last sign of life; one is given each minute
TABLES = f"""
CREATE TABLE IF NOT EXISTS {HOSTS} (
    name text PRIMARY KEY, place int NOT NULL, address text NOT NULL,
    release text NOT NULL DEFAULT '', settings text NOT NULL DEFAULT '',
    seen timestamptz, leads timestamptz
);
ALTER TABLE {HOSTS} ADD COLUMN IF NOT EXISTS closed bool NOT NULL DEFAULT false;
CREATE TABLE IF NOT EXISTS {RELEASE} (
    release text NOT NULL, settings text NOT NULL,
    one bool PRIMARY KEY DEFAULT true CHECK (one)
);
"""
NOTE = """
INSERT INTO {table} VALUES ('{release}', '{settings}')
ON CONFLICT (one) DO UPDATE SET release = excluded.release, settings = excluded.settings
"""
MOVED = "moved"  # what is put live last in a database that the site has no more; no release's name
SIGN = """
UPDATE {table} SET seen = clock_timestamp(), release = '{release}', settings = '{settings}',
    closed = {closed}
WHERE name = '{me}'
"""
LOOK = f"""
SELECT h.name, h.address, h.release, h.settings,
    coalesce(h.seen > clock_timestamp() - interval '{ALIVE} seconds', false), h.closed,
    w.release, w.settings
FROM {HOSTS} h FULL JOIN {RELEASE} w ON true ORDER BY h.place, h.name
"""


class Stand(NamedTuple):
    """What a host has live: the release, and a digest of its secrets and those of fab secret.

    Of a host whose gunicorn does not answer, the database has no release.
    """

    release: str
    settings: str


class Row(NamedTuple):
    """A host, as the database knows it; `alive`: it has shown life within ALIVE.

    `closed`: visitors get 503 there, for maintenance.
    """

    name: str
    address: str
    stand: Stand
    alive: bool
    closed: bool = False


def ask(site: Site, *statements: str) -> list[str]:
    live = databases.of(site)
    return psql(*statements, database=live.name, at=live)


def look(site: Site) -> tuple[list[Row], Stand | None]:
    """Return the rows of all hosts, in the order of HOSTS, and what was put live last, if any."""
    rows, wanted = [], None
    for line in ask(site, LOOK):
        name, address, release, settings, alive, closed, *last = line.split("|")
        if name:
            row = Row(name, address, Stand(release, settings), alive == "t", closed == "t")
            rows.append(row)
        wanted = Stand(*last) if last[0] else None
    return rows, wanted


def enter(site: Site, hosts: Sequence[Sequence[str]]) -> None:
    """Let the database have these hosts, pairs of a name and an address, and no others.

    An empty address is that of before.
    """
    rows = ", ".join(
        f"('{name}', {place}, '{address}')" for place, (name, address) in enumerate(hosts)
    )
    there = ", ".join(f"'{name}'" for name, _address in hosts)
    ask(
        site,
        f"{TABLES} DELETE FROM {HOSTS} WHERE name NOT IN ({there});"
        f" INSERT INTO {HOSTS} (name, place, address) VALUES {rows} ON CONFLICT (name) DO UPDATE"
        f" SET place = excluded.place,"
        f" address = coalesce(nullif(excluded.address, ''), {HOSTS}.address)",
    )


def let_go(site: Site, release: str) -> None:
    """Let hosts that come back with that release's database, which the site has left, serve nobody.

    The rows of those that are in use there go.
    """
    last = databases.of(site, release)
    note = TABLES + NOTE.format(table=RELEASE, release=MOVED, settings="")
    psql(f"{note}; DELETE FROM {HOSTS}", database=last.name, at=last)


def sign(site: Site, me: str, stand: Stand, closed: bool) -> None:
    """Show that a host is alive, what it has live for visitors, and whether it is closed."""
    ask(site, SIGN.format(table=HOSTS, me=me, closed=closed, **stand._asdict()))


def note(site: Site, stand: Stand) -> None:
    """Note what all hosts are to have live."""
    ask(site, TABLES + NOTE.format(table=RELEASE, **stand._asdict()))


def note_settings(site: Site, stand: Stand) -> None:
    """Note which settings all hosts are to have with a release, where they are to have that."""
    ask(
        site,
        f"UPDATE {RELEASE} SET settings = '{stand.settings}' WHERE release = '{stand.release}'",
    )


def claim_the_lead(site: Site, me: str, is_first: bool) -> bool:
    """Return whether a host leads, which is to where it is the first that can.

    One that was the first until now gives it up before: what it does once for all, it may still do.
    """
    since = f"clock_timestamp() - interval '{ALIVE} seconds'"
    another = f"SELECT FROM {HOSTS} WHERE name <> '{me}' AND leads > {since} AND seen > {since}"
    claim = f"CASE WHEN {is_first} AND NOT EXISTS ({another}) THEN clock_timestamp() END"
    sql = f"UPDATE {HOSTS} SET leads = {claim} WHERE name = '{me}' RETURNING leads IS NOT NULL"
    return ask(site, sql) == ["t"]


def leave(site: Site, name: str) -> None:
    """Let a host be none of them any more."""
    ask(site, f"DELETE FROM {HOSTS} WHERE name = '{name}'")
