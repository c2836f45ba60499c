"""Certificates that the leading host has ordered come to the others by the database, sealed.

Only the hosts of a site have the key that opens them, and signs them: the one by which they know
each other, see peers.py. The table deployed_certificates has a row for each file of names/ and
trusted/ in ROOT/certificates; dumps leave it out.
"""

import base64
import hashlib
import subprocess

from . import common, databases, peers
from .acme import place
from .databases import CERTIFICATES
from .files import read, write
from .postgres import psql
from .site import Refused, Site

MOST = 50  # files of a run, which comes each minute
TABLE = (
    f"CREATE TABLE IF NOT EXISTS {CERTIFICATES}"
    " (name text PRIMARY KEY, digest text NOT NULL, sealed text NOT NULL);"
)


def follow(site: Site, leads: bool) -> None:
    """Hand on what is new here, on the host that leads; on the others, take what is new there."""
    rows = ask(site, f"{TABLE} SELECT name, digest FROM {CERTIFICATES}")
    there = dict(row.split("|") for row in rows)
    here = {name: digest(text) for name, text in texts(site).items()}
    if leads:
        hand_on(site, here, there)
    else:
        take(site, here, there)


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


def hand_on(site: Site, here: dict[str, str], there: dict[str, str]) -> None:
    new = [name for name in here if here[name] != there.get(name)]
    for name in new[:MOST]:
        text = texts(site)[name]
        sealed = base64.b64encode(seal(site, f"{name}\n{text}")).decode()
        ask(
            site,
            f"INSERT INTO {CERTIFICATES} VALUES ('{name}', '{digest(text)}', '{sealed}')"
            f" ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, sealed = excluded.sealed",
        )
    for name in filter(is_file, there.keys() - here.keys()):
        ask(site, f"DELETE FROM {CERTIFICATES} WHERE name = '{name}'")


def take(site: Site, here: dict[str, str], there: dict[str, str]) -> None:
    known = {name for name in there if is_file(name)}
    for name in [name for name in known if here.get(name) != there[name]][:MOST]:
        (sealed,) = ask(site, f"SELECT sealed FROM {CERTIFICATES} WHERE name = '{name}'")
        said, _end, text = opened(site, base64.b64decode(sealed)).partition("\n")
        if said == name:  # or somebody has put one in the place of another
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
