"""On the server: make the project's role and database in PostgreSQL, or bring them up to date.

The password goes to PostgreSQL as a SCRAM verifier (RFC 5802, RFC 7677), so that not even its log
could show it.
"""

import hashlib
import hmac
import json
import secrets
import subprocess
from base64 import b64encode
from pathlib import Path

PARAMETERS = globals()["PARAMETERS"]
NAME = PARAMETERS["project_name"]  # letters, digits and underscores
ROUNDS = 4096


def verifier(password):
    """Return the verifier that PostgreSQL stores for a password."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = (b64encode(part).decode() for part in (salt, client, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(ROUNDS, *parts)


def psql(sql, database="postgres"):
    """Run SQL as the superuser; return the rows, as lines."""
    command = [
        "runuser",
        "-u",
        "postgres",
        "--",
        "psql",
        "-qAtX",
        "-v",
        "ON_ERROR_STOP=1",
        database,
    ]
    result = subprocess.run(command, input=sql, capture_output=True, text=True, cwd="/")
    if result.returncode:
        raise SystemExit(result.stderr)
    return result.stdout.splitlines()


def main():
    secrets_file = Path(PARAMETERS["root"], "shared/secrets.json")
    password = json.loads(secrets_file.read_text())["db_pass"]
    if not psql(f"SELECT 1 FROM pg_roles WHERE rolname = '{NAME}'"):
        psql(f"CREATE ROLE {NAME} LOGIN")
    psql(f"ALTER ROLE {NAME} PASSWORD '{verifier(password)}'")
    # It would compile the query of Mezzanine's page menu, 300 ms for one of 1 ms.
    psql(f"ALTER ROLE {NAME} SET jit = off")
    made = not psql(f"SELECT 1 FROM pg_database WHERE datname = '{NAME}'")
    if made:
        locale = PARAMETERS["locale"]
        psql(
            f"CREATE DATABASE {NAME} OWNER {NAME} TEMPLATE template0 ENCODING 'UTF8'"
            f" LC_COLLATE '{locale}' LC_CTYPE '{locale}'"
        )
    print(json.dumps({"made": made}))


main()
