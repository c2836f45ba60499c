"""A database on another host: looked at before it is used, marked as the project's, and filled.

The mark is a table of its own, with the project and its environment: whoever comes with the same
ones has the database, also from a new server. Dumps leave it out.
"""

import re
from typing import Any

from . import databases
from .backup import backups
from .databases import MARK, Database
from .files import write
from .postgres import has_database, may_create, psql, run, set_mark
from .restore import fill, load_database
from .site import Refused, Site

LEAST = 14  # of Django 5.2: https://docs.djangoproject.com/en/5.2/ref/databases/
FACTS = f"""
SELECT current_setting('server_version_num')::int / 10000, pg_encoding_to_char(encoding),
    has_schema_privilege('public', 'CREATE'),
    (SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> '{MARK}'),
    (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()),
    to_regclass('public.{MARK}') IS NOT NULL
FROM pg_database WHERE datname = current_database()
"""
# The same on all replicas of a server, and different on all others.
IDENTITY = """
SELECT system_identifier, oid FROM pg_control_system(), pg_database
WHERE datname = current_database()
"""
EMPTY = f"""
DO $$ DECLARE t text; BEGIN
    FOR t IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> '{MARK}'
    LOOP EXECUTE format('DROP TABLE IF EXISTS public.%I CASCADE', t); END LOOP;
END $$
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


def is_of(owner: list[str], site: Site, environment: str) -> bool:
    return owner == [site.name, environment]


def refuse_others(database: Database, found: dict[str, Any], site: Site, environment: str) -> None:
    """Refused where a database is known to be somebody else's; `found` is what `look` returned."""
    if found["owner"] and not is_of(found["owner"], site, environment):
        raise Refused(f"{database} is that of {' of '.join(found['owner'])}: name another one")
    if found["tables"] and not found["owner"]:
        raise Refused(
            f"{database} has {found['tables']} tables of somebody else; make an empty one:"
            f' CREATE DATABASE "{site.name}" OWNER "{database.user}"'
        )


# Making it the project's


def claim(site: Site, database: Database, environment: str) -> None:
    """Let an empty database be the project's; Refused where it cannot be."""
    refuse_others(database, look(database), site, environment)
    set_mark(database, database.name, site.name, environment)
    # It would compile the query of Mezzanine's page menu, 300 ms for one of 1 ms.
    psql("ALTER ROLE CURRENT_USER SET jit = off", database=database.name, at=database)


# Moving to it, or from it


def compare(site: Site, url: str, ca: str) -> dict[str, Any]:
    """Return how the live database goes on in that of another DATABASE: "how", "from" and "to".

    "same": it is the same one; "move": its data has to come; "take": there is data of this site.
    """
    with databases.wanted(site, url, ca) as new:
        old = databases.of(site)
        told = {"from": str(old), "to": str(new), "how": "move"}
        if identity(old) == identity(new):
            told["how"] = "same"
        elif new.service and look(new)["tables"] and carrying(site) != url:
            told["how"] = "take"
        return told


def identity(database: Database) -> list[str]:
    """Return what tells a database from all others; what nobody tells is never the same."""
    try:
        return psql(IDENTITY, database=database.name, at=database)
    except Refused:
        return [str(database)]


def carrying(site: Site) -> str | None:
    """Return the DATABASE that data is on its way to, which may have it already, or None."""
    path = site.state / "moving"
    return path.read_text() if path.exists() else None


def freeze(site: Site) -> dict[str, Any]:
    """Let nobody write to the live database any more, whoever is connected."""
    read_only(databases.of(site), "SET default_transaction_read_only = on")
    return {}


def thaw(site: Site) -> dict[str, Any]:
    """Let the live database be written to again."""
    read_only(databases.of(site), "RESET default_transaction_read_only")
    return {}


def read_only(database: Database, words: str) -> None:
    """Change whether the role may write to a database; who is connected has to come again."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    psql(
        f'ALTER ROLE "{database.user}" IN DATABASE "{database.name}" {words}',
        f"{end} AND datname = '{database.name}' AND usename = '{database.user}'",
        database=database.name,
        at=database,
    )


def carry(site: Site, backup: str, release: str) -> dict[str, Any]:
    """Bring a dump of the live database into that of a release."""
    new, dump = databases.of(site, release), backups(site) / backup / "database"
    url = databases.url_of(site, release)
    was_begun = carrying(site) == url
    if new.service and look(new)["tables"]:
        if not was_begun:
            raise Refused(f"{new} is not empty")
        psql(EMPTY, database=new.name, at=new)
    write(site.state / "moving", url)
    if new.service:
        fill(dump, new, new.name, backup)
    else:
        if not was_begun:
            put_aside(new)
        load_database(dump, new, new.name, backup)
    return {}


def put_aside(database: Database) -> None:
    """Let a database of this server that is there from before have another name."""
    old = f"{database.name}-before-restore"
    if has_database(database.name):
        psql(
            f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)',
            f'ALTER DATABASE "{database.name}" RENAME TO "{old}"',
        )


def take(site: Site, release: str) -> dict[str, Any]:
    """Let a database that has been left before be written to again."""
    read_only(databases.of(site, release), "RESET default_transaction_read_only")
    return {}


def arrived(site: Site) -> dict[str, Any]:
    (site.state / "moving").unlink(missing_ok=True)
    return {}
