"""One directory serves the static files of all releases.

A page of another release than the live one is still in some browser, and asks for files by names
that only that release has. They are hard links, so they take no room.
"""

import os
from pathlib import Path


def share(site):
    """Let the directory have the files of all releases; the newest release's, where they differ."""
    for release in sorted(site.root.glob("releases/*/project/static"), reverse=True):
        for directory, _, names in os.walk(release):
            shared = site.shared / "static" / os.path.relpath(directory, release)
            shared.mkdir(exist_ok=True)
            for name in names:
                if not (shared / name).exists():
                    (shared / name).hardlink_to(Path(directory, name))
    return {}
