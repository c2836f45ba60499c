"""Public keys, as ssh-keygen writes them: a line with the type, the key and a comment."""

import base64
import hashlib
import re
from dataclasses import dataclass

from .site import Refused

# How many fields a key of each type has: RFC 4253 6.6, 5656, 8709, and OpenSSH's PROTOCOL.u2f.
FIELDS = {
    "ssh-ed25519": 2,
    "ssh-rsa": 3,
    "ecdsa-sha2-nistp256": 3,
    "ecdsa-sha2-nistp384": 3,
    "ecdsa-sha2-nistp521": 3,
    "sk-ssh-ed25519@openssh.com": 3,
    "sk-ecdsa-sha2-nistp256@openssh.com": 4,
}
LEAST_BITS = 2048  # of an RSA key
PLAIN = re.compile(r"[\w @.,:+/='()\[\]#~-]*")  # of a comment: nothing that a shell knows
# A line of authorized_keys, see sshd(8); its options may have blanks between quotation marks.
LINE = re.compile(
    r"""\s*(?:(?P<options>(?:[^\s"\#]|"(?:\\.|[^"\\])*")(?:[^\s"]|"(?:\\.|[^"\\])*")*)\s+)?"""
    r"(?P<type>[a-z0-9@.-]+)\s+(?P<key>AAAA[A-Za-z0-9+/]+=*)(?:\s+(?P<comment>.*))?"
)


class Malformed(Refused):
    """What is wrong with a public key, in words."""


@dataclass
class Key:
    """A public key: its type, itself in base64, and its comment."""

    type: str
    key: str
    comment: str = ""
    options: str = ""

    @property
    def fingerprint(self) -> str:
        """The key as ssh-keygen -l shows it."""
        digest = hashlib.sha256(base64.b64decode(self.key)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def find(line: str) -> Key | None:
    """Return the key of a line of authorized_keys, or None where it has none."""
    match = LINE.fullmatch(line)
    if not match:
        return None
    key = Key(match["type"], match["key"], (match["comment"] or "").strip(), match["options"] or "")
    try:
        base64.b64decode(key.key, validate=True)
    except ValueError:
        return None
    return key


def parse(content: bytes) -> Key:
    """Return the key of a file that holds one, without options; Malformed where it does not."""
    if not content.strip():
        raise Malformed("it is empty; ssh-keygen -y -f KEY prints the public key of KEY")
    if b"PRIVATE KEY" in content:
        raise Malformed(
            "it is a private key, which belongs to nobody else: remove it, also from the"
            " repository's history, and make a new one with ssh-keygen -t ed25519"
        )
    try:
        text = content.decode("utf-8")
    except ValueError:
        raise Malformed("it is not in UTF-8; copy the file that ssh-keygen wrote") from None
    if "BEGIN SSH2 PUBLIC KEY" in text:
        raise Malformed("it is a key as PuTTY writes it; ssh-keygen -i -f FILE prints it as ssh's")
    if "\r" in text:
        raise Malformed(r"its lines end as on Windows; type sed -i 's/\r$//' FILE")
    lines = text.strip().split("\n")
    if len(lines) > 1:
        raise Malformed(f"it has {len(lines)} lines; a file holds one key, in one line")
    return checked(" ".join(lines[0].split()))


def checked(line: str) -> Key:
    """Return the key of a line without options; Malformed where it is not sound."""
    first = line.split(" ")[0]
    if "-cert-v01@" in first:
        raise Malformed("it is a certificate; put the .pub file that belongs to it in its place")
    key = find(line)
    if key and key.type in FIELDS and key.options:
        raise Malformed(f"it begins with options; let its line begin with {key.type}")
    if not key or key.type != first or key.type not in FIELDS:
        raise Malformed(
            "it is not a public key; copy the file ending in .pub that ssh-keygen -t ed25519 wrote"
        )
    if not PLAIN.fullmatch(key.comment):
        raise Malformed("its comment has odd characters; let its line end as in alice@laptop")
    try:
        fields = fields_of(base64.b64decode(key.key, validate=True))
    except ValueError:
        fields = []
    if not is_sound(key.type, fields):
        raise Malformed("its key is damaged; copy the file that ssh-keygen wrote once more")
    bits = int.from_bytes(fields[2], "big").bit_length() if key.type == "ssh-rsa" else LEAST_BITS
    if bits < LEAST_BITS:
        raise Malformed(f"an RSA key of {bits} bits is too weak; type ssh-keygen -t ed25519")
    return key


def is_sound(type: str, fields: list[bytes]) -> bool:
    """Return whether the fields of a key are those of its type."""
    if len(fields) != FIELDS[type] or fields[0] != type.encode():
        return False
    if type.endswith(("ssh-ed25519", "ssh-ed25519@openssh.com")):
        return len(fields[1]) == 32
    if "nistp" in type:
        return fields[1] == type.partition("@")[0].rpartition("-")[2].encode()
    return True


def fields_of(blob: bytes) -> list[bytes]:
    """Return the fields of a key; ValueError where it ends in the middle of one."""
    fields = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            raise ValueError("it ends too early")
        fields.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return fields
