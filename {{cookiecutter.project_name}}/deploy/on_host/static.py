"""On the server, as the site's user: let one directory serve the static files of all releases.

A page of another release than the live one is still in some browser, and asks for files by names
that only that release has. They are hard links, so they take no room.
"""

import os
import sys
from pathlib import Path

root = Path(sys.argv[1])
for release in sorted(root.glob("releases/*/project/static"), reverse=True):
    for directory, _, names in os.walk(release):
        shared = root / "shared/static" / os.path.relpath(directory, release)
        shared.mkdir(exist_ok=True)
        for name in names:
            if not (shared / name).exists():
                (shared / name).hardlink_to(Path(directory, name))
