"""The project's role and database in PostgreSQL."""

from . import databases, elsewhere
from .postgres import has_database, has_role, psql, verifier
from .record import require
from .site import Site


def make(
    site: Site, locale: str, database: str = "", ca: str = "", owner: str = ""
) -> dict[str, bool]:
    """Make the role and the database, or bring them up to date.

    Elsewhere, which a DATABASE says, somebody else has made them: they are looked at, and marked as
    those of the environment `owner`. `ca` is the text of a certificate.
    """
    if database:
        with databases.wanted(site, database, ca) as found:
            elsewhere.claim(site, found, owner)
        return {"made": False}
    name = site.name  # in quotes, as it may be a word of SQL such as order
    require(site, "role", name)
    if not has_role(name):
        psql(f'CREATE ROLE "{name}" LOGIN')
    psql(f"ALTER ROLE \"{name}\" PASSWORD '{verifier(site.secrets['db_pass'])}'")
    # It would compile the query of Mezzanine's page menu, 300 ms for one of 1 ms.
    psql(f'ALTER ROLE "{name}" SET jit = off')
    made = not has_database(name)
    if made:
        psql(
            f'CREATE DATABASE "{name}" OWNER "{name}" TEMPLATE template0 ENCODING \'UTF8\''
            f" LC_COLLATE '{locale}' LC_CTYPE '{locale}'"
        )
    return {"made": made}
