"""Whether a name leads to this server: asked of the DNS, and of the server under that name."""

import ctypes
import errno
import http.client
import os
import secrets
import socket
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
    ctypes.CDLL(None).__nss_configure_lookup(b"hosts", b"dns")


def addresses(name: str) -> list[str]:
    """Return the addresses of a name in the DNS, IPv6 too; Elsewhere where there are none."""
    try:
        found = socket.getaddrinfo(f"{name}.", 80, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise Elsewhere("the DNS does not answer for it") from None
        raise Elsewhere("it has no address in the DNS") from None
    return list(dict.fromkeys(str(each[4][0]) for each in found))


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
            except (OSError, http.client.HTTPException) as error:
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
    """Return what a server at an address answers under a name, at most 100 characters."""
    connection = http.client.HTTPConnection(name, 80, timeout=WAIT)
    connection.sock = socket.create_connection((address, 80), WAIT)
    with connection.sock:
        connection.request("GET", path, headers={"Host": name})
        answer = connection.getresponse()
        location = answer.headers.get("Location", "")
        if answer.status not in (301, 302, 303, 307, 308) or not location.startswith("http"):
            return answer.read(100).decode("utf-8", "replace")
    return follow(location)


def follow(location: str) -> str:
    """Return what is at the other end of a redirect, as of a proxy that leads to HTTPS.

    As a CA does, whatever certificate is there.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    with opener.open(location, timeout=WAIT) as answer:
        return answer.read(100).decode("utf-8", "replace")
