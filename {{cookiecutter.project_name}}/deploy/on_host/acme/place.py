"""Where the agent keeps its things: in ROOT/certificates."""

import json
import os
import re
import stat
import zlib
from pathlib import Path
from typing import Any

from ..site import Site

LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
# A CA signs no address and no name without a dot (CA/Browser Forum, Baseline Requirements 4.2.2).
NAME = re.compile(r"(?=.{4,253}\Z)" + rf"({LABEL}\.)+(?!\d+\Z){LABEL}\Z")

LARGEST = 50_000_000  # characters of what is told


class Place:
    """The paths of a site's certificates."""

    def __init__(self, site: Site) -> None:
        self.name = site.name
        self.folder = site.root / "certificates"  # root's, which makes the others in it
        self.names = self.folder / "names"  # NAME.pem: the key and the chain; NGINX may read them
        self.trusted = self.folder / "trusted"  # NAME: how long browsers may insist on it, seconds
        self.status = self.folder / "status/names.json"  # what is told of each, for everybody
        self.private = self.folder / "private"
        self.account = self.private / "account.key"
        self.ledger = self.private / "ledger.sqlite3"
        self.lock = self.private / "lock"
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
    return dict(status(place).get("names", {}))


def paused(place: Place) -> str:
    """Return why the agent orders nothing for now; empty where that is not so."""
    return str(status(place).get("paused", ""))


def status(place: Place) -> dict[str, Any]:
    """Return what the agent has written last; it is no friend, so only a plain file is read."""
    try:
        descriptor = os.open(place.status, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, encoding="utf-8") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return {}
            return dict(json.loads(file.read(LARGEST)))
    except (OSError, ValueError, TypeError):
        return {}


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
