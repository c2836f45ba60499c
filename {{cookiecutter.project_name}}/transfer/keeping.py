"""What is in this database is kept as a file, before other content takes its place."""

import sqlite3
from pathlib import Path

from django.db import connection

from .export import export
from .package import Refused


def keep(path):
    """Write the whole database to a new file: as it is where it is SQLite, else as a package."""
    if Path(path).exists():
        raise Refused(f"{path} is there already")
    if connection.vendor != "sqlite":
        export(path, everything=True)
        return
    connection.ensure_connection()
    with sqlite3.connect(path) as copy:
        connection.connection.backup(copy)
    copy.close()
    Path(path).chmod(0o600)
