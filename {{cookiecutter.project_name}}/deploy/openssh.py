"""What OpenSSH's client makes of its configuration, where there is one: `ssh -G HOST` tells.

Fabric's own reading (paramiko's) knows no Include in a folder, takes an unknown Match for one that
holds, and nothing of IdentitiesOnly.
"""

import os
import pwd
import re
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fabric
from invoke import Exit
from paramiko.config import SSHConfigDict

LISTS = ("identityfile", "certificatefile")  # a line each
PATHS = ("userknownhostsfile", "globalknownhostsfile")  # on one line
WITH_TOKENS = ("identityfile", "certificatefile", "identityagent", "proxycommand", *PATHS)


def is_there() -> bool:
    """Return whether this machine has OpenSSH's client."""
    return shutil.which("ssh") is not None


class Configuration(fabric.Config):
    """Fabric's configuration, with what ssh says of a host in the place of paramiko's reading."""

    def _clone_init_kwargs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        kwargs = super(fabric.Config, self)._clone_init_kwargs(*args, **kwargs)
        return dict(kwargs, ssh_config=self.base_ssh_config)


class Client:
    """Stands in for paramiko's SSHConfig; file is the one to read alone, or None."""

    _config = ()  # Fabric copies it

    def __init__(self, file: str | None = None) -> None:
        self.host: str | None = None
        self.given: list[str] = []
        self.file = ["-F", str(Path(file).expanduser())] if file else file_of_home()

    def give(self, host: str, user: str | None, port: int | None) -> None:
        """Say which host is connected to, and what was given for it; None where nothing was."""
        self.host = host
        self.given += ["-l", user] if user else []
        self.given += ["-p", str(port)] if port else []

    def give_keys(self, names: str | Sequence[str]) -> None:
        """Say which keys were given for that host, a list of paths, or one."""
        for name in [names] if isinstance(names, str) else names:
            self.given += ["-i", name]

    def lookup(self, host: str) -> SSHConfigDict:
        """Return the options of a host by their names in lower case; Exit where ssh refuses."""
        given: list[str] = self.given if host == self.host else []
        command = ["ssh", "-G", *self.file, *given, "--", host]
        result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if result.returncode:
            lines = result.stderr.strip().splitlines() or [f"ssh -G {host} fails"]
            raise Exit(f"{host}: {lines[0]}", 2)
        return options(result.stdout, host)


def settings_for(config: fabric.Config, client: Client) -> Configuration:
    """Return the Configuration of a connection, made from Fabric's."""
    made = config.clone(into=Configuration)
    made._set(base_ssh_config=client)
    return made


def file_of_home() -> list[str]:
    """Return the option that names ~/.ssh/config where HOME is not the home that ssh looks in."""
    path = Path("~/.ssh/config").expanduser()
    if Path.home() == Path(pwd.getpwuid(os.getuid()).pw_dir):
        return []
    return ["-F", str(path if path.is_file() else "/etc/ssh/ssh_config")]


def options(printed: str, host: str) -> SSHConfigDict:
    """Return what `ssh -G` has printed as a dict; what has the value none is not in it."""
    found = SSHConfigDict()
    for line in printed.splitlines():
        key, _, value = line.partition(" ")
        if value == "none" and key != "identityagent":
            continue
        if key in LISTS:
            found.setdefault(key, []).append(value)
        else:
            found[key] = value
    found.setdefault("identityfile", [])
    if "proxyjump" in found:  # user@[host]:port, of which Fabric takes brackets for the name
        found["proxyjump"] = re.sub(r"\[([^]:]*)\]", r"\1", found["proxyjump"])
    tokens = tokens_for(found, host)
    for key in WITH_TOKENS:
        if isinstance(value := found.get(key), list):
            found[key] = [expanded(each, tokens) for each in value]
        elif value:
            found[key] = expanded(value, tokens)
    return found


def tokens_for(found: SSHConfigDict, host: str) -> dict[str, str]:
    """Return what stands for %h and the like in the values: see TOKENS in ssh_config(5)."""
    user = pwd.getpwuid(os.getuid())
    name = socket.gethostname()
    return {
        "%": "%",
        "d": str(Path.home()),
        "h": found["hostname"],
        "i": str(user.pw_uid),
        "k": found.get("hostkeyalias", host),
        "L": name.partition(".")[0],
        "l": name,
        "n": host,
        "p": found["port"],
        "r": found["user"],
        "u": user.pw_name,
    }


def expanded(value: str, tokens: dict[str, str]) -> str:
    """Return a value with its tokens, variables and ~ filled in."""
    value = re.sub("%(.)", lambda match: tokens.get(match[1], match[0]), value)
    value = re.sub(r"\$\{(\w+)\}", lambda match: os.environ.get(match[1], ""), value)
    if value.startswith("~"):
        return os.path.expanduser(value)
    home = pwd.getpwuid(os.getuid()).pw_dir  # ssh has filled that in, whatever HOME is
    return re.sub(rf"(^| ){re.escape(home)}/\.ssh/", rf"\1{Path.home()}/.ssh/", value)
