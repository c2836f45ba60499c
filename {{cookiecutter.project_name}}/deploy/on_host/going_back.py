"""What visitors would lose by a release of before: it serves as it was made, by older files."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from . import configuration, databases
from .acme.place import Place
from .postgres import psql
from .site import Refused, Site

WAITING = "SELECT count(*) FROM mail_queuedmail WHERE state = 'waiting'"


def losses(site: Site, release: str) -> dict[str, Any]:
    """Return "losses", the lines that somebody has to read before a release goes live again."""
    return {"losses": [*of_certificates(site, release), *of_mail(site, release)]}


def of_certificates(site: Site, release: str) -> Iterator[str]:
    """Browsers that were told to insist on HTTPS show no way past a self-signed certificate."""
    place = Place(site)
    trusted = os.listdir(place.trusted) if place.trusted.is_dir() else []
    files = configuration.kept(site, release).values()
    if trusted and not any("js_set" in file["content"] for file in files):
        yield (
            f"{release} knows no certificates of names: {len(trusted)} names that browsers trust"
            " get the server's own, and browsers that were there let nobody in (HSTS)"
        )


def of_mail(site: Site, release: str) -> Iterator[str]:
    if (site.release(release) / "project/mail").is_dir():
        return
    live = databases.of(site)
    with suppress(Refused):  # no such table
        if (waiting := "".join(psql(WAITING, database=live.name, at=live))) != "0":
            words = f"{waiting} mails that wait; they stay in the database"
            yield f"{release} does not send the {words}"
