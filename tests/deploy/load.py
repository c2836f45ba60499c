"""Visitors of a site who count every answer: GET and POST, over kept connections and new ones."""

import http.client
import socket
import ssl
import threading
import time
from collections import Counter

TOKEN = "x" * 32
FORM = f"csrfmiddlewaretoken={TOKEN}&username=&password="
PAUSE = 0.15  # seconds a visitor waits: NGINX takes 30 requests a second from one address


class Connection(http.client.HTTPSConnection):
    """To the host of a site, under the site's name, also when it reconnects by itself."""

    def __init__(self, address, name, timeout=60, port=443):
        self.name = name
        super().__init__(address, port, timeout=timeout, context=ssl._create_unverified_context())

    def connect(self):
        sock = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self._context.wrap_socket(sock, server_hostname=self.name)


class Load:
    """A `with` block under load. `answers` counts them by status; `failures` lists what failed."""

    pause = PAUSE

    def __init__(self, site, name, visitors=4):
        self.address, self.name = site.host.address, name
        self.answers, self.failures, self.slowest = Counter(), [], 0.0
        self._over, self._lock = threading.Event(), threading.Lock()
        self._threads = [
            threading.Thread(target=self._visit, args=(number % 2, number % 4 < 2))
            for number in range(visitors)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, keeps, reads):
        connection = Connection(self.address, self.name)
        while not self._over.wait(self.pause):
            started = time.monotonic()
            try:
                self._ask(connection, reads)
                response = connection.getresponse()
                response.read()
                asked_to_log_in = response.getheader("Location", "").startswith("/admin/login/")
                self._count(200 if asked_to_log_in else response.status, started)
            except (OSError, http.client.HTTPException) as error:
                self._count(repr(error), started)
                connection.close()
            if not keeps:
                connection.close()
        connection.close()

    def _ask(self, connection, reads):
        if reads:
            # With the cookie of who has just sent a form, since a page that was kept cannot fail.
            headers = {"Host": self.name, "Cookie": "just-sent=1"}
            return connection.request("GET", "/", headers=headers)
        # To the admin, which leads to the log-in: what others send is limited for each address.
        headers = {
            "Host": self.name,
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"__Host-csrftoken={TOKEN}",
            "Referer": f"https://{self.name}/admin/",
        }
        return connection.request("POST", "/admin/", FORM, headers)

    def _count(self, answer, started):
        with self._lock:
            self.answers[answer] += 1
            self.slowest = max(self.slowest, time.monotonic() - started)
            if answer != 200:
                self.failures.append((time.strftime("%X"), answer))
