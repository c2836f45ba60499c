"""A backup as one file, NAME.tar.gz, on its way home and back.

It has the paths below ROOT that the snapshot has. One of before there were snapshots is NAME.tar,
with a directory NAME in it.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from . import snapshots, uploads
from .releases import check_room
from .site import Refused, Site

SPARE, INODES = 500 * 10**6, 10_000  # bytes and files that the site is left with


def unpacked(site: Site) -> Path:
    """Return where a backup lies that is restored: beside what it replaces, on the same disk."""
    return site.root / "backups/.restoring"


def coming(site: Site) -> Path:
    return site.root / "backups/.coming"


def unpack(site: Site, sha256: str) -> Path:
    """Unpack the file of that SHA-256; return the directory with the dump."""
    uploads.check(sha256)
    file, folder = coming(site) / sha256, unpacked(site)
    check_room(site, 2 * file.stat().st_size + SPARE)
    run = subprocess.run(["tar", "-C", folder, "-xf", file], capture_output=True, text=True)
    if run.returncode:
        raise Refused(f"the file is damaged, or no backup: {run.stderr.strip().splitlines()[-1]}")
    shutil.rmtree(coming(site))
    if (folder / "state/dump").is_dir():
        return folder / "state/dump"
    found = [path.parent for path in folder.glob("*/SHA256SUMS")]
    if not found:
        raise Refused("there is no backup in the file")
    return found[0]


def write(site: Site, backup: str, stream: IO[bytes]) -> None:
    """Write a snapshot as NAME.tar.gz to a stream, which has to be a file of the system."""
    repository, snapshot = snapshots.find(site, backup)
    with subprocess.Popen(["gzip", "-1"], stdin=subprocess.PIPE, stdout=stream) as packing:
        assert packing.stdin  # noqa: S101 - for mypy
        repository.run("dump", snapshot["id"], "/", stdout=packing.stdin)
    if packing.returncode:
        raise Refused(f"gzip has failed with {packing.returncode}")


# Commands


def staged(site: Site) -> dict[str, Any]:
    """Return "staged": how many bytes of a file have come already."""
    return {"staged": uploads.staged(coming(site))}


def receive(site: Site, number: int, room: int) -> dict[str, Any]:
    """Read that many files from the input; return "whole", how many came whole."""
    check_room(site, room + SPARE, number + INODES)
    print(json.dumps({"begun": True}), flush=True)
    with open(0, "rb", closefd=False) as stream:
        return {"whole": uploads.receive(stream, coming(site), number)}


def keep(site: Site, backup: str) -> dict[str, str]:
    """Write a snapshot as a file that stays when the site is removed; return its "path"."""
    path = Path(f"/var/backups/{site.name}-{backup}.tar.gz")
    path.touch(mode=0o600)
    with path.open("wb") as file:
        write(site, backup, file)
    return {"path": str(path)}


def send(site: Site, backup: str) -> dict[str, Any]:
    """Print a snapshot as NAME.tar.gz, after an answer."""
    print(json.dumps({"begun": True}), flush=True)
    write(site, backup, sys.stdout.buffer)
    sys.exit()  # nothing may come after it
