"""What opens the backups of a server: also at home, in backups/NAME/backup-keys.json.

A new server gets it from there, so that it opens what the lost one has left in BACKUP_TO.
"""

import json
import time
from pathlib import Path

from invoke import Exit

from . import transport
from .config import PRODUCTION
from .host import Host
from .lease import Lease
from .steps import step
from .terminal import can_ask, tell


def folder(host: Host) -> Path:
    """Return the folder of backups/ for the environment of a host."""
    config = host.config
    production = config.environment == PRODUCTION
    path = Path("backups", config.project_name if production else config.environment)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def place(host: Host) -> Path:
    return folder(host) / "backup-keys.json"


def make(host: Host) -> None:
    """Let the server have the keys of home, or keys of its own, and home those of the server."""
    ours = None
    if place(host).exists():
        try:
            ours = json.loads(place(host).read_text("utf-8"))
            str(ours["password"]), str(ours["ssh_key"]), dict(ours["credentials"])
        except (ValueError, KeyError, TypeError):
            raise Exit(f"{place(host)} is damaged; move it away", 1) from None
    with step(host, "Keys of the backups"):
        made = host.call("backup_keys", keys=ours)
        if ours and not made["ours"]:
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            other = place(host).with_suffix(f".{stamp}.json")
            place(host).rename(other)
            tell(f"    {other} opens other backups than those of {host.name}")
        bring_home(host)
    if made["made"]:
        tell(f"    What opens the backups is in {place(host)} too: keep it where no fire reaches")
        if can_ask():
            password = json.loads(place(host).read_text("utf-8"))["password"]
            tell(f"    Their password is {password} (shown this once)")


def bring_home(host: Host) -> None:
    part = place(host).with_suffix(".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    transport.download(host, 'cat "$root/state/backup-keys.json"', part)
    part.rename(place(host))


def change(host: Host, name: str, value: str | None) -> None:
    """Keep a credential for BACKUP_TO on the server, or with None no longer, and at home."""
    with Lease(host, "secret") as lease:
        lease.note(setting=name if value is not None else f"{name} removed")
        with step(host, f"Setting {name}"):
            host.call("change_backup_key", setting=name, value=value)
            bring_home(host)
    print(f"{name} is kept for the backups; fab backup tries it")
