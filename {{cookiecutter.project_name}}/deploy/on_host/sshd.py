"""sshd: which algorithms it is to offer, and who may log in how, whatever its settings say where.

The algorithms are those of ssh-audit's guides for Debian 12 and 13, as far as this OpenSSH goes:
https://www.ssh-audit.com/hardening_guides.html. Which keys people may have stays as OpenSSH has it,
unlike there: keys of 2048 bits and those of security tokens log in today.
"""

import glob
import pwd
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .key_files import settings_of_sshd
from .site import Site

CONFIG = Path("/etc/ssh/sshd_config")
POST_QUANTUM = [
    "mlkem768x25519-sha256",
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
]
CLASSIC = """
    curve25519-sha256 curve25519-sha256@libssh.org diffie-hellman-group16-sha512
    diffie-hellman-group18-sha512 diffie-hellman-group-exchange-sha256
""".split()
CIPHERS = """
    chacha20-poly1305@openssh.com aes256-gcm@openssh.com aes256-ctr aes192-ctr
    aes128-gcm@openssh.com aes128-ctr
""".split()
MACS = ["hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com"]
HOST_KEYS = """
    sk-ssh-ed25519-cert-v01@openssh.com ssh-ed25519-cert-v01@openssh.com
    rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com
    sk-ssh-ed25519@openssh.com ssh-ed25519 rsa-sha2-512 rsa-sha2-256
""".split()
NO_SHELLS = ("nologin", "false", "sync")
BY_PASSWORD = ("passwordauthentication", "kbdinteractiveauthentication")
ALIASES = {"challengeresponseauthentication": "kbdinteractiveauthentication"}


def algorithms(site: Site, client: Sequence[str]) -> dict[str, list[str]]:
    """Return "lines" of sshd_config; `client` are the key exchanges of whoever asks.

    Without one of the new key exchanges in common, those of before stay, or nobody gets in.
    """
    known = {kind: of_openssh(kind) for kind in ("kex", "cipher", "mac", "HostKeyAlgorithms")}
    newest = POST_QUANTUM[0] in known["kex"]
    exchanges = [name for name in POST_QUANTUM if name in known["kex"]]
    if not newest or not set(exchanges) & set(client):
        exchanges += CLASSIC
    macs = [*(MACS if newest else reversed(MACS)), "umac-128-etm@openssh.com"]
    wanted = {
        "KexAlgorithms": exchanges,
        "Ciphers": [name for name in CIPHERS if name in known["cipher"]],
        "MACs": [name for name in macs if name in known["mac"]],
        "HostKeyAlgorithms": [name for name in HOST_KEYS if name in known["HostKeyAlgorithms"]],
    }
    return {"lines": [f"{keyword} {','.join(names)}" for keyword, names in wanted.items()]}


def of_openssh(kind: str) -> set[str]:
    shown = subprocess.run(["ssh", "-Q", kind], capture_output=True, text=True, check=True)
    return set(shown.stdout.split())


# Who may log in how


@dataclass
class Setting:
    """A keyword in a Match block of sshd's configuration, its value, and where it is, in words."""

    keyword: str
    value: str
    where: str


def open_log_ins(
    site: Site, to_root: bool, by_password: bool, address: str
) -> dict[str, list[str]]:
    """Return "open": what lets root in, or anybody with a password, from an address; in lines.

    `to_root`, `by_password`: whether that is to be closed. Each user with a shell is asked about;
    what a Match block allows to others, such as those of a network, is told too.
    """
    found = []
    for user in users_with_shell():
        told = settings_of_sshd(user, address)
        settings = dict(line.partition(" ")[::2] for line in told.splitlines())
        if user == "root" and settings.get("permitrootlogin") == "no":
            continue
        if user == "root" and to_root:
            found.append(f"root may log in: PermitRootLogin {settings.get('permitrootlogin')}")
        if by_password and any(settings.get(keyword) != "no" for keyword in BY_PASSWORD):
            found.append(f"{user} may log in with a password")
    blocks: dict[str, list[str]] = {}
    for setting in settings_in_blocks(CONFIG):
        if is_open(setting, to_root, by_password):
            blocks.setdefault(setting.where, []).append(f"{setting.keyword} {setting.value}")
    return {"open": [*found, *(f"{where}: {', '.join(has)}" for where, has in blocks.items())]}


def is_open(setting: Setting, to_root: bool, by_password: bool) -> bool:
    closes = {"permitrootlogin": to_root, **dict.fromkeys(BY_PASSWORD, by_password)}
    keyword = setting.keyword.lower()
    return closes.get(ALIASES.get(keyword, keyword), False) and setting.value.lower() != "no"


def users_with_shell() -> list[str]:
    """Return root, and the users that have a shell to log in to, in the order of their numbers."""
    found = sorted(pwd.getpwall(), key=lambda account: account.pw_uid)
    return [user.pw_name for user in found if Path(user.pw_shell).name not in NO_SHELLS]


def settings_in_blocks(path: Path, match: str = "") -> Iterator[Setting]:
    """Yield the settings in Match blocks of a file of sshd, and of those that it includes."""
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        words = re.match(r"\s*(\w+)[\s=]+(.*?)\s*$", line)
        if not words:
            continue
        keyword, value = words.groups()
        if keyword.lower() == "match":
            match = f"{path} line {number}, Match {value}"
        elif keyword.lower() == "include":
            for pattern in value.split():
                for included in sorted(glob.glob(str(CONFIG.parent / pattern.strip('"')))):
                    yield from settings_in_blocks(Path(included), match)
        elif match:
            yield Setting(keyword, value.strip('"'), match)
