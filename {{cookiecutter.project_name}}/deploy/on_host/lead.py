"""Which hosts serve the site, which of them leads, and whether this one is abreast of the others.

Several HOSTS have one database, and agree there. The table deployed_hosts has a row for each: its
name and place in HOSTS, the address that the others reach it at, the release and the digest of the
settings that it has live, and its last sign of life, by the clock of the database. The table
deployed_release has what was put live last, on all hosts that answered. Dumps leave both out.

ROOT/state/hosts.json is what this host knows of it: {"me": NAME, "hosts": [[NAME, ADDRESS], ...]};
it is there where there are several. The first of them that is alive, and has what was put live
last, leads: it runs what is done once for all, see job.sh, while ROOT/state/leads is there and
fresh.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import databases, deployed, handed_on, lease, peers, supervisor
from .databases import HOSTS, RELEASE
from .files import make_flag, write
from .postgres import psql
from .processes import Processes
from .site import Refused, Site

ALIVE = 180  # seconds since the last sign of life; one is given each minute
TABLES = f"""
CREATE TABLE IF NOT EXISTS {HOSTS} (
    name text PRIMARY KEY, place int NOT NULL, address text NOT NULL,
    release text NOT NULL DEFAULT '', settings text NOT NULL DEFAULT '', seen timestamptz
);
CREATE TABLE IF NOT EXISTS {RELEASE} (release text NOT NULL, settings text NOT NULL);
"""
SIGN = """
UPDATE {table} SET seen = clock_timestamp(), release = '{release}', settings = '{settings}'
WHERE name = '{me}'
"""
LOOK = f"""
SELECT h.name, h.address, h.release, h.settings,
    coalesce(h.seen > clock_timestamp() - interval '{ALIVE} seconds', false),
    coalesce(w.release, ''), coalesce(w.settings, '')
