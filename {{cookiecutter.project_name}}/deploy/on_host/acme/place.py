"""Where the agent keeps its things: in ROOT/certificates, which is its own."""

import json
import os
import re
import zlib
from pathlib import Path

from ..site import Site

LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
# A CA signs no address and no name without a dot (CA/Browser Forum, Baseline Requirements 4.2.2).
NAME = re.compile(r"(?=.{4,253}\Z)" + rf"({LABEL}\.)+(?!\d+\Z){LABEL}\Z")


class Place:
    """The paths of a site's certificates."""

    def __init__(self, site: Site) -> None:
        self.name = site.name
        self.folder = site.root / "certificates"
        self.names = self.folder / "names"  # NAME.pem: the key and the chain; NGINX may read them
        self.trusted = self.folder / "trusted"  # NAME: how long browsers may insist on it, seconds
        self.status = self.folder / "status.json"  # what is told of each name, for everybody
        self.account = self.folder / "account.key"
        self.ledger = self.folder / "ledger.sqlite3"
        self.lock = self.folder / "lock"
        self.challenges = site.shared / "acme/.well-known/acme-challenge"
        self.fallback = Path(f"/etc/nginx/ssl/{site.name}.crt")
        self.root = Path(f"/etc/nginx/ssl/{site.name}-acme-root.pem")  # of an own CA

    def pem(self, name: str) -> Path:
        """Return the file of a name, which `is_name` has looked at."""
        return self.names / f"{name}.pem"


def user(project: str) -> str:
    """Return the user that the agent runs as; Debian's names have 32 characters at most."""
    if len(project) > 27:
        project = f"{project[:18]}-{zlib.crc32(project.encode()):08x}"
    return f"{project}-acme"


def is_name(name: str) -> bool:
    """Return whether a certificate can be had for a name; it is safe in a path then."""
    return bool(NAME.match(name))


def told(place: Place) -> dict[str, str]:
    """Return what the agent tells of each name, by name; empty before its first run."""
    try:
        return dict(json.loads(place.status.read_text())["names"])
    except (OSError, ValueError, KeyError):
        return {}


def paused(place: Place) -> str:
    """Return why the agent orders nothing for now; empty where that is not so."""
    try:
        return str(json.loads(place.status.read_text())["paused"])
    except (OSError, ValueError, KeyError):
        return ""


def write(path: Path, content: str, mode: int = 0o644) -> None:
    """Replace a file of the agent's at once."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.rename(path)
