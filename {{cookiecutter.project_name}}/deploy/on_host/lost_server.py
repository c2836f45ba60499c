"""What was secret on a server that is lost comes to the one that takes its place.

On the server of a backup itself there is nothing to do, and of another environment nothing comes:
staging must not send mail as production does.
"""

import json
import shutil
from pathlib import Path

from . import configuration, deployed, secret_settings
from .acme.place import Place
from .acme.place import user as acme_user
from .backup import note
from .configuration import put, wanted
from .files import write
from .site import Site

OURS = ("secret_key", "nevercache_key")  # the database's password is that of the server


def secrets(site: Site, folder: Path) -> dict[str, str]:
    """Return the keys in an unpacked backup, where they are to come: by name, else empty."""
    path = folder / "shared/secrets.json"
    if not path.exists():
        return {}
    there = {name: value for name, value in json.loads(path.read_text()).items() if name in OURS}
    here = deployed.kept(site, site.live).get("ENVIRONMENT", "")
    is_same = all(site.secrets[name] == value for name, value in there.items())
    return {} if is_same or note(folder / "state/dump", "environment") != here else there


def take_over(site: Site, folder: Path) -> list[str]:
    """Let the site have the secrets of an unpacked backup; return the names of what came.

    Settings of `fab secret` that are set here already stay as they are.
    """
    found = secrets(site, folder)
    if not found:
        return []
    for name, value in found.items():
        replace_in_releases(site, site.secrets[name], value)
    write(
        site.shared / "secrets.json", json.dumps(site.secrets | found), f"root:{site.name}", 0o640
    )
    ours = secret_settings.kept(secret_settings.in_force(site))
    theirs = secret_settings.kept(folder / "shared/settings.json")
    secret_settings.keep(site, theirs | ours)
    account = folder / "certificates/private/account.key"
    if account.exists():
        shutil.copyfile(account, Place(site).account)
        shutil.chown(Place(site).account, acme_user(site.name), acme_user(site.name))
        Place(site).account.chmod(0o600)
    names = [name.upper() for name in found]
    return [*names, *sorted(theirs.keys() - ours.keys())]


def replace_in_releases(site: Site, before: str, after: str) -> None:
    """Let the settings of all releases have another key; it has no letter that Python escapes."""
    for path in (site.state / "configuration").glob("*.json"):
        files = configuration.kept(site, path.stem)
        for file in files.values():
            if before in file["content"]:
                file["content"] = file["content"].replace(before, after)
                if Path(file["path"]).exists():
                    put(Path(file["path"]), wanted(file))
        write(path, json.dumps(list(files.values())), mode=0o600)
