"""One Debian host: its disk, its life, and the ways into it."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tarfile
import threading
from pathlib import Path

from cgroup import Cgroup, wait_for
from disk import forget, keep, mount, unmount
from process import PIPES, Process, finish, tool

UP = ("running\n", "degraded\n")  # what systemctl says when all that was to start has been tried
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Host:
    """One Debian host. `root` is its filesystem seen from here, also while it is stopped."""

    def __init__(self, rig, name, suite, number):
        self.rig, self.name, self.suite, self.number = rig, name, suite, number
        self.address = f"{rig.network.subnet}.{number}"
        self.key = rig.key
        self.folder = rig.folder / name
        self.known_hosts = self.folder / "known_hosts"
        self.root = self.folder / "root"
        self.boots = 0  # how often it was switched on or has rebooted
        self._machine = f"{rig.network.prefix}-{name}"
        self._cgroup = Cgroup(self._machine)
        self._cut = False
        self._off = threading.Event()  # set: do not boot again
        self._nspawn = None
        self._keeper = None

    # Making it

    def install(self, images, password):
        """Do what the provider of a new server does: a disk, a name, root's key, host keys."""
        self.folder.mkdir(mode=0o700)
        mount(images, self.folder, self._machine)
        (self.root / "etc/hostname").write_text(self.name + "\n")
        (self.root / "etc/hosts").write_text(f"127.0.0.1\tlocalhost\n127.0.1.1\t{self.name}\n")
        ssh = self.root / "root/.ssh"
        ssh.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(self.key.with_suffix(".pub"), ssh / "authorized_keys")
        for key in self.root.glob("etc/ssh/ssh_host_*"):  # of the host that wrote the disk
            key.unlink()
        for kind in ("ed25519", "ecdsa"):  # an RSA key can take 10 s to find
            key = self.root / f"etc/ssh/ssh_host_{kind}_key"
            tool("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"root@{self.name}", "-f", key)
            with self.known_hosts.open("a") as file:
                file.write(f"{self.address} {key.with_suffix('.pub').read_text()}")
        if password:
            tool("chroot", self.root, "chpasswd", input=f"root:{password}")
            config = self.root / "etc/ssh/sshd_config.d/10-root-password.conf"
            config.write_text("PermitRootLogin yes\n")

    # Its life

    @property
    def cgroup(self):
        """The folder of the cgroup that has its processes."""
        return self._cgroup.folder

    @property
    def state(self):
        """What it is: "running" (also while it boots or reboots), "frozen" or "stopped"."""
        if not (self._keeper and self._keeper.is_alive()):
            return "stopped"
        return "frozen" if self._cgroup.event("frozen") else "running"

    def start(self):
        """Switch it on, and wait until it is up."""
        if self.state != "stopped":
            raise RuntimeError(f"{self.name} is {self.state}")
        self._off.clear()
        self._unplug()
        self.rig.network.plug(self.name, self.number)
        self._cut = False
        self._keeper = threading.Thread(target=self._keep, name=self._machine, daemon=True)
        self._keeper.start()
        self.wait_until_up()

    def _keep(self):
        """Run the host until it halts: systemd-nspawn ends with 133 when it is to boot again."""
        again = True
        while again and not self._off.is_set():
            self._cgroup.create()
            with (self.folder / "console").open("ab") as console:
                self._nspawn = subprocess.Popen(
                    self._cgroup.enter(self._nspawn_command()),
                    # Version 2 inside also on a version 1 machine: new systemds take no other.
                    env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=console,
                    start_new_session=True,  # Ctrl-C is for pytest, which then takes it down
                )
            self.boots += 1
            again = self._nspawn.wait() == 133

    def _nspawn_command(self):
        return [
            *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"),
            *(f"--machine={self._machine}", f"--hostname={self.name}", f"--directory={self.root}"),
            f"--network-namespace-path=/run/netns/{self._machine}",
            *("--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=read-only"),
            "--capability=CAP_NET_ADMIN",  # for a firewall inside: it reaches its own network only
        ]

    def wait_until_up(self, timeout=60):
        """Wait until systemd has finished booting and sshd answers."""
        self._wait_for(self._has_booted, timeout, "did not finish booting")
        if not self._cut:
            self._wait_for(self._sshd_answers, 10, f"has no sshd at {self.address}")

    def _has_booted(self):
        if self.state == "stopped":
            raise RuntimeError(f"{self.name} halted while it booted\n{self.console()[-2000:]}")
        with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
            return self._ask_systemd("is-system-running", timeout=10) in UP

    def _ask_systemd(self, question, timeout):
        """Return what `systemctl question` prints, without a login: it works during a boot."""
        process = Process(self._inside(["systemctl", question]), **PIPES)
        return finish(process, question, timeout=timeout, check=False).stdout

    def _sshd_answers(self):
        try:
            with socket.create_connection((self.address, 22), timeout=2) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def _wait_for(self, condition, timeout, failure):
        try:
            wait_for(condition, timeout)
        except TimeoutError:
            tail = self.console()[-2000:]
            raise RuntimeError(f"{self.name} {failure} in {timeout} s\n{tail}") from None

    def stop(self):
        """Shut it down cleanly. RuntimeError if it has not halted in 90 s, as systemd allows."""
        if self.state == "frozen":
            self.thaw()
        if self.state == "running":
            self._off.set()
            self._nspawn.send_signal(signal.SIGTERM)  # it asks the host's systemd to halt
            self._wait_for(lambda: self.state == "stopped", 90, "did not halt")
        self._unplug()

    def keep(self, folder):
        """Shut it down, and move what it wrote on its disk to a folder, for hosts that go on."""
        self.stop()
        keep(self.folder, folder)
        self.down()

    def kill(self):
        """Pull the plug: everything in it ends at once, and no peer hears of it."""
        self._off.set()
        if self.state != "stopped":
            self.cut()  # a dead machine says no goodbye on its open connections: the kernel would
            self._wait_for(self._is_dead, 30, "survived")
        self._unplug()

    def _is_dead(self):
        self._cgroup.write("cgroup.kill", "1")
        return self.state == "stopped"

    def reboot(self):
        """Reboot it from inside, and wait until it is up again."""
        boots = self.boots
        self._ask_systemd("reboot", timeout=60)
        self.wait_for_reboot(boots)

    def wait_for_reboot(self, boots, timeout=120):
        """Wait until it is up after a reboot; `boots` is what `host.boots` was before that."""
        self._wait_for(lambda: self.boots > boots, timeout, "did not reboot")
        self.wait_until_up()

    def freeze(self):
        """Stop all its processes where they are: a host that hangs."""
        self._cgroup.write("cgroup.freeze", "1")
        self._wait_for(lambda: self.state == "frozen", 10, "did not freeze")

    def thaw(self):
        """Let a frozen host go on."""
        self._cgroup.write("cgroup.freeze", "0")
        self._wait_for(lambda: self.state != "frozen", 10, "did not thaw")

    def cut(self):
        """Pull its network cable out."""
        self.rig.network.set_cable(self.number, "down")
        self._cut = True

    def join(self):
        """Put its network cable in again."""
        self.rig.network.set_cable(self.number, "up")
        self._cut = False

    def _unplug(self):
        wait_for(self._cgroup.is_gone, 30)  # its last processes die a moment after the first
        self.rig.network.unplug(self.name, self.number)
        forget(self._machine)

    def down(self):
        """Remove it with its disk. Once is enough: then its address may be another's."""
        if self.rig.hosts.get(self.name) is not self:
            return
        self.kill()
        if self.root.exists():
            unmount(self.root)
        shutil.rmtree(self.folder, ignore_errors=True)
        del self.rig.hosts[self.name]

    # Using it

    def run(self, command, user="root", input=None, check=True, timeout=600, env=None):
        """Run a shell command line inside, without the network: it works while the host is cut off.

        The environment is that of a login, as over ssh, with `env` added. `timeout` is in
        seconds. Raises subprocess's CalledProcessError, with the output, and TimeoutExpired.
        """
        exports = [f"export {name}={shlex.quote(value)}\n" for name, value in (env or {}).items()]
        process = self.popen("".join(exports) + command, user, **PIPES)
        return finish(process, command, input, timeout, check)

    def popen(self, command, user="root", **kw):
        """Start a shell command line inside, as `run` does; return the Popen.

        A signal to it reaches all that it started. `kw` are Popen's own options.
        """
        login = ["su", "--login", "--shell=/bin/sh", f"--session-command={command}", user]
        # Among the host's own processes, so that freezing the host freezes this one too.
        words = self._cgroup.enter(self._inside(login), below="payload/init.scope")
        return Process(words, **kw)

    def ssh(self, command, user="root", check=True, timeout=600):
        """Run a shell command line over ssh with root's key (or what else accepts it as `user`)."""
        options = ["-F", "/dev/null", "-i", str(self.key), "-o", "IdentitiesOnly=yes"]
        for option in (
            f"UserKnownHostsFile={self.known_hosts}",
            "StrictHostKeyChecking=yes",
            "BatchMode=yes",
            "ConnectTimeout=10",
            "LogLevel=ERROR",
        ):
            options += ["-o", option]
        process = Process(["ssh", *options, f"{user}@{self.address}", command], **PIPES)
        return finish(process, command, None, timeout, check)

    def copy_in(self, local_path, remote_path, user="root"):
        """Copy a file, or a folder with all that is in it, to the absolute path `remote_path`."""
        unpack = "tar --extract --directory=/ --no-same-owner"
        process = self.popen(unpack, user, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        with process:
            with contextlib.suppress(BrokenPipeError):  # then tar has said why
                with tarfile.open(fileobj=process.stdin, mode="w|") as tar:
                    tar.add(local_path, arcname=str(remote_path).lstrip("/"))
                process.stdin.close()
            error = process.stderr.read().decode()
        if process.returncode:
            raise RuntimeError(f"{self.name}: cannot copy to {remote_path}: {error}")

    def console(self):
        """Return what its boots wrote to the console."""
        path = self.folder / "console"
        return path.read_text(errors="replace") if path.exists() else ""

    def _inside(self, words):
        """Return the command that runs `words` in all of the host's namespaces."""
        enter = ["nsenter", f"--target={self._leader()}", "--mount", "--uts", "--ipc", "--net"]
        return [*enter, "--pid", "--cgroup", "--", "env", "-i", f"PATH={PATH}", *words]

    def _leader(self):
        """Return the process id that the host's PID 1 has here: systemd-nspawn's one child."""
        if self.state != "stopped" and self._nspawn:
            pid = self._nspawn.pid
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                if children:
                    return int(children[0])
        raise RuntimeError(f"{self.name} is {self.state}, or has not begun to boot")
