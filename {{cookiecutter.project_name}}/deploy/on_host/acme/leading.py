"""Whether a name leads to this server: asked of the DNS, and of the server under that name."""

import ctypes
import errno
import http.client
import ipaddress
import os
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

LIMIT = 8  # seconds for all of what is asked under a name at an address
HOPS = 4
WAIT = 4  # seconds for the answer of another server
NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class Elsewhere(Exception):
    """Why a name does not lead here, in words."""


class Unreachable(Elsewhere):
    """Nobody answered at the addresses of a name: from inside of a NAT that may be ourselves."""


def ask_dns_alone() -> None:
    """Let this process ask the DNS for addresses, and not /etc/hosts, as no CA does.

    https://sourceware.org/glibc/manual/latest/html_node/Name-Service-Switch.html
    """
    os.environ["RES_OPTIONS"] = "timeout:2 attempts:2"  # or one name keeps the others waiting
    ctypes.CDLL(None).__nss_configure_lookup(b"hosts", b"dns")


def addresses(name: str) -> list[str]:
    """Return the addresses of a name in the DNS, IPv6 too; Elsewhere where there are none."""
    try:
        found = socket.getaddrinfo(f"{name}.", 80, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise Elsewhere("the DNS does not answer for it") from None
        raise Elsewhere("it has no address in the DNS") from None
    told = list(dict.fromkeys(str(each[4][0]) for each in found))
    if inside := [each for each in told if is_of_every_machine(each)]:
        raise Elsewhere(f"the name leads to {inside[0]}")  # no CA comes here by that
    return told


def is_of_every_machine(address: str) -> bool:
    """Return whether each machine is itself at an address, as at 127.0.0.1, 0.0.0.0 and ::1."""
    found = ipaddress.ip_address(address.partition("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    return found.is_loopback or found.is_unspecified


@contextmanager
def probe(challenges: Path) -> Iterator[Callable[[str], list[str]]]:
    """Put a file where the CA will ask for one; yield `look`, which asks for it under a name.

    `look` returns the addresses of the name; Elsewhere where it does not lead here, at one of them.
    """
    content = secrets.token_urlsafe(24)
    for left in challenges.iterdir():  # of a run that was cut off, and of acme-tiny; not another's
        if left.stat().st_uid == os.getuid():
            left.unlink()
    path = challenges / f"probe-{secrets.token_hex(8)}"
    path.write_text(content)
    path.chmod(0o644)

    def look(name: str) -> list[str]:
        found, reached = addresses(name), []
        for address in found:
            try:
                if fetch(name, address, f"/.well-known/acme-challenge/{path.name}") != content:
                    raise Elsewhere(f"the name leads to {address}")
                reached.append(address)
            except (OSError, ValueError, http.client.HTTPException) as error:
                # Such as an address of IPv6 on a server that has none: the CA will see.
                if getattr(error, "errno", None) not in NO_ROUTE:
                    told = f"the name leads to {address}, where nothing answers at port 80"
                    raise Unreachable(told) from None
        if not reached:
            raise Unreachable(f"the name leads to {' '.join(found)}")
        return found

    try:
        yield look
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def fetch(name: str, address: str, path: str) -> str:
    """Return what a server at an address answers under a name, at most 100 characters.

    As a CA, it goes where that leads, and whatever certificate is there. OSError where all of it
    takes too long.
    """
    url, deadline = f"http://{name}{path}", time.monotonic() + LIMIT
    for _ in range(HOPS):
        status, location, text = asked(url, address, deadline)
        if status not in (301, 302, 303, 307, 308) or not location.startswith("http"):
            return text
        url, address = location, ""
    return ""


def asked(url: str, address: str, deadline: float) -> tuple[int, str, str]:
    """Return the status, where it leads to and the beginning of the answer to a GET."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    connection = http.client.HTTPConnection(host, port)
    raw = socket.create_connection((address or host, port), WAIT)
    # A timeout is for each piece that comes, and a server may send them one by one for hours.
    timer = threading.Timer(max(0, deadline - time.monotonic()), cut, [raw])
    timer.start()
    try:
        connection.sock = unverified(raw, host) if parts.scheme == "https" else raw
        path = f"{parts.path or '/'}?{parts.query}".rstrip("?")
        connection.request("GET", path, headers={"Host": parts.netloc})
        answer = connection.getresponse()
        text = answer.read(100).decode("utf-8", "replace")
        return answer.status, answer.headers.get("Location", ""), text
    finally:
        timer.cancel()
        connection.close()
        raw.close()


def cut(connection: socket.socket) -> None:
    """Let who waits for the other end of a connection wait no longer."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def unverified(raw: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(raw, server_hostname=host)
