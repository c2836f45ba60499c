"""Object storage for the uploads, as UPLOADS names it: s3://bucket?endpoint=https://...&region=...

The bucket has media/ and private/, as ROOT/shared has, and a release reads and writes it alone.
ROOT/shared is then a copy, brought up to date by rclone: by it backups, pull, push and restore work
as with uploads on the server, and so does the way back. ROOT/state/uploads.json says where the live
release has its uploads, with the keys of access, for NGINX and the site's user.
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
    return Place(parts.netloc, given["endpoint"], given.get("region", REGION))


# Where the uploads are


def of_release(site: Site, release: str) -> Access | None:
    """Return where a release has its uploads, None for the server; Refused without the keys."""
    return access(site, deployed.kept(site, release).get("UPLOADS", ""))


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


def live(site: Site) -> Access | None:
    """Return where the live release has its uploads; None for the server."""
    return json.loads(path(site).read_text()) if path(site).exists() else None


def note(site: Site, release: str) -> None:
    """Let NGINX and the site's user know where that release, which goes live, has its uploads."""
    if found := of_release(site, release) if release else None:
        write(path(site), json.dumps(found), f"{site.name}:www-data", 0o440)
    else:
        path(site).unlink(missing_ok=True)


# Copying


def fetch(site: Site, place: Access | None = None) -> None:
    """Let ROOT/shared have what the bucket has, and nothing else; without a bucket do nothing."""
    if place := place or live(site):
        settle(site, place)
        for name in FOLDERS:
            disk = os.statvfs(site.shared)
            room = max(disk.f_bavail * disk.f_frsize - SPARE, 1)
            words = ["sync", "--use-server-modtime", f"--max-transfer={room}B"]
            rclone(site, name, place, *words, there(place, name), site.shared / name)


def send(site: Site, place: Access | None = None, exact: bool = False) -> None:
    """Let the bucket have what ROOT/shared has; `exact`: and nothing else."""
    if place := place or live(site):
        for name in FOLDERS:
            words = ["sync" if exact else "copy", "--checksum", *PARTS]
            rclone(site, name, place, *words, site.shared / name, there(place, name))


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
    since = datetime.fromtimestamp(behind(site).stat().st_mtime, UTC).isoformat("T", "seconds")
    for name in FOLDERS:
        words = ["copy", "--use-server-modtime", f"--max-age={since}"]
        rclone(site, name, place, *words, there(place, name), site.shared / name)
    replace(site)


def remove_versions(site: Site, files: Iterable[Path]) -> None:
    """Delete the smaller versions of pictures that were replaced; the files are in ROOT/shared."""
    if place := live(site):
        for file in files:
            versions = (file.parent / THUMBNAILS / file.name).relative_to(site.shared)
            rclone(site, "media", place, "purge", there(place, str(versions)), also=MISSING)


def there(place: Access, name: str) -> str:
    return f"uploads:{place['bucket']}/{name}"


def rclone(site: Site, name: str, place: Access, *words: Any, also: int = 0, **options: Any) -> str:
    """Run rclone as the site's user; return what it prints. Refused, in a line, where it fails.

    `also` is another exit status that is good. The keys are in its environment alone.
    """
    as_user = ["runuser", "-u", site.name, "--"] if os.geteuid() == 0 else []
    quick = ["--contimeout=5s", "--timeout=30s", "--low-level-retries=2", "--retries=2"]
    run = subprocess.run(
        [*as_user, "rclone", "--config=/dev/null", *quick, *map(str, words)],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **settings(place)},
        umask=FOLDERS[name],
        cwd="/",
        capture_output=True,
        text=True,
        **options,
    )
    if run.returncode == FULL:
        raise Refused(f"disk full: no room for the uploads in the bucket {place['bucket']}")
    if run.returncode not in (0, also):
        said = run.stderr.replace(place["secret"], "***").strip()
        lines = said.splitlines() or [f"exit status {run.returncode}"]
        reason = re.sub(r"^[\d/]+ [\d:]+ \w+ *: *", "", lines[-1])[:300]
        raise Refused(f"the bucket {place['bucket']} at {place['endpoint']}: {reason}")
    return run.stdout


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


def prove(site: Site, place: Access) -> None:
    """Write an object, read it and delete it; Refused where one of these fails."""
    probe = there(place, f".{site.name}-probe")
    rclone(site, "private", place, "rcat", probe, input="probe")
    read = rclone(site, "private", place, "cat", probe)
    rclone(site, "private", place, "deletefile", probe)
    if read != "probe":
        raise Refused(f"the bucket {place['bucket']} does not give back what was written to it")


# Commands


def ready(site: Site, address: str) -> dict[str, Any]:
    """Refused where the bucket of an UPLOADS has no keys, or cannot be written and read."""
    if place := access(site, address):
        prove(site, place)
    return {}


def differ(site: Site, before: str, after: str) -> dict[str, bool]:
    """Return "differ", whether two releases have their uploads in different places."""
    return {"differ": address_of(site, before) != address_of(site, after)}


def move(site: Site, before: str, after: str) -> dict[str, Any]:
    """Copy the uploads from where one release has them to where another does.

    Nothing is deleted where they were. Before the release takes over all is copied, and once more
    when it has: then what came meanwhile.
    """
    source, target = of_release(site, before), of_release(site, after)
    if source:
        fetch(site, source)
    if target:
        send(site, target)
    return {}


def address_of(site: Site, release: str) -> str:
    return deployed.kept(site, release).get("UPLOADS", "")
