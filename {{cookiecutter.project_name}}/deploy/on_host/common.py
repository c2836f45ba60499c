"""What the hosts of a site have in common: the first makes it, and fab carries it to the others.

It goes through memory and the standard input of the program alone, never through a file of the
machine that deploys.
"""

import base64
import ipaddress
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from . import certificate, peers
from .acme.place import Place
from .acme.place import user as acme_user
from .files import read
from .files import write as write_file
from .site import Site

Owned = tuple[str, int]  # USER:GROUP and mode


def files(site: Site) -> dict[str, tuple[Path, Owned]]:
    """Return where each thing is, by a name that is the same on all hosts."""
    secret = (f"root:{site.name}", 0o640)
    place, agent = Place(site), acme_user(site.name)
    shown = certificate.SSL / site.name
    return {
        "secrets": (site.shared / "secrets.json", secret),
        "settings": (site.shared / "settings.json", secret),
        "backup keys": (site.state / "backup-keys.json", ("root:root", 0o600)),
        "peers": (peers.pair(site), ("root:root", 0o600)),
        "certificate": (shown.with_name(f"{site.name}.crt"), ("root:root", 0o644)),
        "key": (shown.with_name(f"{site.name}.key"), ("root:root", 0o600)),
        "key of the server": (certificate.key_record(site), ("root:root", 0o644)),
        "account": (place.account, (f"{agent}:{agent}", 0o600)),
    }


def of_agent(site: Site, name: str) -> tuple[Path, Owned]:
    """Return where a certificate of a name is, as names/NAME.pem, or how long browsers insist."""
    place, agent = Place(site), acme_user(site.name)
    folder, _slash, file = name.partition("/")
    if folder == place.names.name:
        return place.names / Path(file).name, (f"{agent}:www-data", 0o640)
    return place.trusted / Path(file).name, (f"{agent}:{agent}", 0o644)


def names(site: Site) -> Iterator[str]:
    """Yield the names of what the agent of the certificates has made."""
    place = Place(site)
    for folder in (place.names, place.trusted):
        if folder.is_dir():
            found = (path.name for path in folder.iterdir())
            yield from (f"{folder.name}/{name}" for name in found if not name.startswith("."))


def give(site: Site) -> dict[str, Any]:
    """Return "things", the content of each thing that is here in base64, by its name."""
    peers.make(site)
    places = {name: path for name, (path, _owned) in files(site).items()}
    found = {name: read(path) for name, path in places.items()}
    found |= {name: read(of_agent(site, name)[0], site.root) for name in names(site)}
    return {"things": {name: packed(each[0]) for name, each in found.items() if each}}


def packed(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def take(site: Site, things: Mapping[str, str]) -> dict[str, list[str]]:
    """Let this host have what another one gives; return "changed", the names of what was not so.

    What the other one has not stays as it is.
    """
    changed, known = [], files(site)
    for name, text in things.items():
        path, owned = known[name] if name in known else of_agent(site, name)
        beneath = None if name in known else site.root  # the agent may put links there
        content = base64.b64decode(text).decode("utf-8", "surrogateescape")
        if read(path, beneath) != (content, *owned):
            path.parent.mkdir(mode=0o755, exist_ok=True)  # as of NGINX
            write_file(path, content, *owned, beneath=beneath)
            changed.append(name)
    if {"certificate", "key"} & set(changed):
        certificate.combine(site)
    return {"changed": changed}


def address(site: Site, network: str) -> dict[str, str]:
    """Return "address", the one that this host has in a network; empty where it has none."""
    words = ["ip", "-o", "addr", "show"]
    shown = subprocess.run(words, capture_output=True, text=True).stdout
    wanted = ipaddress.ip_network(network)
    found = [line.split()[3].partition("/")[0] for line in shown.splitlines()]
    return {"address": next((a for a in found if ipaddress.ip_address(a) in wanted), "")}
