"""The project's secrets are made once. They are in one file of the server and never leave it."""

import json
import secrets

from .files import write
from .site import Site

NAMES = ("secret_key", "nevercache_key", "db_pass")


def make(site: Site, db_pass: str) -> dict[str, bool]:
    """Make the secrets that are missing; db_pass, unless empty, is the one of the database."""
    path = site.shared / "secrets.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    values = {name: secrets.token_urlsafe(50) for name in NAMES} | before
    if db_pass:
        values["db_pass"] = db_pass
    if values != before:
        write(path, json.dumps(values), f"root:{site.name}", 0o640)
    return {"made": not before}
