"""Content goes out of the live site and comes into it; all of this runs as the site's user.

What is in the database Django writes and reads: see transfer/ in the project. What travels lies in
ROOT/shared/transfer meanwhile: content.zip, and the blobs of uploads.py.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import bucket, uploads
from .releases import check_room
from .site import Refused, Site
from .uploads import Placing

SPARE, INODES = 500 * 10**6, 10_000  # bytes and files that the site is left with


def directory(site: Site) -> Path:
    """Return where content lies on its way; Refused where there is no such place yet."""
    path = site.shared / "transfer"
    if not path.is_dir():
        raise Refused("this site was deployed before content could travel; type fab deploy")
    return path


def blobs(site: Site) -> Path:
    return directory(site) / "blobs"


def folders(site: Site, everything: bool) -> dict[str, Path]:
    names = ("media", "private") if everything else ("media",)
    return {name: site.shared / name for name in names}


def show(site: Site, everything: bool) -> dict[str, Any]:
    """Return "files", a list of Uploads, and "staged", how many bytes of which blobs are there."""
    files = [*uploads.listed(folders(site, everything))]
    return {"files": files, "staged": uploads.staged(blobs(site))}


def export(site: Site, everything: bool, only: str = "") -> dict[str, Any]:
    """Write the content, perhaps of one site only, into a file; return what exportcontent says."""
    options = ["--everything"] if everything else []
    options += [f"--only={only}"] if only else []
    return manage(site, "exportcontent", str(directory(site) / "content.zip"), *options)


def send(site: Site, wanted: Iterable[Any], everything: bool) -> dict[str, Any]:
    """Print files as a stream; `wanted` are pairs of an Upload and an offset."""
    places = folders(site, everything) | {"transfer": directory(site)}
    print(json.dumps({"begun": True}), flush=True)
    files = ((uploads.checked(upload), offset) for upload, offset in wanted)
    found = ((places[each.folder] / each.path, each, offset) for each, offset in files)
    uploads.send(sys.stdout.buffer, found)
    (directory(site) / "content.zip").unlink(missing_ok=True)
    return {}


def receive(site: Site, number: int, room: int) -> dict[str, Any]:
    """Read that many blobs from the input; return "whole", how many came whole.

    `room` is how many bytes the disk needs for them, on their way and in their places; Refused
    where they would leave none for the site.
    """
    check_room(site, room + SPARE, number + INODES)
    print(json.dumps({"begun": True}), flush=True)
    with open(0, "rb", closefd=False) as stream:
        return {"whole": uploads.receive(stream, blobs(site), number)}


def look(site: Site, sha256: str) -> dict[str, Any]:
    """Return what importcontent would change."""
    return manage(site, "importcontent", str(blobs(site) / sha256), "--look")


def bring(site: Site, sha256: str, files: Iterable[Any], digest: str) -> dict[str, Any]:
    """Let content and uploads take the place of what is live; `digest` is that of `look`.

    New files come first: nothing leads to them yet. Others change when the database has.
    """
    placing = Placing(blobs(site), folders(site, everything=True))
    try:
        placing.add(uploads.checked(each) for each in files)
        bucket.send_files(site, placing.added)
        content = str(blobs(site) / sha256)
        answer = manage(site, "importcontent", content, f"--agreed={digest}")
    except BaseException:
        placing.undo()
        with suppress(Refused):  # what has failed is told
            bucket.delete_files(site, placing.added)
        raise
    placing.replace()
    replaced = [path for _part, path in placing.waiting]
    bucket.send_files(site, replaced)
    bucket.forget_versions(site, replaced)
    for path in blobs(site).iterdir():
        path.unlink()
    return answer


def manage(site: Site, *words: str) -> dict[str, Any]:
    """Run a command of manage.py in the live release; Refused with its reason."""
    run = subprocess.run(
        ["../venv/bin/python", "manage.py", *words],
        capture_output=True,
        text=True,
        cwd=site.current / "project",
        stdin=subprocess.DEVNULL,
    )
    if "Unknown command" in run.stderr:
        raise Refused("the live release is of before content could travel; type fab deploy")
    if run.returncode:
        said = run.stderr.strip().splitlines() or [f"exit status {run.returncode}"]
        raise Refused(said[-1].removeprefix("CommandError: "))
    return json.loads(run.stdout.splitlines()[-1])
