"""A CA of the rig, pebble, which really validates, and a DNS that knows what a test tells it."""

import base64
import json
import os
import signal
import ssl
import subprocess
import threading
import time
import urllib.request
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from process import tool
from support import program

API, MANAGEMENT = 14000, 15000  # ports
BEHIND = 14001  # where pebble is; before it stands what can have another mood

PASSED = ["Content-Type", "Location", "Replay-Nonce", "Link", "Retry-After"]  # headers

OPTIONS = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]


class Authority:
    """Both listen at the address of the rig's bridge, which its hosts reach.

    `directory` is the URL of the CA's directory, and `root` what is to be trusted, in PEM.
    """

    def __init__(self, network, folder, **settings):
        self.address, self.folder = f"{network.subnet}.1", folder
        self.directory = f"https://{self.address}:{API}/dir"
        self.servers = {}
        self.addresses = {}
        self.make_own_certificate()
        self.root = (self.folder / "api-ca.pem").read_text()
        self.start_dns()
        self.mood = lambda name, path: None
        self.start_front()
        self.start_ca(**settings)

    def make_own_certificate(self):
        """Make the CA's CA, which signs what its API shows; Python's ssl asks for keyUsage."""
        ca, key = self.folder / "api-ca.pem", self.folder / "api-ca.key"
        usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        tool("openssl", *OPTIONS, "-subj", "/CN=rig", *usage, "-keyout", key, "-out", ca)
        self.sign(f"IP:{self.address}", self.folder / "api.key", self.folder / "api.pem")

    def sign(self, names, key, certificate):
        """Make a key and a certificate as somebody buys one: by hand, from what is trusted too."""
        ca = "-CA", self.folder / "api-ca.pem", "-CAkey", self.folder / "api-ca.key"
        tool(
            *("openssl", *OPTIONS, "-subj", "/CN=bought", *ca),
            *("-addext", f"subjectAltName={names}"),
            *("-addext", "basicConstraints=critical,CA:false"),
            *("-keyout", key, "-out", certificate),
        )

    # The DNS

    def start_dns(self):
        (self.folder / "hosts").touch()
        self.start(
            "dns",
            [program("dnsmasq", "dnsmasq-base"), "--keep-in-foreground", "--conf-file=/dev/null"]
            + ["--user=root", f"--listen-address={self.address}", "--bind-interfaces", "--no-hosts"]
            + [f"--addn-hosts={self.folder / 'hosts'}", "--local-ttl=0", "--pid-file="]
            + ["--local=/test/"],
        )

    def lead(self, **names):
        """Let names lead to addresses, or nowhere: lead(**{"one.test": "10.77.1.11"})."""
        self.addresses |= names
        lines = [f"{address} {name}\n" for name, address in self.addresses.items() if address]
        (self.folder / "hosts").write_text("".join(lines))
        self.servers["dns"].send_signal(signal.SIGHUP)

    # The CA

    def start_ca(self, days=90, noncereject=5, sleep=0, refused=()):
        """Start it; it forgets its accounts and has a new root each time, beside the others."""
        config = {
            "listenAddress": f"{self.address}:{BEHIND}",
            "managementListenAddress": f"{self.address}:{MANAGEMENT}",
            "certificate": str(self.folder / "api.pem"),
            "privateKey": str(self.folder / "api.key"),
            "httpPort": 80,
            "tlsPort": 443,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            "certificateValidityPeriod": int(days * 86400),
            "domainBlocklist": [*refused],
        }
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": config}))
        environment = {"PEBBLE_WFE_NONCEREJECT": str(noncereject), "PEBBLE_VA_NOSLEEP": "1"}
        if sleep:
            environment = environment | {"PEBBLE_VA_NOSLEEP": "", "PEBBLE_VA_SLEEPTIME": str(sleep)}
        self.start(
            "ca",
            [program("pebble", "pebble"), "-config", self.folder / "pebble.json"]
            + ["-dnsserver", f"{self.address}:53"],
            **environment,
        )
        self.root += self.issuing_root()

    def issuing_root(self):
        context = ssl._create_unverified_context()
        url = f"https://{self.address}:{MANAGEMENT}/roots/0"
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(url, context=context, timeout=5) as answer:
                    return answer.read().decode()
            except OSError:
                assert time.monotonic() < deadline, (self.folder / "ca.log").read_text()
                time.sleep(0.1)

    def start_front(self):
        """Begin to listen for the CA's clients; see Front."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "api.pem", self.folder / "api.key")
        self.front = ThreadingHTTPServer((self.address, API), partial(Front, self))
        self.front.socket = context.wrap_socket(self.front.socket, server_side=True)
        threading.Thread(target=self.front.serve_forever, daemon=True).start()

    @contextmanager
    def answering(self, mood):
        """Let mood(name, path) see each request in the block, and answer it if it wants to.

        The name is that of the order, where the request is one. The answer is (status, kind of
        problem, detail), of RFC 8555 6.7, or None.
        """
        self.mood = mood
        try:
            yield
        finally:
            self.mood = lambda name, path: None

    # Both

    def start(self, name, command, **environment):
        self.stop(name)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.servers[name] = subprocess.Popen(
                command, stdout=log, stderr=log, env=os.environ | environment
            )

    def stop(self, name):
        if server := self.servers.pop(name, None):
            server.terminate()
            server.wait(30)

    def close(self):
        self.front.shutdown()
        self.front.server_close()
        for name in list(self.servers):
            with suppress(OSError):
                self.stop(name)


class Front(BaseHTTPRequestHandler):
    """What clients of the CA meet: it hands on their requests, or answers in a mood of the test."""

    def __init__(self, authority, *args):
        self.authority = authority
        super().__init__(*args)

    def do_GET(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if answer := self.authority.mood(ordered(body), self.path):
            status, kind, detail = answer
            problem = {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail}
            self.answer(status, {"Content-Type": "application/problem+json"}, json.dumps(problem))
        else:
            self.hand_on(body)

    do_HEAD = do_POST = do_GET

    def hand_on(self, body):
        context = ssl._create_unverified_context()
        connection = HTTPSConnection(self.authority.address, BEHIND, context=context, timeout=60)
        try:
            path = self.path.removeprefix("/letsencrypt.org")
            connection.request(self.command, path, body or None, dict(self.headers))
            answer = connection.getresponse()
            headers = {name: answer.headers[name] for name in PASSED if name in answer.headers}
            self.answer(answer.status, headers, answer.read())
        except OSError:  # the CA is down
            self.close_connection = True
        finally:
            connection.close()

    def answer(self, status, headers, body):
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def ordered(body):
    """Return the name that a request orders a certificate for; empty where it is no order."""
    with suppress(ValueError, KeyError, TypeError):
        payload = json.loads(body)["payload"]
        text = base64.urlsafe_b64decode(f"{payload}{'=' * (-len(payload) % 4)}")
        return json.loads(text)["identifiers"][0]["value"]
    return ""
