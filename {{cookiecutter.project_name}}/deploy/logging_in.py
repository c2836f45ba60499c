"""With which keys and password a user logs in, in which order: the named ones first, as ssh does.

A server ends the connection after a few wrong keys (MaxAuthTries of sshd, 6). So those that nobody
has named, of the agent, come last: where a password is given, after that.
"""

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from invoke import Exit
from paramiko import Agent, PKey, SSHException, Transport, UnknownKeyType
from paramiko.ssh_exception import AuthenticationException

from .terminal import ask

DEFAULTS = ("id_rsa", "id_ecdsa", "id_ed25519")  # of ~/.ssh, where no client of OpenSSH tells


class TooMany(AuthenticationException):
    """The server has ended the connection, after so many tries."""


class LogIn:
    """What paramiko calls an auth_strategy. `options` are Fabric's connect_kwargs."""

    def __init__(self, user: str, options: dict[str, Any], ssh_config: Mapping[str, Any]) -> None:
        self.user, self.options, self.ssh_config = user, options, ssh_config
        self.password = options.get("password")
        self.accepted = ""  # the key that has logged in, in base64; empty where none has
        self.locked: list[str] = []  # names of keys that cannot be read without their passphrase

    def authenticate(self, transport: Transport) -> None:
        """Log in; AuthenticationException where nothing opens."""
        named, others = self.keys()
        tries = [*named, *([self.password] if self.password else []), *others]
        for count, each in enumerate(tries, 1):
            try:
                if self.is_enough(transport, each):
                    if not isinstance(each, str):
                        self.accepted = base64.b64encode(each.asbytes()).decode()
                    return
            except (SSHException, EOFError, OSError):
                if not transport.is_active() and count > 1:
                    raise TooMany(count) from None
                if not transport.is_active():
                    raise
        raise AuthenticationException("nothing opens")

    def is_enough(self, transport: Transport, key_or_password: PKey | str) -> bool:
        """Try it; return whether that has logged in, or Refused as paramiko does."""
        if isinstance(key_or_password, str):
            more = transport.auth_password(self.user, key_or_password)
        else:
            more = transport.auth_publickey(self.user, key_or_password)
        if more and self.password and not isinstance(key_or_password, str):  # a key and a password
            more = transport.auth_password(self.user, self.password)
        elif "keyboard-interactive" in more:  # a key and a code, say
            more = transport.auth_interactive(self.user, answers)
        return not more

    def keys(self) -> tuple[list[PKey], list[PKey]]:
        """Return the keys that somebody has named, and the other ones of the agent."""
        agent = {key.asbytes(): key for key in self.agent_keys()}
        named: dict[bytes, PKey] = {}
        for path in self.paths():
            for key in self.key_of(path, agent):
                named.setdefault(key.asbytes(), key)
        only_named = self.ssh_config.get("identitiesonly") == "yes"
        others = [] if only_named else [key for blob, key in agent.items() if blob not in named]
        return list(named.values()), others

    def paths(self) -> list[Path]:
        """Return the files of keys, those of fab -i and SSH_KEY_PATH first, as Paths that exist."""
        names = list(self.options.get("key_filename", []))
        if self.options.get("look_for_keys", True) and "identityfile" not in self.ssh_config:
            names += [f"~/.ssh/{name}" for name in DEFAULTS]
        paths = (Path(name).expanduser() for name in dict.fromkeys(names))
        return [path for path in paths if path.is_file()]

    def key_of(self, path: Path, agent: dict[bytes, PKey]) -> list[PKey]:
        """Return the key of a file, in a list, empty where it cannot be used.

        The agent's, where it has that; for a *.pub there is no other.
        """
        public = path if path.suffix == ".pub" else path.with_name(f"{path.name}.pub")
        if (blob := blob_of(public)) in agent:
            return [agent[blob]]
        if path == public:
            return []
        found = private_keys(path, self.options.get("passphrase") or self.password)
        if not found:
            self.locked.append(str(path))
        certificate = path.with_name(f"{path.name}-cert.pub")
        for key in found:
            if certificate.is_file():
                key.load_certificate(str(certificate))
        return found

    def agent_keys(self) -> Sequence[PKey]:
        name = self.ssh_config.get("identityagent")
        if name == "none" or not self.options.get("allow_agent", True):
            return []
        with agent_of(name), suppress(SSHException):
            return Agent().get_keys()
        return []


@contextmanager
def agent_of(name: str | None) -> Iterator[None]:
    """Let paramiko ask the agent that IdentityAgent names, which has the path of its socket."""
    before = os.environ.get("SSH_AUTH_SOCK")
    if name and name.startswith("/"):
        os.environ["SSH_AUTH_SOCK"] = name
    try:
        yield
    finally:
        os.environ.pop("SSH_AUTH_SOCK", None)
        if before is not None:
            os.environ["SSH_AUTH_SOCK"] = before


def answers(title: str, instructions: str, questions: Sequence[tuple[str, bool]]) -> list[str]:
    """Return what is typed at what a server asks after a key, such as a code: a list of str.

    `questions` are pairs of one and whether its answer may be seen, as paramiko has them.
    """
    words = " ".join(filter(None, (title.strip(), instructions.strip())))
    unanswered = Exit(f"{words}: the server asks more than for a key, on a terminal alone", 3)
    return [ask(" ".join([words, text.strip()]), unanswered, not seen) for text, seen in questions]


def blob_of(path: Path) -> bytes | None:
    """Return the public key in a file, in bytes, or None."""
    with suppress(OSError, ValueError, IndexError):
        return base64.b64decode(path.read_text("utf-8").split()[1], validate=True)
    return None


def private_keys(path: Path, passphrase: str | None) -> list[PKey]:
    """Return the key in a file, read with the passphrase if it has one: a list of one, or none."""
    for password in (None, passphrase.encode() if passphrase else b""):
        with suppress(SSHException, UnknownKeyType, ValueError, TypeError):  # it has one or none
            return [PKey.from_path(path, password)]
    return []
