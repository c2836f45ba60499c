"""Content is written to a file: that of all sites, or of one."""

import os
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction

from . import versions
from .keys import Keys
from .kinds import travelling
from .models import Origin
from .package import Package, Refused, Writer
from .selection import Selection, rows_of
from .site_files import files_of, uploads_of
from .sites import aliases, ending
from .tables import Table


def tables(everything, keys):
    """Return the tables that travel, a list."""
    models = travelling(everything)
    return [Table(model, set(models), keys) for model in models]


@contextmanager
def snapshot():
    """Let all that is read be of one moment."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if connection.vendor == "postgresql" and outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def export(path, everything=False, base=None, site=None):
    """Write the content of this database, or of one Site in it, to a path.

    `base` is the path of the file that it was pulled in.
    """
    part = f"{path}.part"
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        with Writer(part) as writer, snapshot():
            write(writer, everything, site)
            if base:
                write_base(writer, base)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def refuse_copy():
    """Refused where accounts and the data of visitors were left out of what is here."""
    origin = Origin.current()
    if origin and not origin.everything:
        raise Refused(
            "what is here was pulled without accounts and the data of visitors, so it is not"
            " everything; type fab pull --everything first"
        )


def write(writer, everything, site):
    keys, found, files = Keys(), {}, {}
    columns, selection = {}, site and Selection(site)
    for table in tables(everything, keys):
        columns[table.label] = table.names
        with writer.lines(f"rows/{table.label}") as line:
            found[table.label] = 0
            for row in rows_of(table, selection) if site else table.rows():
                line(row)
                found[table.label] += 1
                if site:
                    files |= files_of(table, row)
    with writer.lines("users") as line:
        for name, attributes in sorted(keys.users.items()):
            line([name, attributes])
    with writer.lines("aliases") as line:
        for alias in aliases(site):
            line(alias)
    writer.header(
        versions.described()
        | {
            "everything": everything,
            "environment": settings.ENVIRONMENT,
            "ending": ending(),
            "site_id": settings.SITE_ID,
            "columns": columns,
            "rows": found,
        }
        | (described(site, files) if site else {})
    )


def described(site, files):
    """Return what the header says of a package with one site alone.

    "uploads" are the folder of its uploads, and the other files that its rows name.
    """
    about = {"id": site.pk, "domain": site.domain, "name": site.name}
    names = sorted(name.removeprefix("media/") for name in files if name.startswith("media/"))
    return {"site": about, "uploads": {"folder": f"{uploads_of(site.pk)}/", "files": names}}


def write_base(writer, base):
    """Write what each row said when it was pulled, as a digest."""
    with Package(base) as package:
        everything = package.header["everything"]
        for table in tables(everything, Keys()):
            with writer.lines(f"base/{table.label}") as line:
                for row in package.rows(table.label):
                    line([row[table.pk], table.digest(row)])
