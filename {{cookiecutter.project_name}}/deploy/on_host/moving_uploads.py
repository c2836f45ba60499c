"""Uploads move to another place with a release: into a bucket, out of one, or to another one.

Before visitors are sent to the release, all is copied, and ROOT/state/moving-uploads.json says what
both places had then. When the relay is over, `finish` compares that with what they have: what came,
changed or went meanwhile in the place that nobody asks any more does so in the live one, but for
what has changed there too. That is the same where the relay was undone. Where it fails the file
stays, and each backup tries again.
"""

import json
import os
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from . import backup, bucket
from .bucket import FOLDERS, MISSING, VERSIONS, Access
from .files import write
from .site import Refused, Site
from .uploads import PART, THUMBNAILS

# The files of media and private, by these names: [bytes, time] by path. Times are those of their
# place, so that no two clocks are compared.
Listing = dict[str, dict[str, list[Any]]]


DAY = 86400  # seconds


def mark(site: Site) -> Path:
    return site.state / "moving-uploads.json"


def held(site: Site) -> AbstractContextManager[None]:
    """Return the lock of who copies all uploads here or there."""
    return backup.locked(site, "uploads.lock")


def begin(site: Site, before: str, after: str) -> None:
    """Copy the uploads from where a release has them to where the one has that takes over.

    Nothing is deleted where they were. Refused, and nobody has noticed, where that fails.
    """
    settle(site)
    addresses = [bucket.address_of(site, release) for release in (before, after)]
    source, target = (bucket.access(site, address) for address in addresses)
    had = copy(site, source, target)
    found = [(addresses[0], had), (addresses[1], files(site, target))]
    write(mark(site), json.dumps(found), mode=0o600)


def copy(site: Site, source: Access | None, target: Access | None) -> Listing:
    """Copy the uploads; return what the source had before that."""
    if not source:
        refuse_links(site)
    had = files(site, source)
    for name in FOLDERS:
        bucket.refuse_names(had[name])
    bucket.fetch(site, source)
    if target:
        bucket.send(site, target)
        bucket.send_versions(site, target)
    return had


def refuse_links(site: Site) -> None:
    """Refused with the first symbolic link among the uploads here, which a bucket cannot hold."""
    for name in FOLDERS:
        for directory, folders, names in os.walk(site.shared / name):
            for path in (Path(directory, each) for each in [*folders, *names]):
                if path.is_symlink():
                    raise Refused(f"{path} is a symbolic link: put there what it leads to")


def settle(site: Site) -> None:
    """Bring an earlier move to its end; Refused where a place that it needs does not answer."""
    if mark(site).exists():
        try:
            finish(site)
        except Refused as refused:
            raise Refused(f"{refused}; {left(site)}") from None


def finish(site: Site) -> None:
    """Bring to the live place what came to the other one since all was copied."""
    places = json.loads(mark(site).read_text())
    if bucket.is_same(places[0][0], bucket.address_of(site, site.live)):
        places.reverse()
    (other, other_had), (live, live_had) = places
    source, target = bucket.access(site, other), bucket.access(site, live)
    there, here = files(site, source), files(site, target)
    for name in FOLDERS:
        come, gone = changes(other_had[name], there[name], live_had[name], here[name])
        bring(site, name, source, target, come)
        replaced = [path for path in come if path in here[name]]
        bucket.delete(site, name, target, gone)
        bucket.delete_versions(site, name, target, [*gone, *replaced])
    mark(site).unlink()


def changes(
    other_had: dict[str, list[Any]],
    there: dict[str, list[Any]],
    live_had: dict[str, list[Any]],
    here: dict[str, list[Any]],
) -> tuple[list[str], list[str]]:
    """Return which files came or changed in the other place, and which went: two lists of paths.

    Those that have changed in the live place as well are left out: there it was later.
    """
    still = {path for path in there | other_had if here.get(path) == live_had.get(path)}
    come = [path for path in there if there[path] != other_had.get(path) and path in still]
    gone = [path for path in other_had if path not in there and path in still and path in here]
    return come, gone


def bring(
    site: Site, name: str, source: Access | None, target: Access | None, paths: list[str]
) -> None:
    if paths and source and target:  # rclone knows one bucket at a time
        bucket.copy(site, name, source, None, paths)
        bucket.copy(site, name, None, target, paths)
    elif paths:
        bucket.copy(site, name, source, target, paths)


def files(site: Site, place: Access | None) -> Listing:
    """Return what a bucket, or None for the server, has; no smaller versions of pictures."""
    look = in_bucket if place else on_server
    return {name: look(site, place, name) for name in FOLDERS}


def in_bucket(site: Site, place: Access | None, name: str) -> dict[str, list[Any]]:
    words = ["lsjson", "--recursive", "--files-only", "--no-mimetype", "--use-server-modtime"]
    words += [f"--exclude={VERSIONS}", *bucket.PARTS, str(bucket.top(site, place, name))]
    found = json.loads(bucket.rclone(site, name, place, *words, also=MISSING) or "[]")
    return {each["Path"]: [each["Size"], each["ModTime"]] for each in found}


def on_server(site: Site, place: Access | None, name: str) -> dict[str, list[Any]]:
    top, found = site.shared / name, {}
    for directory, folders, names in os.walk(top):
        folders[:] = [folder for folder in folders if folder != THUMBNAILS]
        for path in (Path(directory, name) for name in names if not PART.fullmatch(name)):
            if path.is_file() and not path.is_symlink():
                status = path.stat()
                found[str(path.relative_to(top))] = [status.st_size, status.st_mtime_ns]
    return found


def forget(site: Site, older: float = 0) -> None:
    """Forget what this host has not brought to its end, by now of no use, as others have gone on.

    `older`: a restore of so many seconds ago, at the least. A move may yet be brought to its end
    for a day, while the place before is there.
    """
    for path, age in ((bucket.behind(site), older), (mark(site), DAY)):
        if path.exists() and time.time() - path.stat().st_mtime >= age:
            path.unlink()


def left(site: Site) -> str:
    """Return in words what is not brought to its end yet, and what to do."""
    addresses = [address for address, _ in json.loads(mark(site).read_text())]
    names = [bucket.parse(each).bucket if each else "the server" for each in addresses]
    return (
        f"what came while the uploads moved from {names[0]} to {names[1]} is not brought along"
        f" yet; where {names[0]} is gone for good, delete {mark(site)}"
    )


# Commands


def move(site: Site, before: str, after: str) -> dict[str, Any]:
    """Copy the uploads to where a release has them that takes over later: then little is left."""
    with held(site):
        settle(site)
        source, target = (bucket.of_release(site, release) for release in (before, after))
        copy(site, source, target)
    return {}


def differ(site: Site, before: str, after: str) -> dict[str, bool]:
    """Return "differ", whether two releases have their uploads in different places."""
    addresses = (bucket.address_of(site, release) for release in (before, after))
    return {"differ": bool(before) and not bucket.is_same(*addresses)}


def bring_here(site: Site) -> dict[str, Any]:
    """Let ROOT/shared have all uploads of the live release, also where these are in a bucket."""
    if not mark(site).exists() and not bucket.live(site):
        return {}
    with held(site):
        if mark(site).exists() and Path(f"/run/{site.name}/use-standby").exists():
            raise Refused("a relay was cut off while the uploads moved: type fab restart")
        settle(site)
        bucket.fetch(site, bucket.of_release(site, site.live))
    return {}
