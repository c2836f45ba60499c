"""PostgreSQL, asked as its superuser on the server, and as the site's role elsewhere.

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

from .databases import MARK, Database
from .site import Refused

ROUNDS = 4096
VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$")


def run(
    *command: object,
    stdin: str | IO[bytes] | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
    at: Database | None = None,
) -> str:
    """Run a command as the user postgres, or as the role of a database elsewhere.

    Return what it prints, or Refused with why not.
    """
    words = ["runuser", "-u", "postgres", "--", *map(str, command)]
    options: dict[str, Any] = {"stdout": stdout, "stderr": subprocess.PIPE}
    if at and at.service:
        words, options["env"] = words[4:], at.environment
    options["input" if isinstance(stdin, str) else "stdin"] = stdin
    result = subprocess.run(words, text=True, cwd="/", **options)
    if result.returncode:
        raise Refused(f"{command[0]}: {result.stderr.strip()}")
    return result.stdout


def psql(*statements: str, database: str = "postgres", at: Database | None = None) -> list[str]:
    """Run SQL, each statement by itself; return the rows of the last, columns with "|" between.

    `at`: on the server of that database.
    """
    for sql in statements:  # on the standard input: arguments are seen in the list of processes
        told = run("psql", "-qAtX0", "-v", "ON_ERROR_STOP=1", database, stdin=sql, at=at)
    return told.split("\0")[:-1]  # each row ends so; a text may hold a line break


def version(at: Database | None = None) -> int:
    """Return the version of the server, such as 17."""
    database = at.name if at else "postgres"
    return int("".join(psql("SHOW server_version_num", database=database, at=at))) // 10000


def installed() -> list[str]:
    """Return the versions of which the server's programs are there."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return [path.parts[-3] for path in found if path.parts[-3].isdigit()]


def has_role(name: str) -> bool:
    return bool(psql(f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'"))


def has_database(name: str, at: Database | None = None) -> bool:
    return bool(psql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'", at=at))


def may_create(at: Database) -> bool:
    """Return whether the role of a database may make others beside it, and rename it."""
    sql = (
        "SELECT rolcreatedb AND pg_has_role(datdba, 'USAGE') FROM pg_roles, pg_database"
        " WHERE rolname = current_user AND datname = current_database()"
    )
    return psql(sql, database=at.name, at=at) == ["t"]


def set_mark(at: Database, database: str, project: str, environment: str) -> None:
    """Mark a database as a project's: see elsewhere.py."""
    psql(
        f"CREATE TABLE IF NOT EXISTS {MARK} (project text, environment text)",
        f"DELETE FROM {MARK}",
        f"INSERT INTO {MARK} VALUES ('{project}', '{environment}')",
        database=database,
        at=at,
    )


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
