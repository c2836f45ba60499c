"""A site with the real restic; PostgreSQL stands aside."""

import os
import shutil

import pytest
from site_with_backups import make_site

from deploy.on_host import (
    checks_of_site,
    files,
    nightly,
    postgres,
    restic,
    snapshots,
)


def write_a_dump(*_, stdout=None, **__):
    """What stands for the programs of PostgreSQL."""
    if stdout:
        stdout.write(b"a dump")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site with uploads, whose backups also go to another folder."""
    if not shutil.which("restic"):
        pytest.skip("restic is not installed")
    site = make_site(tmp_path / "garden")
    monkeypatch.setattr(files.os, "fchown", lambda *_: None)
    monkeypatch.setattr(files.os, "umask", lambda _: None)
    monkeypatch.setattr(postgres, "run", write_a_dump)
    monkeypatch.setattr(postgres, "version", lambda *_: 15)
    monkeypatch.setattr(snapshots, "psql", lambda *_, **__: ["1"])
    monkeypatch.setattr(restic, "PATH", os.environ["PATH"])
    monkeypatch.setattr(restic, "CACHE", str(tmp_path / "cache-{}"))
    there = restic.Repository(site, "BACKUP_TO", str(tmp_path / "away"))
    site.there = there
    for module in (snapshots, nightly, checks_of_site):
        monkeypatch.setattr(module, "away", lambda site: there)
    return site
