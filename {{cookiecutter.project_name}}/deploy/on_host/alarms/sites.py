"""The home pages of all sites: each is asked for within an hour, a share each minute.

What is kept is a dict: "next", the ID of the site that is asked next; "top", the highest ID that
was asked; "empty", the IDs of sites that have never had a home page; "broken", {ID: [domain, words,
how often in a row]}; "total", the number of sites; "asked", how many were asked since the first of
those that are broken now was found.

A site that is broken is asked again in the next round, and counts when it is so twice. Then the
others are asked five times as fast, and all is told when each was asked: so it is one message.
"""

import http.client
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from .. import databases
from ..postgres import psql
from ..processes import Processes
from ..site import Site

Sites = dict[str, Any]
Ask = Callable[[list[tuple[int, str]]], dict[int, str]]

ROUNDS = 50  # in which each site is asked
LEAST = 20  # sites of a round
FASTER = 5
AT_ONCE = 4
SECONDS = 40  # of a round
NO_PAGE = "answers 404"


def watch(sites: Sites, known: list[tuple[int, str]], ask: Ask) -> None:
    """Ask a share of the known sites, (ID, domain) in the order of their IDs.

    `ask` returns what is wrong with each that it has asked, by ID; empty where nothing is.
    """
    share = share_of(sites, known)
    again = [each for each in known if str(each[0]) in sites.get("broken", {})]
    found = ask([*again, *(each for each in share if each not in again)])
    note(sites, known, found)
    fresh = [site_id for site_id, _domain in share if site_id in found]
    missed = [site_id for site_id, _domain in share if site_id not in found]
    if share:
        ids = [site_id for site_id, _domain in known]
        after = missed[0] if missed else next((i for i in ids if i > share[-1][0]), ids[0])
        sites["next"], sites["total"] = after, len(known)
        sites["top"] = max([sites.get("top", 0), *fresh])
    sites["asked"] = sites.get("asked", 0) + len(fresh) if confirmed(sites) else 0


def share_of(sites: Sites, known: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the sites of this round, from the one that is next."""
    number = max(LEAST, -(-len(known) // ROUNDS))
    if confirmed(sites):
        number *= FASTER
    later = [each for each in known if each[0] >= sites.get("next", 0)]
    before = known[: len(known) - len(later)]
    return [*later, *before][:number]


def note(sites: Sites, known: Iterable[tuple[int, str]], found: dict[int, str]) -> None:
    """Note what was found; a site without a home page is broken only where it has had one."""
    domains = dict(known)
    empty = set(sites.get("empty", [])) & domains.keys()
    broken = {key: each for key, each in sites.get("broken", {}).items() if int(key) in domains}
    for site_id, words in found.items():
        key = str(site_id)
        is_new = site_id > sites.get("top", 0) or site_id in empty
        if not words or (words == NO_PAGE and is_new):
            broken.pop(key, None)
            empty = empty | {site_id} if words else empty - {site_id}
        else:
            often = broken.get(key, ["", "", 0])[2] + 1
            broken[key] = [domains[site_id], words, often]
    sites["empty"], sites["broken"] = sorted(empty), broken


def confirmed(sites: Sites) -> list[list[Any]]:
    """Return [domain, words, how often] of those that were broken twice in a row."""
    return [each for each in sites.get("broken", {}).values() if each[2] > 1]


def problem(sites: Sites) -> str:
    """Return what is wrong, in words, once all sites were asked; empty where nothing is."""
    broken = confirmed(sites)
    if not broken or sites.get("asked", 0) < sites.get("total", 0):
        return ""
    first = [f"{domain} {words}" for domain, words, _often in broken[:3]]
    more = f", and {len(broken) - len(first):,} more" if broken[3:] else ""
    return f"{len(broken):,} of {sites['total']:,} sites: {', '.join(first)}{more}"


# Asking


def known_sites(site: Site) -> list[tuple[int, str]]:
    """Return the ID and the domain of each site, in the order of the IDs."""
    live = databases.of(site)
    rows = psql("SELECT id, domain FROM django_site ORDER BY id", database=live.name, at=live)
    pairs = (row.partition("|") for row in rows)
    return [(int(number), domain.partition(":")[0]) for number, _bar, domain in pairs]


class Visit:
    """Asks NGINX for home pages as visitors do, some at once, over a few connections."""

    def __init__(self, processes: Processes) -> None:
        self.processes = processes
        self.end = time.monotonic() + SECONDS
        self.found: dict[int, str] = {}

    def ask(self, sites: list[tuple[int, str]]) -> dict[int, str]:
        """Return what is wrong with each site by its ID; those that time leaves out are not in."""
        queue = iter(sites)
        lock = threading.Lock()

        def work() -> None:
            connection = None
            while time.monotonic() < self.end:
                with lock:
                    site = next(queue, None)
                if site is None:
                    break
                connection = self.visit(connection, *site)

        threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.found

    def visit(
        self, connection: http.client.HTTPConnection | None, site_id: int, domain: str
    ) -> http.client.HTTPConnection | None:
        """Note how the home page of a site is; return a connection for the next one."""
        for _ in range(2):  # NGINX may have closed one that was used before
            fresh = connection is None
            try:
                connection = connection or self.processes.nginx_connection()
                connection.request("GET", "/", headers={"Host": domain})
                answer = connection.getresponse()
                answer.read()
                self.found[site_id] = words_of(answer.status)
                return connection
            except (OSError, ValueError, http.client.HTTPException) as error:
                if connection:
                    connection.close()
                connection = None
                self.found[site_id] = f"does not answer: {type(error).__name__}"
                if fresh:
                    break
        return None


def words_of(status: int) -> str:
    """Return what is wrong with an answer; one that asks for a password is none."""
    return f"answers {status}" if status >= 400 and status != 401 else ""
