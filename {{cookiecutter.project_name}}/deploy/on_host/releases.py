"""The releases on the server: begun, in the order in which they went live, and pruned.

ROOT/state/releases.json: {"RELEASE": "the one that it took over from", ...}, in the order in which
they have been live, the last one last. This record alone says what is older: the time in a name is
for people, as a clock may be set back.
"""

import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .files import write
from .site import Refused, Site

KEPT = 5
MEGABYTE = 1_000_000
CODE, PACKAGES = 200 * MEGABYTE, 300 * MEGABYTE  # beside what the live release has of them
INODES = 2000


def history(site: Site) -> dict[str, str]:
    """Return the record; before there was one, each release had a file PROVEN instead."""
    path = site.state / "releases.json"
    if path.exists():
        return json.loads(path.read_text())
    return dict.fromkeys(sorted(found.parent.name for found in site.releases.glob("*/PROVEN")), "")


def note(site: Site, release: str, before: str) -> None:
    """Record that a release is live, and from which it took over; empty for the first."""
    record = history(site)
    if before and before not in record:  # its own switch was cut before it could record it
        record[before] = ""
    took_over_from = record.pop(release, before if before != release else "")
    record[release] = took_over_from
    write(site.state / "releases.json", json.dumps(record))


def proven(site: Site, record: Iterable[str]) -> list[str]:
    """Return the names of those that have been live and are there, the last one last."""
    return [name for name in record if site.release(name).is_dir()]


def before(site: Site, record: dict[str, str]) -> str:
    """Return the release that was live before the live one was deployed; empty without one."""
    name, passed = record.get(site.live, ""), {site.live}
    while name and name not in passed and not site.release(name).is_dir():
        passed.add(name)
        name = record.get(name, "")
    return name if name not in passed else ""


def show(site: Site) -> dict[str, Any]:
    """Return "live", "before", the release to go back to, and "proven", a list of all names."""
    record = history(site)
    return {"live": site.live, "before": before(site, record), "proven": proven(site, record)}


def serving(site: Site) -> set[str]:
    """Return the names of those that serve visitors, also where a switch has been killed."""
    links = [link for link in (site.current, site.next) if link.is_symlink()]
    return {os.readlink(link).rpartition("/")[2] for link in links}


# Beginning


def begin(site: Site, revision: str, release: str = "") -> dict[str, Any]:
    """Remove what deploys have left that failed, and look for room.

    `release` is the name that it has on another host; empty where this one is the first.

    Return "name", of the new release, and "room", the bytes that it needs without its packages.
    """
    record = history(site)
    for path in site.releases.iterdir():
        if path.name not in record and path.name not in serving(site):
            remove(path)
    needed = CODE + 2 * size(site.current / "project")
    dumps = [size(dump) for dump in (site.root / "backups").glob("*/database")]
    needed += 2 * max(dumps, default=0)
    check_room(site, needed)
    if release:
        if site.release(release).exists():
            raise Refused(f"there is a release {release} already")
        return {"name": release, "room": needed}
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + f"-{revision[:8]}"
    names = [stamp, *(f"{stamp}-{number}" for number in range(2, 1000))]
    free = (name for name in names if name not in record and not site.release(name).exists())
    return {"name": next(free), "room": needed}


def check_room(site: Site, needed: int, inodes: int = INODES) -> None:
    """Refused where the disk has fewer free bytes, or inodes, than are needed."""
    disk = os.statvfs(site.root)
    free = disk.f_bavail * disk.f_frsize
    if free < needed:
        raise Refused(
            f"disk full: {needed // MEGABYTE} MB are needed, {free // MEGABYTE} MB are free"
        )
    if disk.f_files and disk.f_favail < inodes:  # btrfs has no limit, and says 0
        raise Refused(f"disk full: {inodes} inodes are needed, {disk.f_favail} are free")


def size(path: Path) -> int:
    """Return the bytes that a file or a directory takes on the disk; 0 where there is none."""
    if not path.is_dir():
        return path.stat().st_size if path.exists() else 0
    found = (os.lstat(os.path.join(top, name)) for top, _, names in os.walk(path) for name in names)
    return sum(info.st_blocks * 512 for info in found)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


# Pruning


def prune(site: Site) -> dict[str, Any]:
    """Delete all releases but the newest proven ones, those that serve, those of backups.

    What only those had goes with them: their configuration, and their virtualenvs.
    """
    record = history(site)
    kept = {*serving(site), before(site, record), *proven(site, record)[-KEPT:]}
    kept |= {path.read_text().strip() for path in (site.root / "backups").glob("*/release")}
    for path in site.releases.glob("[!.]*"):
        lost = (copy for _, copy in forms_of(site, path) if not copy.exists())
        if path.name not in kept and not any(lost):
            remove(path)
    there = {path.name for path in site.releases.iterdir()}
    for directory in ("configuration", "fabric"):
        for path in (site.state / directory).glob("*.json"):
            if path.stem not in there:
                path.unlink()
    links = [path for path in site.releases.glob("*/venv") if path.is_symlink()]
    used = {os.readlink(link).rpartition("/")[2] for link in links}
    for path in (site.root / "venvs").glob("[!.]*"):
        if path.name not in used:
            remove(path)
    return {}


def forms_of(site: Site, release: Path) -> Iterator[tuple[Path, Path]]:
    """Yield what visitors sent through forms to a release of before they had a place, and that."""
    project = release / "project"
    for path in project.glob("forms/**/*"):
        if path.is_file():
            yield path, site.shared / "private" / path.relative_to(project)


def keep_forms(site: Site) -> dict[str, Any]:
    """Copy, as the site's user, what visitors sent through forms to where it is private."""
    for release in site.releases.glob("[!.]*"):
        for path, kept in forms_of(site, release):
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                part = kept.with_name(f".{kept.name}.part")
                shutil.copy2(path, part)
                part.rename(kept)
    return {}
