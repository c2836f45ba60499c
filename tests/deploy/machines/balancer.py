"""A provider's load balancer: HAProxy, which asks each host each second how it is."""

import socket
import subprocess
from contextlib import ExitStack

from servers import running, unused_port
from support import program

CONFIGURATION = """
global
    stats socket {folder}/haproxy.sock level admin
defaults
    mode http
    timeout connect 2s
    timeout check 3s
    timeout client 60s
    timeout server 60s
    retries 3
    option redispatch 1
    retry-on conn-failure empty-response
frontend visitors
    bind 127.0.0.1:{port} ssl crt {folder}/balancer.pem
    http-request disable-l7-retry if !{{ method GET }}
    default_backend hosts
backend hosts
    balance roundrobin
    http-reuse never
    option httpchk
    http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host {name}
    http-check expect status 200
    default-server check inter 1s fall 2 rise 2
    default-server ssl verify none sni str({name})
{servers}
"""


class Balancer:
    """Sends visitors at 127.0.0.1, `port`, to those hosts, a list of addresses, that are well."""

    def __init__(self, folder, name, addresses):
        self.folder, self.name, self.port = folder, name, unused_port()
        self.addresses = addresses
        key, certificate = folder / "balancer.key", folder / "balancer.crt"
        kind = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split()
        where = ["-subj", f"/CN={name}", "-keyout", key, "-out", certificate]
        subprocess.run(["openssl", "req", "-x509", *kind, *where], check=True, capture_output=True)
        (folder / "balancer.pem").write_text(key.read_text() + certificate.read_text())
        self.stack = ExitStack()

    def start(self):
        servers = "\n".join(f"    server host{n} {a}:443" for n, a in enumerate(self.addresses))
        values = {"folder": self.folder, "port": self.port, "name": self.name, "servers": servers}
        path = self.folder / "haproxy.cfg"
        path.write_text(CONFIGURATION.format(**values))
        command = [program("haproxy", "haproxy"), "-db", "-f", str(path)]
        self.stack.enter_context(running(command, self.ask, self.folder / "haproxy.log"))
        return self

    def ask(self):
        socket.create_connection(("127.0.0.1", self.port), 5).close()

    def stop(self):
        self.stack.close()
