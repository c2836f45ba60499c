"""Checks of what the server counts and hears while it runs: see alarms/.

What is counted is brought up to date by alarms/round.py, each minute.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress

from . import system_mail as mail_of_system
from .acme.place import Place
from .alarms import account, jobs, measures, outbox, sites
from .alarms.memory import heard_of
from .checks import Server, Wrong, check
from .pages import Visitors
from .processes import Answer, Connection, Processes
from .virtualenv import problem_of

LATE = 600  # seconds: a round begins each minute
ERRORS, SHARE = 10, 0.05  # of the answers within ten minutes
EVICTIONS = 1000  # values an hour


@check("Does the site answer from outside?", every=1)
def outside(server: Server) -> str | None:
    if not server.site.live or (server.site.state / "maintenance").exists():
        return None
    host, marker = server.live_hostname, server.site.state / "reached"
    is_trusted = (Place(server.site).trusted / host).exists()
    if is_trusted:  # so the name leads here
        try:
            words = seen_at(server, host, connect_to(host, host, trusting(server)))
        except OSError as error:
            # Behind some routers a server cannot reach itself by its public address.
            if marker.exists() and marker.read_text() == host:
                raise Wrong(f"{host} does not answer: {error}", "fab logs") from None
        else:
            if not marker.exists() or marker.read_text() != host:
                with suppress(OSError):
                    marker.write_text(host)
            return words
    address = measures.own_address()
    try:
        return seen_at(server, address, connect_to(address, host, untrusting()))
    except OSError as error:
        raise Wrong(f"{address} does not answer: {error}", "fab logs") from None


def seen_at(server: Server, address: str, connect: Callable[[], Connection]) -> str:
    """Return that the home page is seen at an address; Wrong where it is not."""
    host = server.live_hostname
    asked = Processes(server.name, server.live_port, host)

    def fetch(path: str, cookies: dict[str, str]) -> Answer:
        return asked.answer(connect(), path, cookies)

    try:
        path, answer = Visitors(host, first=True).visit(fetch, "/")
    except http.client.HTTPException as error:
        raise Wrong(f"{address} does not speak HTTP: {error!r}", "fab logs") from None
    if answer.status != 200:
        way = "" if path == "/" else f"leads to {path}, which "
        raise Wrong(f"https://{host}/ {way}answers {answer.status}{answer.elsewhere}", "fab logs")
    return f"https://{host}/ answers, at {address}"


def connect_to(address: str, host: str, context: ssl.SSLContext) -> Callable[[], Connection]:
    """Return a function that opens a connection to an address, as browsers do for a host."""

    def connect() -> Connection:
        connection = http.client.HTTPSConnection(host, timeout=10)
        sock = socket.create_connection((address, 443), timeout=10)
        connection.sock = context.wrap_socket(sock, server_hostname=host)
        return connection

    return connect


def trusting(server: Server) -> ssl.SSLContext:
    """Return a context that trusts what browsers do, and the root of an own CA."""
    context = ssl.create_default_context()
    root = Place(server.site).root
    if root.exists():
        context.load_verify_locations(root)
    return context


def untrusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@check("Do the home pages of all sites answer?", every=1, once=True)
def other_sites(server: Server) -> str | None:
    kept = server.memory["sites"]
    if not kept.get("total", 0) > 1:
        return None
    if words := sites.problem(kept):
        raise Wrong(words, "fab manage checksites")
    return f"{kept['total']:,}, each asked within an hour"


@check("Do visitors see few errors?", every=1)
def errors(server: Server) -> str | None:
    total, wrong = measures.answered(server.memory["measures"])
    if wrong >= ERRORS and wrong >= total * SHARE:
        words = f"{wrong:,} of {total:,} answers of the last ten minutes are errors (5xx)"
        raise Wrong(words, "fab logs")
    return f"{wrong:,} of {total:,} answers of the last ten minutes" if total else None


@check("Do the jobs of cron run?", every=1)
def cron_jobs(server: Server) -> str | None:
    if not server.site.live or not jobs.crontab(server.site).exists():
        return None
    known = jobs.read(server.site)
    if not known:  # of a release of before they were noted
        return None
    if wrong := list(jobs.problems(server.site, time.time())):
        first = wrong[0].partition(" ")[0]
        raise Wrong("; ".join(wrong), f'fab sudo "journalctl -t {server.name}-{first}"')
    return ", ".join(job.name for job in known)


@check("Has the cache room?", every=5)
def evictions(server: Server) -> str | None:
    number = measures.risen(server.memory["measures"], "evictions")
    if number > EVICTIONS:
        words = f"{number:,} values were dropped within an hour to have room for others"
        raise Wrong(f"{words}: raise MEMCACHED_MEGABYTES, then deploy")
    return None


@check("Do the feeds get their tweets?", every=30, once=True)
def feeds(server: Server) -> str | None:
    if not server.site.live or problem_of(server.site, server.site.live):
        return None
    found = server.release_says("feeds")
    if not found.get("feeds"):
        return None
    if found["trouble"]:
        raise Wrong("; ".join(found["trouble"]), 'fab manage "poll_twitter --dry-run"')
    return f"{found['feeds']}"


@check("Where does mail to root go?", every=0)
def system_mail(server: Server) -> str | None:
    return mail_of_system.described(server.site) if server.site.live else None


@check("Who is told when something is wrong?", every=5)
def alarms(server: Server) -> str | None:
    if not server.site.live:
        return None
    if time.time() - heard_of(server.site) > LATE:
        words = "the server has not asked itself for ten minutes"
        raise Wrong(words, f'fab sudo "journalctl -t {server.name}-watch"')
    if late := outbox.late(server.memory["outbox"], time.time()):
        raise Wrong("; ".join(f"{name} cannot be told: {words}" for name, words in late.items()))
    who = account.recipients(account.load(server.site))
    return ", ".join(who) or "nobody; fab secret ADMINS, or ALARM_URL"
