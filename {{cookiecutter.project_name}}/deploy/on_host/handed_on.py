"""Certificates that the leading host has ordered come to the others by the database, sealed.

Only the hosts of a site have the key that opens them, and signs them: the one by which they know
each other, see peers.py. The table deployed_certificates has a row for each file of names/ and
trusted/ in ROOT/certificates; dumps leave it out. Of two certificates the one that is good from
later on is right, whoever leads: a host that was off for weeks may lead when it comes back.
"""

import base64
import hashlib
import subprocess
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from . import common, databases, peers
from .acme import place
from .databases import CERTIFICATES
from .files import read, write
from .postgres import psql
from .site import Refused, Site

MOST = 50  # files of a run, which comes each minute
TABLE = (
    f"CREATE TABLE IF NOT EXISTS {CERTIFICATES}"
    " (name text PRIMARY KEY, digest text NOT NULL, since float NOT NULL, sealed text NOT NULL);"
)


class Given(NamedTuple):
    """What the table has of a file; `since` is the beginning of a certificate, as time.time()."""

    digest: str
    since: float


def follow(site: Site, leads: bool) -> None:
    """Hand on what is new here, on the host that leads; on all, take what is newer there."""
    there, here = table(site), texts(site)
    done = 0
    for name in differing(here, there):
        if done == MOST:
            break
        done += 1
        if name not in here and leads:
            ask(site, f"DELETE FROM {CERTIFICATES} WHERE name = '{name}'")
        elif is_newer(name, here, there, leads):
            take(site, name, here)
        elif leads:
            hand_on(site, name, here[name])
        else:
            done -= 1


def catch_up(site: Site) -> None:
    """Take all that is newer in the table, before this host leads and what it has counts."""
    there, here = table(site), texts(site)
    for name in differing(here, there):
        if is_newer(name, here, there, leads=False):
            take(site, name, here)


def table(site: Site) -> dict[str, Given]:
    rows = ask(site, f"{TABLE} SELECT name, digest, since FROM {CERTIFICATES}")
    found = (row.split("|") for row in rows)
    return {name: Given(digest, float(since)) for name, digest, since in found if is_file(name)}


def differing(here: Mapping[str, str], there: Mapping[str, Given]) -> list[str]:
    """Return the names of the files that are not the same in both."""
    mine = {name: digest(text) for name, text in here.items()}
    given = {name: each.digest for name, each in there.items()}
    return sorted(name for name in mine | given if mine.get(name) != given.get(name))


def is_newer(name: str, here: Mapping[str, str], there: Mapping[str, Given], leads: bool) -> bool:
    """Return whether the table has what is to take the place of a file, or of none."""
    if name not in here or name not in there:
        return name in there
    mine = since(here[name])
    return there[name].since > mine or (there[name].since == mine and not leads)


def since(text: str) -> float:
    """Return from when on a certificate is good, as time.time() has it; 0 for other files."""
    words = ["openssl", "x509", "-noout", "-startdate", "-dateopt", "iso_8601"]
    shown = subprocess.run(words, input=text, capture_output=True, text=True)
    found = shown.stdout.strip().partition("=")[2]
    return datetime.fromisoformat(found).timestamp() if found else 0


def ask(site: Site, sql: str) -> list[str]:
    live = databases.of(site)
    return psql(sql, database=live.name, at=live)


def texts(site: Site) -> dict[str, str]:
    """Return the files of the agent by name, such as names/www.example.com.pem."""
    names = filter(is_file, common.names(site))
    found = {name: read(common.of_agent(site, name)[0], site.root) for name in names}
    return {name: each[0] for name, each in found.items() if each}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hand_on(site: Site, name: str, text: str) -> None:
    sealed = base64.b64encode(seal(site, f"{name}\n{text}")).decode()
    ask(
        site,
        f"INSERT INTO {CERTIFICATES} VALUES"
        f" ('{name}', '{digest(text)}', {since(text)}, '{sealed}')"
        f" ON CONFLICT (name) DO UPDATE"
        f" SET digest = excluded.digest, since = excluded.since, sealed = excluded.sealed",
    )


def take(site: Site, name: str, here: Mapping[str, str]) -> None:
    """Let this host have a file of the table, but for one that is older than what it has."""
    (sealed,) = ask(site, f"SELECT sealed FROM {CERTIFICATES} WHERE name = '{name}'")
    said, _end, text = opened(site, base64.b64decode(sealed)).partition("\n")
    is_older = name in here and since(text) < since(here[name])
    if said == name and not is_older:  # or somebody has put one in the place of another
        path, owned = common.of_agent(site, name)
        write(path, text, *owned, beneath=site.root)


def is_file(name: str) -> bool:
    """Return whether that is such as the agent makes: neither it nor the database is believed."""
    folder, _slash, file = name.partition("/")
    suffix = {"names": ".pem", "trusted": ""}.get(folder)
    return suffix is not None and file.endswith(suffix) and place.is_name(file.removesuffix(suffix))


def seal(site: Site, text: str) -> bytes:
    """Return a text that only the hosts of the site can read, and can have written."""
    pair = peers.pair(site)
    signed = cms(text.encode(), "-sign", "-binary", "-nodetach", "-signer", pair)
    return cms(signed, "-encrypt", "-binary", "-aes-256-cbc", pair)


def opened(site: Site, sealed: bytes) -> str:
    """Return what `seal` was given; Refused where it is not sealed by a host of the site."""
    pair = peers.pair(site)
    signed = cms(sealed, "-decrypt", "-inform", "DER", "-recip", pair, "-inkey", pair)
    trust = ("-CAfile", pair, "-purpose", "any", "-inform", "DER")
    return cms(signed, "-verify", "-binary", *trust).decode()


def cms(data: bytes, command: str, *words: object) -> bytes:
    out = ["-outform", "DER"] if command in ("-sign", "-encrypt") else []
    line = ["openssl", "cms", command, *out, *map(str, words)]
    run = subprocess.run(line, input=data, capture_output=True)
    if run.returncode:
        lines = run.stderr.decode("utf-8", "replace").strip().splitlines() or ["it failed"]
        raise Refused(f"openssl cms {command}: {lines[-1]}")
    return run.stdout
