"""A database on another host: looked at before it is used, and marked as the project's.

The mark is a table of its own, with the project and its environment: whoever comes with the same
ones has the database, also from a new server. Dumps leave it out.
"""

import re
from dataclasses import replace
from typing import Any

from . import deployed
from .database_url import parse
from .databases import MARK, OURS, Database
from .postgres import may_create, psql, run, set_mark
from .site import Refused, Site

LEAST = 14  # of Django 5.2: https://docs.djangoproject.com/en/5.2/ref/databases/
FACTS = f"""
SELECT current_setting('server_version_num')::int / 10000, pg_encoding_to_char(encoding),
    has_schema_privilege('public', 'CREATE'),
    (SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN {OURS}),
    (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()),
    to_regclass('public.{MARK}') IS NOT NULL
FROM pg_database WHERE datname = current_database()
"""


# Looking


def look(database: Database) -> dict[str, Any]:
    """Return "version", "tables", "owner" and "words" of a database elsewhere.

    "owner" is [project, environment] of its mark, or empty. Refused in a line where it cannot be a
    site's.
    """
    try:
        (row,) = psql(FACTS, database=database.name, at=database)
    except Refused as refused:
        raise Refused(f"{database} cannot be used: {reason(str(refused), database)}") from None
    version, encoding, creates, tables, tls, marked = row.split("|")
    client = int(re.findall(r"\d+", run("pg_dump", "--version", at=database))[0])
    if int(version) < LEAST:
        raise Refused(f"{database} is of PostgreSQL {version}, and {LEAST} is the least")
    if int(version) > client:
        raise Refused(
            f"{database} is of PostgreSQL {version}, which pg_dump {client} of this server cannot"
            f" back up: add apt.postgresql.org here, and type fab apt postgresql-client-{version}"
        )
    if encoding != "UTF8":
        raise Refused(f"{database} has the encoding {encoding}: make one with ENCODING 'UTF8'")
    if creates != "t":
        grant = f'ALTER DATABASE "{database.name}" OWNER TO "{database.user}"'
        raise Refused(f"{database.user} may create no tables in {database}: type there {grant}")
    owner = f"SELECT project, environment FROM {MARK}"
    found = psql(owner, database=database.name, at=database) if marked == "t" else []
    secure = "TLS verified" if database.sslmode != "disable" else "without TLS, as DATABASE says"
    if not may_create(database):
        secure += "; the role may load no backup beside it, see README.md"
    words = f"version {version} on {database.host}, {secure if tls == 't' else 'without TLS'}"
    return {
        "version": int(version),
        "tables": int(tables),
        "owner": found[0].split("|") if found else [],
        "words": words,
    }


def reason(words: str, database: Database) -> str:
    """Return why PostgreSQL refuses, in a line, and what to type on its host, where that helps."""
    line = words.strip().splitlines()[-1]
    line = re.sub(r"^(psql: |error: |connection to server at .*? failed: |FATAL: +)+", "", line)
    role = f'CREATE ROLE "{database.user}" LOGIN CREATEDB and \\password "{database.user}"'
    make = f'CREATE DATABASE "{database.name}" OWNER "{database.user}" TEMPLATE template0'
    if "does not exist" in line and "database" in line:
        return f"{line}: type there {make} ENCODING 'UTF8'"
    if "does not exist" in line or "password authentication failed" in line:
        return f"{line}: DB_PASS is its password; where there is no such role, type there {role}"
    if "no password supplied" in line:
        return f"{line}: set DB_PASS in FABRIC, and type fab create"
    if "certificate verify failed" in line:
        return f"{line}: put what signs its certificate into deploy/, as database.ca.pem"
    return line


def refuse_others(database: Database, found: dict[str, Any], site: Site, environment: str) -> None:
    """Refused where a database is known to be somebody else's; `found` is what `look` returned."""
    before = deployed.kept(site, site.live)
    mine = [[site.name, environment]]
    if parse(before.get("DATABASE", "")) == replace(database, service=None, runs_as=""):
        mine.append([site.name, before["ENVIRONMENT"]])  # the live site becomes another environment
    if found["owner"] and found["owner"] not in mine:
        raise Refused(f"{database} is that of {' of '.join(found['owner'])}: name another one")
    if found["tables"] and not found["owner"]:
        raise Refused(
            f"{database} has {found['tables']} tables of somebody else; make an empty one:"
            f' CREATE DATABASE "{site.name}" OWNER "{database.user}"'
        )


# Making it the project's

SETTINGS = {
    "jit": "off",  # it would compile the query of Mezzanine's page menu, 300 ms for one of 1 ms
    # A host that lost power says nothing. What it had locked would be so until the server knows
    # that it has gone: after two hours by itself, and while a statement runs never.
    "tcp_keepalives_idle": 10,  # seconds
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
    "client_connection_check_interval": 10_000,
}


def claim(site: Site, database: Database, environment: str) -> None:
    """Let an empty database be the project's; Refused where it cannot be."""
    refuse_others(database, look(database), site, environment)
    set_mark(database, database.name, site.name, environment)
    settings = [f"ALTER ROLE CURRENT_USER SET {name} = {SETTINGS[name]}" for name in SETTINGS]
    psql(";\n".join(settings), database=database.name, at=database)
