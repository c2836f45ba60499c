"""What opens the backups: ROOT/state/backup-keys.json, which is for root alone.

{"password": ..., "ssh_key": ..., "credentials": {"BACKUP_S3_KEY_ID": ...}}

The password encrypts them; the rest lets the server in where BACKUP_TO is. All of it also lies at
home, since a server that is lost takes its copy along.
"""

import json
import secrets
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from .files import write
from .site import Refused, Site

# What `fab secret` takes for BACKUP_TO, and how restic calls it; a login of REST is in its URL.
CREDENTIALS = {
    "BACKUP_S3_KEY_ID": "AWS_ACCESS_KEY_ID",
    "BACKUP_S3_SECRET_KEY": "AWS_SECRET_ACCESS_KEY",
    "BACKUP_S3_REGION": "AWS_DEFAULT_REGION",
    "BACKUP_REST_USER": "",
    "BACKUP_REST_PASSWORD": "",
}

Keys = dict[str, Any]


def place(site: Site) -> Path:
    return site.state / "backup-keys.json"


def read(site: Site) -> Keys:
    """Return the keys, which are made where there are none yet."""
    if not place(site).exists():
        keep(site, {"password": secrets.token_urlsafe(24), "ssh_key": "", "credentials": {}})
    return json.loads(place(site).read_text())


def credentials(site: Site) -> list[str]:
    """Return the names of the credentials that are kept."""
    return list(read(site)["credentials"]) if place(site).exists() else []


def keep(site: Site, keys: Keys) -> None:
    write(place(site), json.dumps(keys), mode=0o600)


def ssh_key(site: Site) -> Path:
    """Return the file of the key by which BACKUP_TO is reached over SSH; it is made at first."""
    path, keys = site.state / "backup-ssh-key", read(site)
    if not keys["ssh_key"]:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder, "key")
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"backups of {site.name}"]
            subprocess.run([*words, "-f", made], check=True)
            keep(site, keys | {"ssh_key": made.read_text()})
        keys = read(site)
    if not path.exists() or path.read_text() != keys["ssh_key"]:
        write(path, keys["ssh_key"], mode=0o600)
    return path


def public_key(site: Site) -> str:
    """Return the line for the authorized_keys of the place that BACKUP_TO names."""
    words = ["ssh-keygen", "-y", "-f", str(ssh_key(site))]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


# Commands


def make(site: Site, keys: Keys | None) -> dict[str, bool]:
    """Make the keys, unless there are some that open backups here already.

    `keys` are those of home, and may be of a server that was lost. Return "made", whether a
    password is new in the world, and "ours", whether it is that of `keys`.
    """
    is_new = not place(site).exists()
    if keys and (is_new or not (site.root / "snapshots").exists()):
        here = {"credentials": {}} if is_new else read(site)
        wanted = keys | {"credentials": keys["credentials"] | here["credentials"]}
        if wanted != here:
            keep(site, wanted)
    ssh_key(site)  # now, for home to have it too
    password = read(site)["password"]
    return {"made": is_new and not keys, "ours": (keys or {}).get("password") == password}


def change(site: Site, setting: str, value: str | None) -> dict[str, bool]:
    """Keep a credential, or with None no longer; return "changed"."""
    keys = read(site)
    before = keys["credentials"].pop(setting, None)
    if value is None and before is None:
        raise Refused(f"there is no secret {setting}")
    if value is not None:
        keys["credentials"][setting] = value
    keep(site, keys)
    return {"changed": value != before}
