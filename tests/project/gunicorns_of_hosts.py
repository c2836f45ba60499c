"""What stands for the gunicorns of several hosts, and visitors of theirs."""

import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from servers import unused_port


class Gunicorn:
    """Stands for gunicorn at .port: .asked are the requests that it has had."""

    def __init__(self, path):
        self.path, self.port, self.asked = path, unused_port(), []
        self.breaks_off, self.health, self.server = False, 200, None
        self.shown_until = "0"
        self.is_awake = threading.Event()
        self.is_awake.set()
        self.start()

    def start(self):
        asked, this = self.asked, self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked.append(SimpleNamespace(method=self.command, path=self.path, body=body))
                asked[-1].headers = self.headers
                if this.breaks_off:
                    return self.connection.shutdown(socket.SHUT_RDWR)
                this.is_awake.wait(60)
                self.send_response(this.health if self.path == "/healthz" else 200)
                self.send_header("Content-Type", "text/html")
                self.send_header("X-Accel-Expires", this.shown_until)
                self.end_headers()
                return self.wfile.write(f"{this.port}".encode())

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *words):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 128

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def stopped(*hosts):
    for host in hosts:
        host.live.stop()
    try:
        yield
    finally:
        for host in hosts:
            host.live.start()


def came_to(hosts):
    return [len(host.live.asked) for host in hosts]


def load(host, seconds, change=lambda: None):
    """Visit a host for so long, with a change amid; return the statuses, and what was sent."""
    end, statuses, sent = time.monotonic() + seconds, Counter(), []

    def visit(number):
        while time.monotonic() < end:
            words = f"{number}.{len(sent)}"
            statuses[host.open(f"/?{words}").status] += 1
            sent.append(words)
            statuses[host.open("/contact/", {"field": words}).status] += 1

    with ThreadPoolExecutor(7) as visitors:
        running = [visitors.submit(visit, number) for number in range(6)]
        time.sleep(seconds / 2)
        change()
        for each in running:
            each.result()
    return statuses, sent


def received(hosts):
    """Return how often each POST came to any gunicorn."""
    asked = [each for host in hosts for each in host.live.asked if each.method == "POST"]
    return Counter(each.body.decode().partition("=")[2] for each in asked)