FROM {HOSTS} h LEFT JOIN {RELEASE} w ON true ORDER BY h.place, h.name
"""


class Stand(NamedTuple):
    """What a host has live: the release, and the digest of the settings of fab secret."""

    release: str
    settings: str


class Row(NamedTuple):
    """A host, as the database knows it; `alive`: it has shown life within ALIVE."""

    name: str
    address: str
    stand: Stand
    alive: bool


# What this host knows


def path(site: Site) -> Path:
    return site.state / "hosts.json"


def read(site: Site) -> dict[str, Any]:
    """Return "me" and "hosts", see above; empty where there is one host alone."""
    return json.loads(path(site).read_text()) if path(site).exists() else {}


def names(site: Site) -> list[str]:
    """Return the names of all hosts in the order of HOSTS; empty where there is one alone."""
    return [name for name, _address in read(site).get("hosts", [])]


def keep(site: Site, me: str, hosts: Sequence[Sequence[str]]) -> None:
    """Let this host know the hosts, pairs of a name and an address, and NGINX the others."""
    if len(hosts) > 1:
        write(path(site), json.dumps({"me": me, "hosts": [list(pair) for pair in hosts]}))
    else:
        path(site).unlink(missing_ok=True)
        leads(site).unlink(missing_ok=True)
    if len(hosts) > 1:
        peers.make(site)
    peers.put(site, [address for name, address in hosts if name != me and address])


def mine(site: Site) -> Stand:
    """Return what is live here."""
    settings = site.shared / "settings.json"
    text = settings.read_bytes() if settings.exists() else b""
    return Stand(site.live, hashlib.sha256(text).hexdigest())


def leads(site: Site) -> Path:
    return site.state / "leads"


def is_to_lead(site: Site) -> bool:
    """Return whether this host does what is done once for all of them; one alone does it all."""
    try:
        return not read(site) or time.time() - leads(site).stat().st_mtime < ALIVE
    except FileNotFoundError:
        return False


def since(site: Site) -> float:
    """Return since when this host leads, as time.time() has it; 0 where there is none but it."""
    try:
        return float(leads(site).read_text() or 0)
    except (FileNotFoundError, ValueError):
        return 0


def abreast(site: Site) -> Path:
    """Return the file that lets serve.sh start gunicorn unasked; a reboot removes it."""
    return Path(f"/run/{site.name}/abreast")


# What the database knows


def ask(site: Site, *statements: str) -> list[str]:
    live = databases.of(site)
    return psql(*statements, database=live.name, at=live)


def look(site: Site) -> tuple[list[Row], Stand | None]:
    """Return the rows of all hosts, in the order of HOSTS, and what was put live last, if any."""
    rows, wanted = [], None
    for line in ask(site, LOOK):
        name, address, release, settings, alive, *last = line.split("|")
        rows.append(Row(name, address, Stand(release, settings), alive == "t"))
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


def sign(site: Site, me: str) -> None:
    """Show that this host is alive, and what it has live."""
    ask(site, SIGN.format(table=HOSTS, me=me, **mine(site)._asdict()))


# Commands


def join(site: Site, me: str, hosts: Sequence[Sequence[str]], first: bool) -> dict[str, Any]:
    """Let this host know the hosts, pairs of a name and an address; the `first` tells the database.

    That is for a host on which a release is live.
    """
    if first:
        enter(site, hosts)
    rows, _wanted = look(site)
    keep(site, me, [(row.name, row.address) for row in rows])
    if len(hosts) > 1:
        sign(site, me)
    return {}


def note(site: Site) -> dict[str, Any]:
    """Note that what is live here is what all hosts are to have live."""
    stand = mine(site)
    ask(
        site,
        f"{TABLES} BEGIN; DELETE FROM {RELEASE};"
        f" INSERT INTO {RELEASE} VALUES ('{stand.release}', '{stand.settings}'); COMMIT",
    )
    return {}


def leave(site: Site) -> dict[str, list[str]]:
    """Let the others know that this host is none any more; return "left", the names of those."""
    known = read(site)
    if known:
        ask(site, f"DELETE FROM {HOSTS} WHERE name = '{known['me']}'")
    return {"left": [name for name in names(site) if name != known["me"]]}


def tell(site: Site) -> dict[str, Any]:
    """Return how this host stands, for who chooses one: "live", and "behind" of what others have.

    Also "made", whether it has the site's secrets, and "hosts", the names of all hosts.
    """
    behind = False
    if site.live and read(site):
        try:
            _rows, wanted = look(site)
            behind = wanted is not None and wanted != mine(site)
        except Refused:  # the database is away, or new
            behind = is_aside(site)
    made = (site.shared / "secrets.json").exists()
    return {"live": site.live, "behind": behind, "made": made, "hosts": names(site)}


def follow(site: Site) -> dict[str, Any]:
    """Show life, and follow what the database says of the hosts: each minute, for cron."""
    known = read(site)
    if not known or not site.live:
        return {}
    try:
        sign(site, known["me"])
        rows, wanted = look(site)
    except Refused as refused:
        if "does not exist" not in str(refused):
            raise
        enter(site, known["hosts"])  # a restore has put a database in place that has no such tables
        sign(site, known["me"])
        rows, wanted = look(site)
    pairs = [[row.name, row.address] for row in rows]
    is_one = known["me"] in [row.name for row in rows]
    if is_one and pairs != known["hosts"]:
        keep(site, known["me"], pairs)
    fit = [row.name for row in rows if row.alive and wanted in (None, row.stand)]
    if is_first := is_one and fit[:1] == [known["me"]]:
        take_the_lead(site)
    else:
        leads(site).unlink(missing_ok=True)
    if lease.holder(site.state) is None:  # a deploy is ahead of what it has noted
        stand_aside(site, must_stand_aside(known["me"], mine(site), rows, wanted))
    if is_one:
        handed_on.follow(site, is_first)
    return {}


def take_the_lead(site: Site) -> None:
    """Let it be seen that this host leads, and since when; the time of the file is that of now."""
    write(leads(site), str(since(site) or time.time()))


def must_stand_aside(me: str, stand: Stand, rows: Sequence[Row], wanted: Stand | None) -> bool:
    """Return whether a host has to leave the visitors to the others.

    It is none of them any more, or it has something else live than what was put live last, which
    another one that is alive has.
    """
    if me not in [row.name for row in rows]:
        return bool(rows)
    if wanted is None or stand == wanted:
        return False
    return any(row.alive and row.stand == wanted for row in rows if row.name != me)


def aside(site: Site) -> Path:
    """Return the file that is there while this host leaves the visitors to the others."""
    return site.state / "aside"


def use_others(site: Site) -> Path:
    """Return the file that makes NGINX ask the others first: see nginx.conf.template."""
    return Path(f"/run/{site.name}/stand-aside")


def is_aside(site: Site) -> bool:
    return aside(site).exists()


def stand_aside(site: Site, is_due: bool) -> None:
    """Stop gunicorn, so that NGINX has those of the others alone, or let it serve again."""
    port = deployed.kept(site, site.live).get("GUNICORN_PORT", 0)
    processes = Processes(site.name, port, "")
    if is_due:
        aside(site).touch()
        make_flag(use_others(site))
        abreast(site).unlink(missing_ok=True)
        if supervisor.state_of(processes.main) in ("RUNNING", "STARTING"):
            processes.stop(processes.main)
    elif is_aside(site):
        make_flag(abreast(site))
        processes.start(processes.main)
        serve_again(site)


def serve_again(site: Site) -> None:
    """Let NGINX ask this host's own gunicorn first, which may start."""
    make_flag(abreast(site))
    use_others(site).unlink(missing_ok=True)
    aside(site).unlink(missing_ok=True)
