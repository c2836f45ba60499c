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

from .site import Refused

ROUNDS = 4096
VERIFIER = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$")


def run(*command, stdin=None, stdout=subprocess.PIPE):
    """Run a command as the user postgres; return what it prints, a str, or Refused with why not."""
    words = ["runuser", "-u", "postgres", "--", *map(str, command)]
    options = {"input": stdin} if isinstance(stdin, str) else {"stdin": stdin}
    options |= {"stdout": stdout, "stderr": subprocess.PIPE}
    result = subprocess.run(words, text=True, cwd="/", **options)
    if result.returncode:
        raise Refused(f"{command[0]}: {result.stderr.strip()}")
    return result.stdout


def psql(*statements, database="postgres"):
    """Run SQL, each statement by itself; return the rows of the last, as lines."""
    for sql in statements:  # on the standard input: arguments are seen in the list of processes
        rows = run("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", database, stdin=sql).splitlines()
    return rows


def version():
    """Return the version of the server, such as 17."""
    return int("".join(psql("SHOW server_version_num"))) // 10000


def installed():
    """Return the versions of which the server's programs are there, a list of str."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return [path.parts[-3] for path in found if path.parts[-3].isdigit()]


def has_role(name):
    return bool(psql(f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'"))


def has_database(name):
    return bool(psql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


def owner_of(database):
    """Return the role that a database belongs to; empty where there is no such database."""
    sql = f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{database}'"
    return "".join(psql(sql))


def verifier(password, salt=None, rounds=ROUNDS):
    """Return the verifier that PostgreSQL stores for a password; salt, in bytes, is made up."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = (b64encode(part).decode() for part in (salt, client, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(rounds, *parts)


def has_password(role, password):
    """Return whether that is the password of a role, by the verifier that PostgreSQL keeps."""
    kept = "".join(psql(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'"))
    found = VERIFIER.match(kept)
    return bool(found) and kept == verifier(password, b64decode(found[2]), int(found[1]))
