"""Where the database of a site is: on its own server, or where DATABASE of FABRIC says.

A release has its own, as it was deployed. For one elsewhere there is RELEASE/pg_service.conf, a
file of libpq that all of its programs read; the password is in it, so it is for root and the site's
user alone. https://www.postgresql.org/docs/current/libpq-pgservice.html
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import deployed
from .database_url import Database, parse
from .files import write
from .site import Site

MARK = "deployed_project"  # a table: see elsewhere.py
HOSTS, RELEASE = "deployed_hosts", "deployed_release"  # tables: see agreement.py
CERTIFICATES = "deployed_certificates"  # see handed_on.py
OURS = (MARK, HOSTS, RELEASE, CERTIFICATES)  # no content of the site
DEBIANS = "/etc/ssl/certs/ca-certificates.crt"  # the CAs that browsers trust
# A host that was cut off answers nothing at all: then a question fails after these times.
PATIENCE = {
    "connect_timeout": 3,  # seconds
    "keepalives_idle": 3,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5000,  # milliseconds
}


def of(site: Site, release: str = "") -> Database:
    """Return the database of a release, or of the one that is live."""
    release = release or site.live
    found = parse(url_of(site, release))
    if not found:
        return here(site)
    service = site.release(release) / "pg_service.conf"
    return replace(found, service=service, runs_as=site.name)


def here(site: Site) -> Database:
    """Return the database of a site on its own server."""
    return Database(site.name, site.name, runs_as=site.name)


def url_of(site: Site, release: str) -> str:
    """Return the DATABASE that a release was deployed with."""
    return deployed.kept(site, release).get("DATABASE", "")


@contextmanager
def wanted(site: Site, url: str, ca: str) -> Iterator[Database]:
    """Let there be the Database of a URL for which there is no release yet.

    `ca` is the text of a certificate, or empty.
    """
    found = parse(url)
    if not found:
        yield here(site)
        return
    with tempfile.TemporaryDirectory() as directory:
        path, service = Path(directory, "database.ca.pem"), Path(directory, "pg_service.conf")
        text = service_of(found, str(path) if ca else DEBIANS, site.secrets["db_pass"])
        for file, content in ((path, ca), (service, text)):
            write(file, content, f"root:{site.name}", 0o640)
        shutil.chown(directory, group=site.name)
        Path(directory).chmod(0o750)
        yield replace(found, service=service, runs_as=site.name)


def options(database: Database, ca: str) -> dict[str, Any]:
    """Return the options of a connection; `ca` is the path of what its certificate is signed by."""
    secure = {"sslmode": database.sslmode}
    if database.sslmode != "disable":
        secure["sslrootcert"] = ca
    return secure | PATIENCE


def service_of(database: Database, ca: str, password: str) -> str:
    """Return the text of a pg_service.conf."""
    place = {"host": database.host, "port": database.port, "user": database.user}
    found = place | {"dbname": database.name, "password": password} | options(database, ca)
    return "[site]\n" + "".join(f"{key}={value}\n" for key, value in found.items())


def for_templates(site: Site, url: str, ca: str, password: str) -> dict[str, Any]:
    """Return what templates are filled in with for a DATABASE; `ca` is a path, or empty."""
    found = parse(url)
    if not found:
        database, given = replace(here(site), host="/run/postgresql"), {}
    else:
        database, given = found, options(found, ca or DEBIANS)
    return {
        "database_name": database.name,
        "database_user": database.user,
        "database_host": database.host,
        "database_port": str(database.port) if found else "",
        "database_options": given,
        "database_service": service_of(found, ca or DEBIANS, password) if found else "",
    }
