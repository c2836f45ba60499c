"""Readers and writers of a site behind a load balancer, of whom each answer is counted.

A writer sends a form with a number of its own. What was acknowledged has to be in the
database afterwards.
"""

import http.client
import itertools
import re
import threading
import time
from typing import NamedTuple
from urllib.parse import urlencode

from load import TOKEN, Connection

READERS, WRITERS, PAUSE = 4, 2, 0.25  # PAUSE: seconds
NUMBERS = itertools.count(1)  # of all visitors: a row of earlier ones stands for none that is lost
FORM = "/numbers/"


class Answer(NamedTuple):
    """When it was asked for and came, by time.monotonic, and the status, or the error."""

    begun: float
    ended: float
    kind: str
    status: object


class Visitors:
    """A `with` block with visitors at a port of this machine: .answers, and .written."""

    def __init__(self, port, name):
        self.port, self.name = port, name
        self.answers, self.written = [], []
        self.fields = self.find_fields()
        self.over = threading.Event()
        kinds = ["uncached", "kept"] * (READERS // 2) + ["sent"] * WRITERS
        self.threads = [threading.Thread(target=self.visit, args=(kind,)) for kind in kinds]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def find_fields(self):
        connection = self.connect()
        connection.request("GET", FORM, headers={"Host": self.name})
        page = connection.getresponse().read().decode()
        return list(dict.fromkeys(re.findall(r'name="(field_\d+)"', page)))

    def connect(self):
        return Connection("127.0.0.1", self.name, port=self.port)

    def visit(self, kind):
        while not self.over.wait(PAUSE):
            number = next(NUMBERS)
            begun = time.monotonic()
            try:
                status = self.ask(kind, number)
            except (OSError, http.client.HTTPException) as error:
                status = repr(error)
            self.answers.append(Answer(begun, time.monotonic(), kind, status))

    def ask(self, kind, number):
        """Return the status; visitors come from many addresses, each of which asks for little."""
        headers = {"Host": self.name, "X-Forwarded-For": f"198.51.100.{number % 250 + 1}"}
        connection = self.connect()
        try:
            if kind == "sent":
                self.send(connection, number, headers)
            else:
                headers |= {"Cookie": "just-sent=1"} if kind == "uncached" else {}
                connection.request("GET", "/", headers=headers)
            response = connection.getresponse()
            response.read()
            if kind == "sent" and response.status == 302:
                self.written.append(number)
            return response.status
        finally:
            connection.close()

    def send(self, connection, number, headers):
        text = dict.fromkeys(self.fields, f"number-{number}@guest.example")
        headers |= {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"__Host-csrftoken={TOKEN}",
            "Referer": f"https://{self.name}{FORM}",
        }
        body = urlencode({"csrfmiddlewaretoken": TOKEN, "referrer": "", **text})
        connection.request("POST", FORM, body, headers)

    def failed(self, since=0.0):
        """Return the answers that failed of what was asked for after a time."""
        good = {"uncached": (200,), "kept": (200,), "sent": (302,)}
        return [
            each
            for each in self.answers
            if each.begun >= since and each.status not in good[each.kind]
        ]

    def under_way(self, moment):
        """Return the failed answers of what was asked for before a time, and not answered then."""
        return [each for each in self.failed() if each.begun < moment < each.ended]

    def slowest(self, kind, since=0.0):
        """Return the most seconds that an answer of a kind took."""
        return max(
            each.ended - each.begun
            for each in self.answers
            if each.kind == kind and each.begun >= since
        )
