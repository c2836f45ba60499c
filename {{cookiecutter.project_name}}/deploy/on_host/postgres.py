"""PostgreSQL, asked in the database of a site as the site's role, by the site's user.

What the role has made there, such as a trigger or an operator, runs with the rights of whoever
asks. So the superuser asks in the database postgres alone, to make, rename and drop roles and
databases.

A password goes there as a SCRAM verifier (RFC 5802, RFC 7677), so that not even its log could show
it.
"""

import hashlib
import hmac
import os
import re
import secrets
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path
from typing import IO, Any

from .databases import MARK, Database
from .site import Refused

ROUNDS = 4096
# Before PostgreSQL 15 any role may make things in the database postgres too.
SUPERUSER = {"PGOPTIONS": "-c search_path=pg_catalog"}
VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$")


def run(
    *command: object,
    stdin: str | IO[bytes] | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
    at: Database | None = None,
) -> str:
    """Run a command as the superuser or, with `at`, as the role of that database.

    Return what it prints, or Refused with why not.
    """
    user = at.runs_as if at else "postgres"
    environment = at.environment if at else os.environ | SUPERUSER
    words = ["runuser", "-u", user, "--", *map(str, command)]
    options: dict[str, Any] = {"stdout": stdout, "stderr": subprocess.PIPE, "env": environment}
    options["input" if isinstance(stdin, str) else "stdin"] = stdin
    result = subprocess.run(words, text=True, cwd="/", **options)
    if result.returncode:
        raise Refused(f"{command[0]}: {result.stderr.strip()}")
    return result.stdout


def psql(*statements: str, database: str = "", at: Database | None = None) -> list[str]:
    """Run SQL, each statement by itself; return the rows of the last, columns with "|" between.

    In a database of the site, on the server that has the one of `at`. Without a name it is for what
    makes databases: in the database postgres, on this server as the superuser.
    """
    if not database and at and not at.service:
        at = None
    words = ["psql", "-qAtX0", "-v", "ON_ERROR_STOP=1", database or "postgres"]
    for sql in statements:  # on the standard input: arguments are seen in the list of processes
        told = run(*words, stdin=sql, at=at)
    return told.split("\0")[:-1]  # each row ends so; a text may hold a line break


def version(at: Database | None = None) -> int:
    """Return the version of the server, such as 17."""
    database = at.name if at else ""
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
    """Return whether the role of a database elsewhere may make others beside it, and rename it.

    That is done in the database postgres, into which not every provider lets a role.
    """
    sql = (
        "SELECT rolcreatedb AND pg_has_role(datdba, 'USAGE') FROM pg_roles, pg_database"
        " WHERE rolname = current_user AND datname = current_database()"
    )
    if psql(sql, database=at.name, at=at) != ["t"]:
        return False
    try:
        psql("SELECT 1", at=at)
    except Refused:
        return False
    return True


def let_in(at: Database, database: str) -> None:
    """Let a database have connections again."""
    psql(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true', at=at)


def set_mark(at: Database, database: str, project: str, environment: str) -> None:
    """Mark a database as a project's: see elsewhere.py."""
    psql(
        f"BEGIN; CREATE TABLE IF NOT EXISTS {MARK} (project text, environment text);"
        f" DELETE FROM {MARK}; INSERT INTO {MARK} VALUES ('{project}', '{environment}'); COMMIT",
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
