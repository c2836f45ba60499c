"""What `fab secure` has closed is tried from this machine, and so are the ports of the web."""

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from paramiko import PKey

from . import connecting
from .connecting import Refused
from .host import Host
from .logging_in import LogIn
from .steps import step

WEB = (80, 443)
PATIENCE = 5  # seconds for a port to answer
PROVIDER = "nothing on the server does: see the firewall of your provider, or one on the way"


class OneTry(LogIn):
    """Tries one key, in base64, where there is one, and the password: a server counts failures."""

    def __init__(self, *arguments: Any, key: str = "") -> None:
        super().__init__(*arguments)
        self.key = key

    def keys(self) -> tuple[list[PKey], list[PKey]]:
        named, others = super().keys() if self.key else ([], [])
        wanted = base64.b64decode(self.key)
        return [key for key in (*named, *others) if key.asbytes() == wanted], []


def from_outside(host: Host, root: bool, passwords: bool) -> list[str]:
    """Return what is open that should not be, or closed that should be open; in lines.

    `host` is logged in as the user of deploys; `root` and `passwords`: whether those are closed.
    """
    address = host.as_login("printenv SSH_CONNECTION").stdout.split()[0]
    with step(host, "Trying it from here"):
        told = host.call("open_log_ins", to_root=root, by_password=passwords, address=address)
        wrong: list[str] = told["open"]
        with tried_by(host, address) as filters:
            wrong += log_ins(host, root, passwords)
            wrong += ports(host, filters)
    return wrong


@contextmanager
def tried_by(host: Host, address: str) -> Iterator[list[str]]:
    """Let the server be tried by an address; give what may filter its ports, in words."""
    session = host.session("be_tried", ports=list(WEB), address=address)
    try:
        yield session.answer["filters"]
    finally:
        with suppress(OSError):
            session.channel.shutdown_write()
            session.channel.recv_exit_status()


def log_ins(host: Host, root: bool, passwords: bool) -> list[str]:
    """Log in as may no longer be possible, with what is known; return what was possible."""
    user, wrong = host.connection.user, []
    key = host.connection.connect_kwargs["auth_strategy"].accepted
    if root and enters(host, "root", key):
        wrong.append("root has logged in, from here, with the key or password of deploys")
    if passwords and host.known_password and enters(host, user):
        wrong.append(f"{user} has logged in with a password, from here")
    return wrong


def enters(host: Host, user: str, key: str = "") -> bool:
    """Return whether a user gets in with a key, where there is one, or the password."""
    other = connecting.another(host.connection, user, host.known_password or None)
    try:
        connecting.connect(other, host.name, "", partial(OneTry, key=key))
    except Refused:
        return False
    finally:
        other.client.close()
    return True


def ports(host: Host, filters: list[str]) -> list[str]:
    """Ask the ports of the web as visitors do; return which do not answer, and what may be why."""
    if host.connection.gateway:
        print("    the ports of the web are not tried: this machine comes by another one")
        return []
    shut = [str(port) for port in WEB if not answers(host.connection.host, port)]
    if not shut:
        return []
    why = "; ".join(filters) or PROVIDER
    line = f"port {' and '.join(shut)} cannot be reached from here; what may filter it: {why}"
    if host.config.proxies:  # they alone may come, perhaps
        print(f"    {line}")
        return []
    return [line]


def answers(address: str, port: int) -> bool:
    """Return whether a connection to a port comes about."""
    try:
        socket.create_connection((address, port), PATIENCE).close()
    except OSError:
        return False
    return True
