"""One directory serves the static files of all releases.

A page of another release than the live one is still in some browser, and asks for files by names
that only that release has. They are hard links, so they take no room.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .releases import history
from .site import Site


def share(site: Site) -> dict[str, Any]:
    """Let the directory have the files of all releases; the newest release's, where they differ."""
    shared = site.shared / "static"
    forget(shared)
    record = list(history(site))
    there = list(site.releases.glob("[!.]*/project/static"))
    # One that is being built has never been live.
    there.sort(key=lambda path: age(record, path.parent.parent.name))
    for static in there:
        for directory, _, names in os.walk(static):
            target = shared / os.path.relpath(directory, static)
            target.mkdir(exist_ok=True)
            for name in names:
                if not (target / name).exists():
                    (target / name).hardlink_to(Path(directory, name))
    return {}


def age(record: Sequence[str], release: str) -> int:
    """Return how many releases have been live since that one was; -1 if it never was."""
    return len(record) - 1 - record.index(release) if release in record else -1


def forget(shared: Path) -> None:
    """Remove the files that no release has any more, and directories that are empty then."""
    for directory, _, names in os.walk(shared, topdown=False):
        for path in (Path(directory, name) for name in names):
            if path.lstat().st_nlink == 1:
                path.unlink()
        if not os.listdir(directory) and Path(directory) != shared:
            os.rmdir(directory)
