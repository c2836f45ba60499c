"""What `fab install` writes on a new host, kept, so that not every host has to wait for it.

The disk of each test begins as it was before: this is a layer that only new layers are put over.
"""

import hashlib
import os
import shutil
import time

import rootfs
from sites import Site
from support import Baker

DAY = 24 * 60 * 60


def with_packages(rig, template, suite, home):
    """Return the folder for `rig.up(written=…)`: that of a host on which `fab install` has run.

    It is kept beside the root filesystems, by a digest of the template and the root filesystem,
    for other hosts and runs; what no run has asked for since yesterday is removed. `home` is an
    empty folder.
    """
    kept = rootfs.cache_folder() / "installed"
    kept.mkdir(parents=True, exist_ok=True)
    base = rootfs.cached(suite).name
    folder = kept / f"{base}-{digest(template)}"
    with rootfs.locked(kept / f"{suite}.lock"):
        if not folder.exists():
            remove_older(kept, suite)
            host = rig.up("packages", suite=suite)
            Site(Baker(template, home).bake(), host, SSH_USER="root").fab("install")
            partial = kept / f"{suite}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            host.keep(partial)
            partial.rename(folder)
        os.utime(folder)
    return folder


def digest(template):
    """Return a short digest of all files of a project, by path and content."""
    found = hashlib.sha256()
    project = template / "{{cookiecutter.project_name}}"
    for path in sorted(path for path in project.rglob("*") if path.is_file()):
        found.update(f"{path.relative_to(project)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:8]


def remove_older(kept, suite):
    """Remove the folders of a suite that nobody has used since yesterday."""
    for folder in kept.glob(f"{suite}-*"):
        if folder.stat().st_mtime < time.time() - DAY:
            shutil.rmtree(folder, ignore_errors=True)
