"""Whether the database responds, which a thread of each process finds out while a request is late.

A host that was cut off, or hangs, refuses nothing: whoever asks it waits for the timeouts of TCP,
or for ever. So requests have limits here: a kept page is not waited for at all. A database that is
slow responds to the thread, and is waited for as ever, as it is by commands and cron.
"""

import logging
import select
from contextlib import contextmanager, nullcontext, suppress
from functools import wraps
from os import getpid
from socket import AF_INET, SHUT_RDWR, SOCK_STREAM, fromfd
from threading import Condition, Event, Lock, Thread, get_ident
from time import monotonic, sleep
from weakref import finalize

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

TICK = 0.1  # seconds; a request that takes longer is late
QUICK = 0.4  # seconds for one round trip to a database that responds
SAFE, OTHERS = 1, 3  # seconds for which a request waits for one that does not: GET and HEAD, others

logger = logging.getLogger(__name__)


class Heartbeat:
    """What the threads of this process know of the database.

    ask is a function that returns when the database has responded. It is called in a thread of its
    own, and a second one counts the time meanwhile; both begin with the first request.
    """

    def __init__(self, ask):
        self.ask, self.asking = ask, False
        self.requests = {}  # (since when, for how many seconds it waits), by thread
        self.sockets = {}  # the thread whose connection it is, by socket
        self.ticks = 0  # without a response. They are counted, since this machine may hang as well
        self.responses, self.responded = 0, Condition()
        self.busy, self.wanted = Event(), Event()
        self.starting, self.process = Lock(), None

    def is_missing(self, seconds=0):
        """Return whether the database has not responded for so many seconds, and for QUICK."""
        return self.ticks * TICK >= max(QUICK, seconds)

    def limit_request(self, method):
        """Limit for how long this thread waits for a database that does not respond: a context."""
        self.start()
        return self.limit(monotonic(), SAFE if method in ("GET", "HEAD") else OTHERS)

    def limit_kept(self):
        """Let this thread wait no longer than QUICK, for a kept page; a command has no limit."""
        request = self.requests.get(get_ident())
        return self.limit(request[0], 0) if request else nullcontext()

    @contextmanager
    def limit(self, since, seconds):
        thread = get_ident()
        before = self.requests.get(thread)
        self.requests[thread] = since, seconds
        self.busy.set()
        try:
            yield
        finally:
            if before:
                self.requests[thread] = before
            else:
                del self.requests[thread]

    def start(self):
        with self.starting:
            if self.process != getpid():  # also after a fork, which leaves threads behind
                self.process = getpid()
                self.wanted.set()
                for run in (self.listen, self.watch):
                    Thread(target=run, name=f"heartbeat.{run.__name__}", daemon=True).start()

    def listen(self):
        while True:
            self.wanted.wait()
            self.wanted.clear()
            self.asking = True
            self.ask()
            self.asking = False
            with self.responded:
                self.responses += 1
                self.responded.notify_all()

    def watch(self):
        responses = 0
        while True:
            self.busy.clear()
            if not self.requests and not self.asking:
                self.busy.wait()
            sleep(TICK)
            # To make its connection takes longer: nothing is counted before the first response.
            is_late = self.asking and responses and self.responses == responses
            self.ticks, responses = self.ticks + 1 if is_late else 0, self.responses
            self.look_at_requests()

    def look_at_requests(self):
        late = monotonic() - TICK
        for thread, (since, seconds) in list(self.requests.items()):
            if since < late and not self.asking:
                self.wanted.set()
            if self.is_missing(seconds):
                self.disconnect(thread)

    def disconnect(self, thread):
        """Let what that thread waits for fail."""
        for connected, owner in list(self.sockets.items()):
            if owner == thread:
                with suppress(OSError):  # it is not connected any more
                    connected.shutdown(SHUT_RDWR)

    def await_response(self):
        """Return when the database has responded; OperationalError after the request's limit."""
        request = self.requests.get(get_ident())
        if not request or not self.responses:
            return
        with self.responded:
            responses = self.responses
            self.wanted.set()
            while self.responses == responses:
                if self.is_missing(request[1]):
                    raise OperationalError("the database does not respond")
                self.responded.wait(TICK)

    def watch_connection(self, connection, **kwargs):
        """Keep a second handle of the socket of a request: a receiver of connection_created."""
        if connection.alias == DEFAULT_DB_ALIAS and get_ident() in self.requests:
            driver = connection.connection
            connected = fromfd(driver.fileno(), AF_INET, SOCK_STREAM)
            self.sockets[connected] = get_ident()
            finalize(driver, self.forget, connected)

    def forget(self, connected):
        del self.sockets[connected]
        connected.close()


def ask_database():
    """Return when the database has answered, or has failed at once three times.

    Once may be by chance: the kernel gives a host up after some seconds, for all who look for it.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    failures = 0
    while failures < 3:
        begun = monotonic()
        try:
            with connection.cursor() as cursor:
                return cursor.execute("SELECT 1")
        except Exception:
            logger.info("The database does not respond", exc_info=True)
            connection.close()
        failures = failures + 1 if monotonic() - begun < QUICK else 0


heartbeat = Heartbeat(ask_database)


def limited(method):
    """Return the context of a request; there is no limit for SQLite, nor where no page is kept."""
    if settings.PAGE_CACHE_SECONDS and connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        return heartbeat.limit_request(method)
    return nullcontext()


def connecting(connect):
    """Let requests connect to a database that responds: for another they wait too long."""

    @wraps(connect)
    def connect_if_it_responds(connection):
        if connection.alias == DEFAULT_DB_ALIAS:
            heartbeat.await_response()
        connect(connection)

    return connect_if_it_responds


def ends_are_told(database):
    """Return whether the kernel soon knows that a connection has ended without a word."""
    is_here = str(database.get("HOST") or "/").startswith("/")
    return is_here or "keepalives_idle" in database.get("OPTIONS", {})


def checking(close_if_health_check_failed):
    """Let a connection that is open, and on which nothing has come, be used without a question.

    A server that ends one says so, and the kernel does for one that is gone: "keepalives" of libpq.
    """

    @wraps(close_if_health_check_failed)
    def check_if_something_came(connection):
        driver = connection.connection
        is_told = connection.vendor == "postgresql" and ends_are_told(connection.settings_dict)
        if connection.health_check_enabled and is_told and driver is not None and not driver.closed:
            sockets = select.poll()
            sockets.register(driver.fileno(), select.POLLIN)
            connection.health_check_done |= not sockets.poll(0)
        close_if_health_check_failed(connection)

    return check_if_something_came


def install():
    BaseDatabaseWrapper.connect = connecting(BaseDatabaseWrapper.connect)
    theirs = BaseDatabaseWrapper.close_if_health_check_failed
    BaseDatabaseWrapper.close_if_health_check_failed = checking(theirs)
