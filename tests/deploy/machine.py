"""What this machine must have and allow for hosts to be booted on it."""

import os
import shutil
import sys

from cgroup import Cgroup, mounted
from process import tool

# A tool or a file, and the Debian package it is in.
NEEDED = {
    "debootstrap": "debootstrap",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nft": "nftables",
    "ssh": "openssh-client",
    "nsenter": "util-linux",
}

# What a rig will do, tried in namespaces that are gone when it ends.
TRIAL = """
    mount -t tmpfs none /mnt &&
    ip link add drig type bridge && ip link add drig1 type veth peer drig2 &&
    nft 'add table ip t; add chain ip t c { type nat hook postrouting priority 100; }'
"""


def missing():
    """Return in one line why hosts cannot be booted here, or None."""
    if sys.platform != "linux":
        return f"hosts are booted on Linux only, this is {sys.platform}"
    if os.geteuid():
        return "hosts are booted by root only"
    absent = [package for name, package in NEEDED.items() if not shutil.which(name, os.F_OK)]
    if absent:
        return f"not installed: apt-get install {' '.join(absent)}"
    if not mounted("cgroup2"):
        return "no cgroup version 2 tree is mounted"
    if not os.access("/proc/sys/net/ipv4/ip_forward", os.W_OK):
        return "/proc/sys is read-only (inside a container?)"
    return cgroup_refusal() or namespace_refusal()


def cgroup_refusal():
    """Return why a host's cgroup cannot be made, or None."""
    trial = Cgroup(f"drig-trial-{os.getpid()}")
    try:
        trial.create()
        if not (trial.folder / "cgroup.kill").exists():
            return "the kernel is older than 5.14: it has no cgroup.kill"
    except OSError as error:
        return f"no cgroup can be made (inside a container?): {error}"
    finally:
        trial.remove()


def namespace_refusal():
    """Return why a host's namespaces and network cannot be made, or None."""
    spaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--fork", "--mount-proc"]
    try:
        tool("unshare", *spaces, "sh", "-c", TRIAL)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].removeprefix(": ")
        return f"no namespaces with a network can be made (inside a container?): {reason}"
