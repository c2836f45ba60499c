"""The names of all sites of the project: NGINX answers to them, and the certificate covers them."""

import json

from . import certificates
from .config import HOST_NAME
from .host import Host
from .on_host.server_name import written
from .scripts import script
from .steps import step

LIST = "cd $root/current/project && ../venv/bin/python manage.py listsites --json"


def names(host: Host, first: str) -> list[str]:
    """Return the names that visitors use for the project's sites, a list of str without doubles.

    Those of the sites and of their aliases, each with and without www. as the project answers both;
    `first`, a host, comes first.
    """
    found = [first, *twin(first)]
    for line in host.as_site(LIST).stdout.splitlines():
        site = json.loads(line)
        # In the one form that multisite/hosts.py gives them; a release of before tells no hosts.
        for name in site.get("hosts", [site["domain"], *site["aliases"]]):
            if HOST_NAME.fullmatch(name):
                found += [name, *twin(name)]
    return list(dict.fromkeys(found))


def twin(name: str) -> list[str]:
    """Return the name with www. if it has none, and without if it has, in a list; an IP none."""
    if name.replace(".", "").isdigit():
        return []
    return [name.removeprefix("www.") if name.startswith("www.") else f"www.{name}"]


def update(host: Host, first: str) -> None:
    """Let NGINX answer to the names of all sites, of which `first` is one, and the certificate."""
    with step(host, "Names of the sites"):
        found = names(host, first)
    certificates.cover(host, found)  # first: it may be unable to
    with step(host, "NGINX"):
        words = " ".join(map(written, found))
        host.as_root(script("server_names"), stdin=f"server_name {words};\n")
    print("\n".join(f"    {name}" for name in found))
