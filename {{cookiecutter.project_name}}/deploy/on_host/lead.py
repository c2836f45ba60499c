"""Which hosts serve the site, which of them leads, and whether this one is abreast of the others.

Several HOSTS have one database, and agree there: see agreement.py.

ROOT/state/hosts.json is what this host knows of it: {"me": NAME, "hosts": [[NAME, ADDRESS], ...]};
it is there where there are several. The first of them that is alive, and has what was put live
last, leads: it runs what is done once for all, see job.sh, while ROOT/state/leads is there and
fresh.
"""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from . import (
    agreement,
    aside,
    databases,
    handed_on,
    moving_uploads,
    peers,
    releases,
    secret_settings,
)
from .agreement import ALIVE, MOVED, Row, Stand, enter, look
from .files import write
from .site import Refused, Site, do_all

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
    """Let this host know the hosts, pairs of a name and an address, and NGINX the others.

    Refused, and it is tried again, where NGINX is not told.
    """
    others = [address for name, address in hosts if name != me and address]
    if len(hosts) > 1:
        peers.make(site)
    peers.put(site, others)
    if len(hosts) > 1:
        write(path(site), json.dumps({"me": me, "hosts": [list(pair) for pair in hosts]}))
    else:
        forget(site)


def forget(site: Site) -> None:
    """Let this host do all by itself."""
    path(site).unlink(missing_ok=True)
    leads(site).unlink(missing_ok=True)


def settle(site: Site, jobs: Collection[str]) -> None:
    """Let a host do all by itself that was deployed as the only one: no job follows the others."""
    if "hosts" not in jobs:
        forget(site)


def mine(site: Site) -> Stand:
    """Return what is live here; serve.sh does the same. Without the keys nobody can guess at it."""
    texts = [
        file.read_bytes() if file.exists() else nothing
        for file, nothing in (
            (site.shared / "secrets.json", b""),
            (secret_settings.in_force(site), b"{}"),
        )
    ]
    return Stand(site.live, hashlib.sha256(b"".join(texts)).hexdigest())


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


# What the database knows


def sign(site: Site, me: str) -> None:
    """Show that this host is alive, and what it has live for visitors."""
    stand = mine(site) if aside.serves(site) else mine(site)._replace(release="")
    agreement.sign(site, me, stand, aside.closed(site).exists())


# Commands


def join(site: Site, me: str, hosts: Sequence[Sequence[str]], first: bool) -> dict[str, Any]:
    """Let this host know the hosts, pairs of a name and an address; the `first` tells the database.

    That is for a host on which a release is live.
    """
    if first:
        enter(site, hosts)
    else:
        moving_uploads.forget(site)
    rows, _wanted = look(site)
    keep(site, me, [(row.name, row.address) for row in rows])
    if len(hosts) > 1:
        sign(site, me)
    return {}


def note(site: Site) -> dict[str, Any]:
    """Note that what is live here is what all hosts are to have live."""
    agreement.note(site, mine(site))
    before = releases.before(site, releases.history(site))
    if before and databases.url_of(site, before) not in ("", databases.url_of(site, site.live)):
        with suppress(Refused):  # it may be gone
            agreement.let_go(site, before)
    return {}


def change_secret(site: Site, setting: str, app: str, value: str | None) -> dict[str, bool]:
    """Change a setting, as `change` of secret_settings.py; of several hosts all are to have it."""
    done = secret_settings.change(site, setting, app, value)
    if read(site):
        stand = mine(site)
        with suppress(Refused):  # the database is away
            agreement.note_settings(site, stand)
    return done


def leave(site: Site) -> dict[str, Any]:
    """Let the others know that this host is none any more; return "left", the names of those.

    And "told", whether the database knows it now: it may be away.
    """
    known, told = read(site), True
    if known and site.live:  # one that was never live is not in it
        try:
            agreement.leave(site, known["me"])
        except Refused:
            told = False
    return {"left": [name for name in names(site) if name != known["me"]], "told": told}


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
            behind = aside.is_aside(site)
    made = (site.shared / "secrets.json").exists()
    return {"live": site.live, "behind": behind, "made": made, "hosts": names(site)}


def follow(site: Site) -> dict[str, Any]:
    """Show life, and follow what the database says of the hosts: each minute, for cron.

    Where one of these fails the others are done all the same; Refused with all that has failed.
    """
    known = read(site)
    if not known or not site.live:
        return {}
    try:
        me, (rows, wanted) = known["me"], seen(site, known)
    except Refused:
        aside.follow_alone(site)
        raise
    pairs = [[row.name, row.address] for row in rows]
    is_one = me in [row.name for row in rows]
    is_first = is_one and leader(rows, wanted) == me
    is_due = must_stand_aside(me, mine(site), rows, wanted)
    is_over = has_gone_on(me, rows, wanted)
    is_first = agreement.claim_the_lead(site, me, is_first)
    todo: list[Callable[[], object]] = [partial(take_the_lead if is_first else let_lead, site)]
    if is_one and pairs != known["hosts"]:
        todo.append(partial(keep, site, me, pairs))
    todo.append(partial(aside.follow, site, is_due, is_over))
    if any(row.alive and not row.closed and row.stand == wanted for row in rows if row.name != me):
        todo.append(partial(aside.reopen, site))
    if is_one:
        todo.append(partial(handed_on.follow, site, is_first))
    do_all(todo)
    return {}


def seen(site: Site, known: dict[str, Any]) -> tuple[list[Row], Stand | None]:
    """Show life; return what `look` does."""
    try:
        sign(site, known["me"])
        return look(site)
    except Refused as refused:
        if "does not exist" not in str(refused):
            raise
        enter(site, known["hosts"])  # a restore has put a database in place that has no such tables
        sign(site, known["me"])
        return look(site)


def leader(rows: Sequence[Row], wanted: Stand | None) -> str:
    """Return who leads: the first of those alive that have what was put live last, or of all."""
    alive = [row for row in rows if row.alive]
    fit = [row for row in alive if wanted in (None, row.stand)]
    return next((row.name for row in fit or alive), "")


def take_the_lead(site: Site) -> None:
    """Let it be seen that this host leads, and since when; the time of the file is that of now."""
    begun = since(site)
    if not is_to_lead(site):
        begun = time.time()
        with suppress(Refused):  # what cannot be opened is of use to nobody
            handed_on.catch_up(site)
    write(leads(site), str(begun or time.time()))


def let_lead(site: Site) -> None:
    """Let another host do what is done once for all of them."""
    leads(site).unlink(missing_ok=True)
    moving_uploads.forget(site, older=moving_uploads.DAY)


def has_gone_on(me: str, rows: Sequence[Row], wanted: Stand | None) -> bool:
    """Return whether the site is served by others, or from another database, and never here."""
    is_moved = wanted is not None and wanted.release == MOVED
    return is_moved or (bool(rows) and me not in [row.name for row in rows])


def must_stand_aside(me: str, stand: Stand, rows: Sequence[Row], wanted: Stand | None) -> bool:
    """Return whether a host has to leave the visitors to the others.

    It has something else live than what was put live last, which another one that is alive has.
    """
    if wanted is None or stand == wanted:
        return False
    return any(row.alive and row.stand == wanted for row in rows if row.name != me)
