"""What a release was deployed with: the keys of FABRIC that matter to its server, and no secrets.

ROOT/state/fabric/RELEASE.json: {"GUNICORN_PORT": 8000, "LIVE_HOSTNAME": "www.example.com", ...}. So
what the site was deployed with is that of ROOT/current, also after a rollback. Releases of before
there were such files have none.
"""

import json
from typing import Any

from .files import write
from .site import Refused, Site

Fabric = dict[str, Any]


def keep(site: Site, release: str, fabric: Fabric) -> None:
    """Let a release have what it is deployed with."""
    directory = site.state / "fabric"
    directory.mkdir(mode=0o700, exist_ok=True)
    write(directory / f"{release}.json", json.dumps(fabric), mode=0o600)


def kept(site: Site, release: str) -> Fabric:
    """Return what a release was deployed with; empty where nobody knows."""
    path = site.state / "fabric" / f"{release}.json"
    return json.loads(path.read_text()) if release and path.exists() else {}


def check_environment(site: Site, environment: str) -> None:
    """Refused where the live release is known to be another environment's than of who asks."""
    if not environment:  # as of the site's user, who may not read what is kept
        return
    here = kept(site, site.live).get("ENVIRONMENT", environment)
    if here != environment:
        raise Refused(
            f"{site.name} is the {here} site here, and this is {environment}: give {environment} a"
            " PROJECT_NAME of its own"
        )


def differences(site: Site, fabric: Fabric) -> list[tuple[str, Any, Any]]:
    """Return (key, before, now) of each key that is not as the live release was deployed with.

    An empty VIRTUALENV_HOME is where the site is.
    """
    before = kept(site, site.live)
    if site.live:  # of before there was such a key
        before.setdefault("DATABASE", "")
    if site.state.is_dir():
        before["VIRTUALENV_HOME"] = str(site.root.parent)
    found = []
    for key, now in fabric.items():
        is_told = key in before and (now or key != "VIRTUALENV_HOME")
        if is_told and before[key] != now:
            found.append((key, before[key], now))
    return found
