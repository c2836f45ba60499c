"""Object storage for the uploads, as UPLOADS names it: s3://bucket?endpoint=https://...&region=...

The bucket has media/ and private/, as ROOT/shared has, and a release reads and writes it alone.
ROOT/shared is then a copy, brought up to date by rclone: by it backups, pull, push and restore work
as with uploads on the server. ROOT/state/uploads.json says where the live release has its uploads,
with the keys of access, for NGINX, and uploads-of-site.json the same for the site's user: root
believes them, so nobody else may write them. How uploads move there and back is in
moving_uploads.py, and whose a bucket is in bucket_claims.py.
"""

import ast
import json
import os
import re
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from . import deployed, secret_settings
from .files import write
from .site import Refused, Site
from .uploads import THUMBNAILS

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")  # kept by fab secret
FOLDERS = {"media": 0o022, "private": 0o077}  # and the umask for what lies in them here
REGION = "us-east-1"  # which services that have none take
PARTS = ("--exclude", ".*.part")  # of content that is put in place: see uploads.py
SPARE = 200 * 10**6  # bytes that the site is left with
FULL = 8  # rclone's exit status where --max-transfer was reached
VERSIONS = f"{THUMBNAILS}/**"
MISSING = 3  # rclone's exit status where there is no such folder

Access = dict[str, str]  # "bucket", "endpoint", "region", "id" and "secret"


class Place(NamedTuple):
    bucket: str
    endpoint: str
    region: str


def parse(address: str) -> Place:
    """Return the bucket of an UPLOADS that is not empty; deploy/outside.py has found it right."""
    parts = urlsplit(address)
    given = dict(parse_qsl(parts.query))
    return Place(parts.netloc, given["endpoint"].lower(), given.get("region", REGION))


def is_same(address: str, other: str) -> bool:
    """Return whether two UPLOADS mean the same bucket, or both the server."""
    one, two = (parse(each)[:2] if each else None for each in (address, other))
    return one == two


# Where the uploads are


def address_of(site: Site, release: str) -> str:
    """Return the UPLOADS that a release was deployed with, empty for the server."""
    return deployed.kept(site, release).get("UPLOADS", "")


def of_release(site: Site, release: str) -> Access | None:
    """Return where a release has its uploads, None for the server; Refused without the keys."""
    return access(site, address_of(site, release))


def access(site: Site, address: str) -> Access | None:
    if not address:
        return None
    kept = secret_settings.kept(secret_settings.in_force(site))
    if missing := [key for key in KEYS if key not in kept]:
        raise Refused(f"UPLOADS needs keys of access: type fab secret {missing[0]}")
    id, secret = (ast.literal_eval(kept[key]) for key in KEYS)
    return {**parse(address)._asdict(), "id": id, "secret": secret}


def path(site: Site) -> Path:
    return site.state / "uploads.json"


def copy_for_site(site: Site) -> Path:
    return site.state / "uploads-of-site.json"


def live(site: Site) -> Access | None:
    """Return where the live release has its uploads; None for the server."""
    if not path(site).exists():
        return None
    readable = path(site) if os.access(path(site), os.R_OK) else copy_for_site(site)
    return json.loads(readable.read_text())


def note(site: Site, release: str) -> None:
    """Let NGINX and the site's user know where that release, which goes live, has its uploads."""
    found = of_release(site, release) if release else None
    for file, group in {copy_for_site(site): site.name, path(site): "www-data"}.items():
        if found:
            write(file, json.dumps(found), f"root:{group}", 0o440)
        else:
            file.unlink(missing_ok=True)


# Copying


def fetch(site: Site, place: Access | None) -> None:
    """Let ROOT/shared have what a bucket has, and nothing else; without a bucket do nothing."""
    if not place:
        return
    settle(site, place)
    for name in FOLDERS:
        disk = os.statvfs(site.shared)
        room = max(disk.f_bavail * disk.f_frsize - SPARE, 1)
        words = ["sync", "--use-server-modtime", f"--max-transfer={room}B", *PARTS]
        rclone(site, name, place, *words, top(site, place, name), site.shared / name)


def send(site: Site, place: Access | None = None, exact: bool = False) -> None:
    """Let the bucket have what ROOT/shared has; `exact`: and nothing else."""
    if place := place or live(site):
        for name in FOLDERS:
            words = ["sync" if exact else "copy", "--checksum", *PARTS]
            rclone(site, name, place, *words, site.shared / name, top(site, place, name))


def behind(site: Site) -> Path:
    """Return the file that is there while the bucket has to get what ROOT/shared has: a restore's.

    It is as old as that restore.
    """
    return site.state / "uploads-behind"


def replace(site: Site) -> None:
    """Let the bucket, if there is one, have what ROOT/shared has, and nothing else."""
    send(site, exact=True)
    behind(site).unlink(missing_ok=True)


def settle(site: Site, place: Access) -> None:
    """Bring to its end what a restore has begun that was killed; what came since stays.

    Refused as of the site's user, who cannot note that.
    """
    if not behind(site).exists():
        return
    if not os.access(site.state, os.W_OK):
        raise Refused("a restore was cut off: type fab backup, which fills the bucket")
    for name in FOLDERS:
        if not (site.shared / name).is_dir():
            raise Refused("a restore was cut off between two folders: type fab restore again")
    since = datetime.fromtimestamp(behind(site).stat().st_mtime, UTC).isoformat("T", "seconds")
    for name in FOLDERS:
        words = ["copy", "--use-server-modtime", f"--max-age={since}"]
        rclone(site, name, place, *words, top(site, place, name), site.shared / name)
    replace(site)


