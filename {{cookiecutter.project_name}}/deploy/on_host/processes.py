"""The two gunicorns of a project, the main one and the standby, its memcached, and NGINX.

They are started and stopped through supervisor, asked how they are, and asked for pages as visitors
do: what those see is judged in pages.py.
"""

import http.client
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from . import supervisor
from .supervisor import state_of

if TYPE_CHECKING:
    from .pages import Visitors

HEALTH_SECONDS = 30  # for a gunicorn to answer that it is well
DRAIN_SECONDS = 30  # for requests that have begun to be answered: gunicorn's graceful_timeout
JUST_SENT = "just-sent"  # the cookie of page_cache/rules.py
LARGEST = 4_000_000  # bytes of a page that are read
PATH_LETTERS = "/%?#[]@!$&'()*+,;=:~"  # an address may hold letters that HTTP cannot


class Failed(Exception):
    """What is wrong, in one line, and perhaps the end of a log."""


@dataclass
class Answer:
    """What came of a request: the status, the type of the content, where it leads to, the text."""

    status: int
    type: str
    location: str
    body: str
    elsewhere: str = ""


Connection = http.client.HTTPConnection
Fetch = Callable[[str, dict[str, str]], Answer]  # a path, and the cookies to send


class Processes:
    """The processes of the project `name`, whose main gunicorn listens at a port."""

    def __init__(self, name: str, port: int, hostname: str) -> None:
        self.main, self.standby, self.cache = name, f"{name}-standby", f"{name}-memcached"
        self.port, self.hostname = port, hostname
        self.socket = f"/run/{name}/standby.sock"

    # Starting and stopping

    def start(self, program: str) -> None:
        """Start a program, with the newest configuration of it; Failed where it does not start."""
        self.update(program)
        if state_of(program) not in ("STARTING", "RUNNING"):
            supervisor.start(program)
        while state_of(program) == "STARTING":  # for a second, as supervisor has it
            time.sleep(0.1)
        if state_of(program) != "RUNNING":
            raise Failed(f"{program} does not start\n{end_of_log(program)}")

    def start_cache(self) -> None:
        """Let memcached be as the configuration says; a release of before it had one has none."""
        self.update(self.cache)
        if state_of(self.cache):
            self.start(self.cache)

    def update(self, program: str) -> None:
        """Let supervisor take up the newest configuration of a program, or of its absence."""
        try:
            supervisor.update(program)
        except supervisor.Fault as fault:
            raise Failed(f"supervisor: {fault.faultString}") from None
        except OSError as error:
            raise Failed(f"supervisor does not answer: {error}") from None

    def stop(self, program: str) -> None:
        """Stop a program when it has answered what it has begun, or after DRAIN_SECONDS."""
        here = f"127.0.0.1:{self.port}"  # at other addresses NGINX listens, which goes on
        filters: tuple[str, ...] = ("-tn", "state", "established", "src", here)
        if program == self.standby:
            filters = ("-xn", "state", "established", "src", self.socket)
        end = time.monotonic() + DRAIN_SECONDS
        while connections(*filters) and time.monotonic() < end:
            time.sleep(0.1)
        supervisor.stop(program)

    def check_memory(self) -> None:
        """Failed where the standby, with its two workers, has no room beside the main gunicorn."""
        shown = subprocess.run(
            ["ps", "-u", self.main, "-o", "rss=,comm="], capture_output=True, text=True
        ).stdout
        workers = [line.split()[0] for line in shown.splitlines() if "memcached" not in line]
        needed = 3 * max(map(int, workers), default=70_000) // 1000
        meminfo = dict(re.findall(r"(\w+): +(\d+) kB", Path("/proc/meminfo").read_text()))
        available = int(meminfo["MemAvailable"]) // 1000
        if available < needed:
            raise Failed(f"{available} MB of memory are left, and the standby needs {needed} MB")

    # Asking

    def main_is_well(self, release: str) -> None:
        """Ask the main gunicorn until it says that it is well and of that release; else Failed."""
        self.wait_until_well(self.main, release, self.main_connection)

    def standby_is_well(self, release: str, visitors: "Visitors") -> None:
        """Ask the standby how it is, and for pages before any visitor does; else Failed."""
        self.wait_until_well(self.standby, release, self.standby_connection)
        try:
            visitors.check(self.fetch_from_standby, pages=True)
        except Failed as failed:
            raise Failed(f"{failed}\n{end_of_log(self.standby)}") from None

    def wait_until_well(
        self, program: str, release: str, connect: Callable[..., Connection]
    ) -> None:
        end, tries = time.monotonic() + HEALTH_SECONDS, 0
        while True:
            try:
                status, body = self.ask(connect(timeout=5), "/healthz")
                if status == 200 and body.strip() == release:
                    return
                answer = f"{status} {body.strip().partition(chr(10))[0][:200]}"
            except (OSError, http.client.HTTPException) as error:
                answer = f"{type(error).__name__}: {error}"
            tries += 1
            ended = tries % 5 == 0 and state_of(program) != "RUNNING"
            if ended or time.monotonic() > end:
                break
            time.sleep(0.2)
        raise Failed(f"{program} is not well: /healthz answers {answer}\n{end_of_log(program)}")

    def site_is_well(self, release: str, visitors: "Visitors") -> None:
        """Ask as a visitor does, through NGINX and TLS, for the home page; else Failed."""
        end = time.monotonic() + 10  # a reload of NGINX is only a signal
        while True:
            try:
                status, body = self.ask(self.nginx_connection(), "/healthz")
                if (status, body.strip()) != (200, release):
                    raise Failed(f"/healthz answers {status} {body.strip()[:80]}")
                return visitors.check(self.fetch)
            except (Failed, OSError, http.client.HTTPException) as error:
                if time.monotonic() > end:
                    raise Failed(f"{self.hostname} is not well: {error}") from None
                time.sleep(0.2)

    def ask(self, connection: Connection, path: str) -> tuple[int, str]:
        """Return the status and the body of a page."""
        answer = self.answer(connection, path, {})
        return answer.status, answer.body

    def fetch(self, path: str, cookies: dict[str, str]) -> Answer:
        """Return the Answer that visitors get."""
        return self.answer(self.nginx_connection(), path, cookies)

    def fetch_from_standby(self, path: str, cookies: dict[str, str]) -> Answer:
        """Return the Answer that visitors will get; what is a file they get from NGINX."""
        if path.startswith(("/static/", "/media/")):
            return self.fetch(path, cookies)
        return self.answer(self.standby_connection(timeout=30), path, cookies)

    def answer(self, connection: Connection, path: str, cookies: dict[str, str]) -> Answer:
        """Return the Answer to a request; `cookies` takes up those that come with it.

        It is a fresh one: to who has just sent a form, nothing kept is shown.
        """
        sent = "; ".join(f"{name}={value}" for name, value in {JUST_SENT: "1", **cookies}.items())
        headers = {"Host": self.hostname, "X-Forwarded-Proto": "https", "Cookie": sent}
        try:
            connection.request("GET", quote(path, safe=PATH_LETTERS), headers=headers)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                cookies[name] = value
            return Answer(
                response.status,
                response.headers.get("Content-Type", "").lower(),
                response.headers.get("Location", ""),
                response.read(LARGEST).decode("utf-8", "replace"),
            )
        finally:
            connection.close()

    def main_connection(self, timeout: float) -> Connection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def standby_connection(self, timeout: float) -> Connection:
        connection = http.client.HTTPConnection("localhost", timeout=timeout)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(timeout)
        connection.sock.connect(self.socket)
        return connection

    def nginx_connection(self) -> Connection:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it may be self-signed
        connection = http.client.HTTPSConnection(self.hostname, timeout=10)
        sock = socket.create_connection(("127.0.0.1", 443), timeout=10)
        connection.sock = context.wrap_socket(sock, server_hostname=self.hostname)
        return connection


def end_of_log(program: str) -> str:
    """Return what the last start of a program has logged: its errors, and the last lines."""
    path = Path(f"/var/log/supervisor/{program}.log")
    text = path.read_text("utf-8", "replace") if path.exists() else ""
    lines = text.rpartition("Starting gunicorn")[2].splitlines()
    errors = dict.fromkeys(line for line in lines if re.match(r"[\w.]+(Error|Exception): ", line))
    return "\n".join([*list(errors)[-5:], *lines[-15:]])  # gunicorn's own traceback comes last


def connections(*filters: str) -> int:
    """Return how many connections `ss` sees that fit."""
    shown = subprocess.run(["ss", "-H", *filters], capture_output=True, text=True).stdout
    return len(shown.splitlines())
