"""A site on a server, and its backups."""

import json

from deploy.on_host import snapshots
from deploy.on_host.site import Site


def make_site(root, key="key of the lost one"):
    site = Site("garden", root)
    for directory in ("backups", "state/configuration", "shared/media", "releases/1/project"):
        (site.root / directory).mkdir(parents=True)
    (site.root / "current").symlink_to("releases/1")
    (site.shared / "media/straße.jpg").write_text("picture")
    keys = {"secret_key": key, "nevercache_key": f"{key} 2", "db_pass": f"{key} 3"}
    (site.shared / "secrets.json").write_text(json.dumps(keys))
    return site


def names(site, remote=False):
    return [each["name"] for each in snapshots.show(site, remote)["backups"]]