def send_versions(site: Site, place: Access) -> None:
    """Let the bucket have the smaller versions of pictures that ROOT/shared has, and no others."""
    words = ["sync", "--checksum", f"--include={VERSIONS}", site.shared / "media"]
    rclone(site, "media", place, *words, top(site, place, "media"))


def send_files(site: Site, files: Iterable[Path]) -> None:
    """Let the bucket of the live release have these files of ROOT/shared, whatever it has."""
    if place := live(site):
        for name, paths in by_folder(site, files).items():
            copy(site, name, None, place, paths)


def delete_files(site: Site, files: Iterable[Path]) -> None:
    """Delete files from the bucket of the live release, by their paths in ROOT/shared."""
    if place := live(site):
        for name, paths in by_folder(site, files).items():
            delete(site, name, place, paths)


def forget_versions(site: Site, files: Iterable[Path]) -> None:
    """Delete from that bucket the smaller versions of pictures, which have been replaced."""
    if place := live(site):
        for name, paths in by_folder(site, files).items():
            delete_versions(site, name, place, paths)


def by_folder(site: Site, files: Iterable[Path]) -> dict[str, list[str]]:
    """Return the paths of files of ROOT/shared in media and in private, by these names."""
    found: dict[str, list[str]] = {}
    for file in files:
        folder, _, path = str(file.relative_to(site.shared)).partition("/")
        found.setdefault(folder, []).append(path)
    return found


def copy(
    site: Site, name: str, source: Access | None, target: Access | None, paths: Iterable[str]
) -> None:
    """Copy files of media or private from the server, None, to a bucket, or the other way round."""
    words = ["copy", "--ignore-times", "--no-traverse", "--files-from-raw=-"]
    words += [str(top(site, place, name)) for place in (source, target)]
    rclone(site, name, source or target, *words, input=lines(paths))


def delete(site: Site, name: str, place: Access | None, paths: Iterable[str]) -> None:
    """Delete files of media or private, wherever these are."""
    if given := lines(paths):  # with no name at all rclone would delete everything
        words = ["delete", "--files-from-raw=-", top(site, place, name)]
        rclone(site, name, place, *words, also=MISSING, input=given)


def delete_versions(site: Site, name: str, place: Access | None, paths: Iterable[str]) -> None:
    """Delete the smaller versions of pictures, wherever these are."""
    if folders := {str(Path(path).parent / THUMBNAILS / Path(path).name) for path in paths}:
        words = ["lsf", "--recursive", "--files-only", f"--include={VERSIONS}"]
        found = rclone(site, name, place, *words, top(site, place, name), also=MISSING)
        old = [path for path in found.splitlines() if str(Path(path).parent) in folders]
        delete(site, name, place, old)


def lines(paths: Iterable[str]) -> str:
    """Return paths as rclone reads them; Refused where a name would be another one there."""
    paths = list(paths)
    refuse_names(paths)
    return "".join(f"{path}\n" for path in paths)


def refuse_names(paths: Iterable[str]) -> None:
    """Refused where a name of a file cannot be that of an object."""
    for path in paths:
        if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", path):
            told = "has a line break or another control character, or is not in UTF-8"
            raise Refused(f"the name of the file {path!r} {told}: give it another name")


def top(site: Site, place: Access | None, name: str) -> str | Path:
    """Return where media or private is, as rclone knows it; None stands for the server."""
    return there(place, name) if place else site.shared / name


def there(place: Access, name: str) -> str:
    return f"uploads:{place['bucket']}/{name}"


def rclone(
    site: Site, name: str, place: Access | None, *words: Any, also: int = 0, **options: Any
) -> str:
    """Run rclone as the site's user; return what it prints. Refused, in a line, where it fails.

    `also` is another exit status that is good: then nothing is there. The keys are in its
    environment alone. Without a bucket, rclone works on the server.
    """
    as_user = ["runuser", "-u", site.name, "--"] if os.geteuid() == 0 else []
    quick = ["--contimeout=5s", "--timeout=30s", "--low-level-retries=2", "--retries=2"]
    run = subprocess.run(
        [*as_user, "rclone", "--config=/dev/null", *quick, *map(str, words)],
        env={
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            **(settings(place) if place else {}),
        },
        umask=FOLDERS[name],
        cwd="/",
        capture_output=True,
        text=True,
        **options,
    )
    if run.returncode == FULL:
        raise Refused(f"disk full: no room for the uploads in {named(place)}")
    if run.returncode not in (0, also):
        raise Refused(reason(run.stderr, run.returncode, place))
    return run.stdout if run.returncode == 0 else ""


def reason(said: str, status: int, place: Access | None) -> str:
    """Return in a line why rclone failed; the secret key is not in it."""
    lines = said.replace(place["secret"] if place else "\0", "***").strip().splitlines()
    found = re.sub(r"^[\d/]+ [\d:]+ \w+ *: *", "", (lines or [f"exit status {status}"])[-1])[:300]
    return f"{named(place)}: {found}"


def named(place: Access | None) -> str:
    return f"the bucket {place['bucket']} at {place['endpoint']}" if place else "the server"


def settings(place: Access) -> dict[str, str]:
    """Return the variables by which rclone knows "uploads:"."""
    values = {
        "TYPE": "s3",
        "PROVIDER": "Other",
        "ENDPOINT": place["endpoint"],
        "REGION": place["region"],
        "ACCESS_KEY_ID": place["id"],
        "SECRET_ACCESS_KEY": place["secret"],
        "NO_CHECK_BUCKET": "true",
    }
    return {f"RCLONE_CONFIG_UPLOADS_{name}": value for name, value in values.items()}
