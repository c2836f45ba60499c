"""PostgreSQL, asked as its superuser.

A password goes there as a SCRAM verifier (RFC 5802, RFC 7677), so that not even its log could show
it.
"""

import hashlib
import hmac
import re
import secrets
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path
from typing import IO, Any

from .site import Refused

ROUNDS = 4096
VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$")


def run(
    *command: object,
    stdin: str | IO[bytes] | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
) -> str:
    """Run a command as the user postgres; return what it prints, or Refused with why not."""
    words = ["runuser", "-u", "postgres", "--", *map(str, command)]
    options: dict[str, Any] = {"stdout": stdout, "stderr": subprocess.PIPE}
    options["input" if isinstance(stdin, str) else "stdin"] = stdin
    result = subprocess.run(words, text=True, cwd="/", **options)
    if result.returncode:
        raise Refused(f"{command[0]}: {result.stderr.strip()}")
    return result.stdout


def psql(*statements: str, database: str = "postgres") -> list[str]:
    """Run SQL, each statement by itself; return the rows of the last, columns with "|" between."""
    for sql in statements:  # on the standard input: arguments are seen in the list of processes
        told = run("psql", "-qAtX0", "-v", "ON_ERROR_STOP=1", database, stdin=sql)
    return told.split("\0")[:-1]  # each row ends so; a text may hold a line break


def version() -> int:
    """Return the version of the server, such as 17."""
    return int("".join(psql("SHOW server_version_num"))) // 10000


def installed() -> list[str]:
    """Return the versions of which the server's programs are there."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return [path.parts[-3] for path in found if path.parts[-3].isdigit()]


def has_role(name: str) -> bool:
    return bool(psql(f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'"))


def has_database(name: str) -> bool:
    return bool(psql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


def owner_of(database: str) -> str:
    """Return the role that a database belongs to; empty where there is no such database."""
    sql = f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{database}'"
    return "".join(psql(sql))


def verifier(password: str, salt: bytes | None = None, rounds: int = ROUNDS) -> str:
    """Return the verifier that PostgreSQL stores for a password; salt, in bytes, is made up."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = (b64encode(part).decode() for part in (salt, client, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(rounds, *parts)


def has_password(role: str, password: str) -> bool:
    """Return whether that is the password of a role, by the verifier that PostgreSQL keeps."""
    kept = "".join(psql(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'"))
    found = VERIFIER.match(kept)
    return found is not None and kept == verifier(password, b64decode(found[2]), int(found[1]))
