"""The end of a site, on all of its hosts or on one of them."""

from . import database, server
from .host import Host
from .hosts import Hosts
from .lease import Lease
from .steps import step
from .terminal import tell


def remove(hosts: Hosts) -> None:
    """Remove the project from the hosts; where none is left, after a last backup.

    That is made on the host which leads, the last one. A host that is away keeps what it has.
    """
    config, gone = hosts[0].config, set()
    for host in (*hosts.others, hosts.lead):
        with Lease(host, "remove"):
            found = server.adopt(host)
            me, names = left_by(host)
            gone.add(me)
            left = [name for name in names if name not in gone]
            is_last = host is hosts.lead and not left
            backup = database.backup(host, "remove") if found["data"] and is_last else ""
            kept = server.remove(host, backup)
        if found["elsewhere"] and not left:
            print(f"Not removed: {found['elsewhere']}; no fab made it")
        if kept:
            print(f"The last backup stays there: {kept}")
        if left and host is hosts.lead:
            tell(f"    {config.project_name} goes on on {', '.join(left)}")
    if config.uploads:
        print(f"The uploads stay in their bucket: {config.uploads}")


def left_by(host: Host) -> tuple[str, list[str]]:
    """Let the other hosts know that one goes; return its name among them, and who is alive."""
    if not host.config.database:
        return "", []
    with step(host, "Telling the others"):
        stand, found = host.call("stand"), host.call("leave_hosts")
    if found["left"] and not found["told"]:
        tell(f"    {host.name}: the database is not told; fab deploy to the others does that")
    return stand["me"], [name for name in found["left"] if name in stand["alive"]]
