"""DATABASE of FABRIC: the URL of a database on another host, without its password."""

import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

EXAMPLE = "postgresql://user@db.example.com/name"
WORD = re.compile(r"[A-Za-z0-9_][\w.-]*", re.A)
RESERVED = ("postgres", "template0", "template1")
LONGEST = 63  # bytes of a name in PostgreSQL
USES = ("restoring", "before-restore", "proving")  # of databases beside the live one: NAME-USE


def check(value: Any) -> str:
    """Return the URL of a PostgreSQL database, or an empty str; ValueError with what is wrong."""
    parse(value)
    return value


@dataclass(frozen=True)
class Database:
    """A database, and the role that asks it. `service` is the file of libpq, None on the server.

    `runs_as` is the user of the system whose programs ask: the site's, never root.
    """

    name: str
    user: str
    host: str = ""
    port: int = 5432
    sslmode: str = ""
    service: Path | None = None
    runs_as: str = ""

    def __str__(self) -> str:
        where = f"on {self.host}, port {self.port}" if self.host else "on this server"
        return f"the database {self.name} {where}"

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program of PostgreSQL ask it, an environment."""
        found = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        if self.service:
            found |= {"PGSERVICEFILE": str(self.service), "PGSERVICE": "site"}
        # libpq looks for certificates in a home, and fails where it may not look.
        found["HOME"] = "/nonexistent"
        # The database of before a move is not written to, unless somebody says so.
        return found | {"PGOPTIONS": "-c default_transaction_read_only=off"}


def parse(url: str) -> Database | None:
    """Return what a DATABASE says, None where it is empty; ValueError with what is wrong."""
    if url == "":
        return None
    if not isinstance(url, str) or not re.fullmatch(r"postgres(ql)?://[!-~]+", url):
        raise ValueError(f"is not the URL of a PostgreSQL database, such as {EXAMPLE}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 5432
    except ValueError as error:
        raise ValueError(f"is not a URL: {error}") from None
    if parts.password is not None:
        raise ValueError("has a password in it; its place is DB_PASS")
    name, user = parts.path[1:], parts.username or ""
    for what, word in {
        "a user": user,
        "a host": host.replace(":", "."),
        "a database": name,
    }.items():
        if not WORD.fullmatch(word):
            raise ValueError(f"names not {what} of letters, digits and ._-, as in {EXAMPLE}")
    if name in RESERVED or len(f"{name}-before-restore") > LONGEST:
        raise ValueError(f"{name} cannot be the site's: make a database for it, of a shorter name")
    if used := [use for use in USES if name.endswith(f"-{use}")]:
        raise ValueError(f"{name} is what a restore makes: make a database without -{used[0]}")
    return Database(name, user, host, port, sslmode_of(parts.query, host))


def sslmode_of(query: str, host: str) -> str:
    """Return the sslmode of the query of a URL; ValueError where it is not secure."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if unknown := [key for key, _ in pairs if key != "sslmode"]:
        raise ValueError(f"has {unknown[0]}; after the ? comes sslmode alone")
    mode = dict(pairs).get("sslmode", "verify-full")
    if mode == "disable" and is_private(host) or mode == "verify-full":
        return mode
    raise ValueError(
        f"has sslmode={mode}; it is verify-full or, at an address of a private network, disable"
    )


def is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
