"""The names of all sites of the project, and how it is with the certificate of each."""

import json

from .config import HOST_NAME
from .host import Host
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
    """Let NGINX answer to the names of all sites, of which `first` is one; tell of each."""
    with step(host, "Names of the sites"):
        found = names(host, first)
        host.call("certificate", hostname=first)
        told = host.call("names", names=found)["told"]
    print("\n".join(f"    {name}  {told.get(name, '')}".rstrip() for name in found))
