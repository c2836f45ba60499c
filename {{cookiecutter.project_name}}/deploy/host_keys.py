"""Which key a server has to show. Fabric takes any: https://github.com/fabric/fabric/issues/2071"""

import base64
import hashlib
from contextlib import suppress
from pathlib import Path

from fabric import Connection
from invoke import Exit
from paramiko import (
    BadHostKeyException,
    HostKeys,
    MissingHostKeyPolicy,
    PKey,
    SSHClient,
    SSHException,
)
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

from .terminal import ask


def check_keys(connection: Connection) -> None:
    """Let the connection take known keys only, or ask."""
    mine, *others = files(connection)
    everybodys = connection.ssh_config.get("globalknownhostsfile", "/etc/ssh/ssh_known_hosts")
    keys = connection.client.get_host_keys()
    for path in (*map(Path, everybodys.split()), *others, mine):
        if path.is_file():
            load(keys, path)
    if alias := connection.ssh_config.get("hostkeyalias"):
        for kind, key in (keys.lookup(alias) or {}).items():
            keys.add(name_of(connection), kind, key)
    connection.client.set_missing_host_key_policy(AskAboutUnknownKey(mine))


def files(connection: Connection) -> list[Path]:
    """Return the known_hosts files of ~/.ssh/config, else ssh's own, as Paths."""
    names = connection.ssh_config.get("userknownhostsfile", "~/.ssh/known_hosts").split()
    return [Path(name).expanduser() for name in names]


def load(keys: HostKeys, path: Path) -> None:
    """Read a known_hosts file; like ssh, pass over what is no key of a host."""
    for line in map(str.strip, path.read_text("utf-8", "replace").splitlines()):
        if line.startswith("@"):  # a revoked key, or one of an authority that signs keys
            continue
        with suppress(InvalidHostKey, SSHException, ValueError):
            entry = HostKeyEntry.from_line(line)
            for name in entry.hostnames if entry else ():
                keys.add(name, entry.key.get_name(), entry.key)


def fingerprint(key: PKey) -> str:
    """Return the fingerprint as OpenSSH shows it."""
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def name_of(connection: Connection) -> str:
    """Return the name that the server has in known_hosts."""
    host, port = connection.host, connection.port
    return host if port == 22 else f"[{host}]:{port}"


def changed(connection: Connection, error: BadHostKeyException) -> None:
    """Exit where the server shows another key than the known one; ask if that is of another type.

    `error` is a BadHostKeyException. Where the new key is taken this returns.
    """
    name, key = name_of(connection), error.key
    if key.get_name() != error.expected_key.get_name():
        policy = AskAboutUnknownKey(files(connection)[0])
        policy.missing_host_key(connection.client, name, key)
        return
    raise Exit(
        f"{name}: its host key has changed, to {fingerprint(key)}. If the server is new, run "
        f"ssh-keygen -R '{name}' and try again; if not, somebody may be listening.",
        3,
    )


def remember(connection: Connection, key: str) -> None:
    """Add another key of a server that has shown a known one: the line of its *.pub file."""
    write(files(connection)[0], name_of(connection), " ".join(key.split()[:2]))


def write(known_hosts: Path, name: str, key: str) -> None:
    known_hosts.parent.mkdir(mode=0o700, exist_ok=True)
    with known_hosts.open("a", encoding="utf-8") as file:
        file.write(f"{name} {key}\n")


class AskAboutUnknownKey(MissingHostKeyPolicy):
    """Show the fingerprint and ask, as ssh does; refuse where nobody can answer."""

    def __init__(self, known_hosts: Path) -> None:
        self.known_hosts = known_hosts

    def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:
        shown = f"{hostname}: the host key {key.get_name()} {fingerprint(key)} is not known"
        unanswered = Exit(f"{shown}; connect once with ssh and compare it", 3)
        question = f"{shown}. Connect and remember it (yes/no)?"
        if ask(question, unanswered).lower() != "yes":
            raise Exit(f"{hostname}: not connected", 3)
        write(self.known_hosts, hostname, f"{key.get_name()} {key.get_base64()}")
        client.get_host_keys().add(hostname, key.get_name(), key)
