"""Brand-new Debian hosts on one machine, to deploy to.

Each is a Debian root filesystem booted by systemd-nspawn with systemd as PID 1, in namespaces
and with an IP address of its own, sshd running, and a way out to Debian's packages and PyPI.
It is up in seconds, and can be cut off, frozen, killed and rebooted:

    with Rig() as rig:
        host = rig.up("web1", suite="trixie")
        host.ssh("hostname")

Needs root on Linux; `missing()` says in one line what else.
"""

import os
import re
import shutil
import tempfile
import threading
from pathlib import Path

import rootfs
from cgroup import Cgroup, mounted, trees, wait_for
from disk import forget, mount, unmount
from host import Host
from network import Network, claim
from process import tool

SUITES = ("bookworm", "trixie")
STATE_FOLDERS = ("/dev/shm", os.environ.get("TMPDIR", "/var/tmp"))
PLENTY = 12 * 2**30  # bytes: what is written on some ten hosts, twice


class Rig:
    """The hosts of one test run, and what they share: a network, a key, a folder."""

    def __init__(self):
        sweep_the_dead()
        self.network, self._claim = free_network()
        self._lock = threading.Lock()
        self._images = {}
        self.hosts = {}
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.network.prefix}-", dir=state_folder()))
        self.key = self.folder / "id_ed25519"
        tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rig", "-f", self.key)
        try:
            self.network.up()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def up(self, name, suite="bookworm", password=None, written=None):
        """Boot a fresh host and return it when its sshd answers.

        That is a second; some 5 s for a rig's first of a suite, minutes where the suite is yet to
        be built. With a password, root may also log in with that. `written` is a folder of
        `Host.keep`: then the disk has what that host wrote. Raises RuntimeError, with the end of
        the host's console, when it does not come up.
        """
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name):
            raise ValueError(f"a host's name is lower-case letters, digits and '-', not {name!r}")
        with self._lock:
            images = [written, self._image(suite)] if written else [self._image(suite)]
            if name in self.hosts:
                raise ValueError(f"there is a host {name!r} already")
            used = {host.number for host in self.hosts.values()}
            number = next(number for number in range(11, 251) if number not in used)
            host = self.hosts[name] = Host(self, name, suite, number)
        try:
            host.install(images, password)
            host.start()
        except BaseException:
            host.down()
            raise
        return host

    def _image(self, suite):
        """Return what this rig's hosts of a suite start from: the cached one, connected."""
        if suite not in self._images:
            folder = Path(tempfile.mkdtemp(prefix=f"{suite}.", dir=self.folder))
            mount([rootfs.cached(suite)], folder, f"{self.network.prefix}-{folder.name}")
            rootfs.connect(folder / "root", suite)
            self._images[suite] = folder / "root"
        return self._images[suite]

    def close(self):
        """Take everything down."""
        for host in list(self.hosts.values()):
            host.down()
        sweep(self.network)
        self._claim.close()


def state_folder():
    """Return where hosts' disks are made: in memory where there is plenty, else on the disk.

    In memory nothing waits for the disk, as dpkg and PostgreSQL do at each step.
    """
    places = [Path(place) for place in STATE_FOLDERS if Path(place).is_dir()]
    memory = int(re.search(r"MemAvailable: +(\d+)", Path("/proc/meminfo").read_text())[1]) * 1024
    is_plenty = memory > PLENTY and shutil.disk_usage(places[0]).free > PLENTY
    return places[0] if is_plenty else places[-1]


def free_network():
    """Return a network that nobody uses, and the claim to it."""
    for number in range(1, 255):
        network, claimed = Network(number), claim(number)
        if claimed and network.is_free():
            return network, claimed
        if claimed:
            claimed.close()
    raise RuntimeError("no free network from 10.77.1.0/24 to 10.77.254.0/24")


def sweep_the_dead():
    """Remove what rigs left that were killed before they could do it."""
    places = [trees()[0], *map(Path, ("/sys/class/net", "/run/netns", *STATE_FOLDERS))]
    names = [path.name for place in places for path in place.glob("drig*")]
    for number in {int(number) for number in re.findall(r"\bdrig(\d+)", " ".join(names))}:
        claimed = claim(number)
        if claimed:
            sweep(Network(number))
            claimed.close()


def sweep(network):
    """Remove all that is named after a rig's number."""
    prefix = f"{network.prefix}-"
    for folder in trees()[0].glob(f"{prefix}*"):
        wait_for(Cgroup(folder.name).is_gone, 10)
    for path in Path("/run/netns").glob(f"{prefix}*"):
        tool("ip", "netns", "del", path.name, check=False)
    for folder in mounted("overlay"):
        if any(part.startswith(prefix) for part in folder.parts):  # never a host's own "/"
            unmount(folder)
    forget(f"{prefix}*")
    network.down()
    for folder in STATE_FOLDERS:
        for path in Path(folder).glob(f"{prefix}*"):
            shutil.rmtree(path, ignore_errors=True)
