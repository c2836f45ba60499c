"""The cgroup that holds all processes of one host: what is frozen, killed and asked for life."""

import contextlib
import os
import shlex
import time
from pathlib import Path


def mounted(kind, option=""):
    """Return where filesystems of this kind are mounted, with this option if one is given."""
    lines = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [Path(m[1]) for m in lines if m[2] == kind and option in ("", *m[3].split(","))]


def trees():
    """Return the cgroup trees a host must have a folder in, version 2's first.

    A machine has version 2 alone, or version 1 with version 2 beside it; then systemd-nspawn
    also keeps version 1's `name=systemd` tree in step.
    """
    return mounted("cgroup2")[:1] + mounted("cgroup", "name=systemd")[:1]


class Cgroup:
    """The processes of one host."""

    def __init__(self, name):
        self.folders = [tree / name for tree in trees()]
        self.folder = self.folders[0]

    def create(self):
        """Make it anew: one that was used may have controllers on, and takes no process then."""
        wait_for(self.is_gone, 10)
        for folder in self.folders:
            folder.mkdir()

    def is_gone(self):
        """Kill what is in it, remove it, and return whether that has succeeded yet."""
        self.write("cgroup.kill", "1")
        self.remove()
        return not any(folder.exists() for folder in self.folders)

    def enter(self, command, below="."):
        """Return `command` (a list) as one that enters this cgroup, or one below it, first."""
        files = [folder / below / "cgroup.procs" for folder in self.folders]
        lines = [f"[ ! -e {file} ] || echo 0 >{file}" for file in map(shlex.quote, map(str, files))]
        return ["/bin/sh", "-c", "\n".join([*lines, 'exec "$@"']), "sh", *map(str, command)]

    def event(self, name):
        """Return whether `populated` or `frozen` is true of it."""
        try:
            return f"{name} 1" in (self.folder / "cgroup.events").read_text().splitlines()
        except OSError:  # it is gone, or going
            return False

    def write(self, file, value):
        """Write to one of its control files; nothing happens if it is gone."""
        with contextlib.suppress(OSError):
            (self.folder / file).write_text(value)

    def remove(self):
        """Remove it with its children. Whatever still has a process stays."""
        for folder in self.folders:
            for path, _, _ in os.walk(folder, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(path)


def wait_for(condition, timeout):
    """Wait until `condition()` is true; TimeoutError after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout} s")
        time.sleep(0.05)
