"""The disks of hosts: layers over an image, which leave it as it is."""

import os
import shutil
from pathlib import Path

from process import tool


def mount(images, folder, name):
    """Make folder/root a disk that starts as the images, the first over the next ones.

    It is a layer over them, which leaves them as they are.
    """
    for part in ("root", "upper", "work"):
        (folder / part).mkdir()
    (folder / "upper").chmod(0o755)  # it becomes the mode of "/"
    lower = ":".join(map(str, images))
    options = f"lowerdir={lower},upperdir={folder}/upper,workdir={folder}/work"
    try:
        tool("mount", "-t", "overlay", name, "-o", options, folder / "root")
    except RuntimeError:  # not on every filesystem, such as another container's: then a full copy
        for image in reversed(images):
            tool("cp", "-a", "--reflink=auto", f"{image}/.", folder / "root")


def keep(folder, to):
    """Move what a host wrote on the disk folder/root, which nothing uses any more, to a folder."""
    mounted = os.path.ismount(folder / "root")
    unmount(folder / "root")
    tool("mv", folder / ("upper" if mounted else "root"), to)


def unmount(folder):
    """Unmount what is mounted at `folder`, if anything is, and drop systemd-nspawn's lock of it."""
    status = os.stat(folder)
    lock = Path("/run/systemd/nspawn/locks", f"inode-{status.st_dev}:{status.st_ino}")
    lock.unlink(missing_ok=True)
    if os.path.ismount(folder):
        tool("umount", "--lazy", folder)


def forget(machine):
    """Remove what a systemd-nspawn that was killed leaves in /run; `machine` may be a pattern."""
    for path in Path("/run/systemd/nspawn").glob(f"*/{machine}"):
        unmount(path)
        shutil.rmtree(path, ignore_errors=True)
