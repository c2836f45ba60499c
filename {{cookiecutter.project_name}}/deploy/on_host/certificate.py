"""The certificate that the server signs itself, for all names of the sites."""

import re
import subprocess
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from .record import require
from .site import Refused, Site

SSL = Path("/etc/nginx/ssl")
# OpenSSL, and so most clients, ends the handshake where the certificates have more than 100 kB.
# https://docs.openssl.org/3.0/man3/SSL_CTX_set_max_cert_list/
LARGEST = 95_000  # bytes of names: what is left is for the rest of the handshake's message


def cover(site: Site, names: Sequence[str]) -> dict[str, str]:
    """Let the certificate be for exactly those names; return "told", a line where it is not.

    `names`, the first of them LIVE_HOSTNAME, are in ASCII. Where the certificate is one of your
    own, nothing changes. Refused where one certificate cannot bear so many names.
    """
    path = SSL / f"{site.name}.crt"
    require(site, "file", str(path))
    covered = names_of(path)
    if not is_self_signed(path):
        missing = [name for name in names if not is_covered(name, covered)]
        return {"told": f"your certificate is not for: {' '.join(missing)}" if missing else ""}
    check_size(names)
    if covered != set(names):
        sign(path, site.name, names)
        subprocess.run(["systemctl", "reload", "nginx"], check=True)
    return {"told": ""}


def check_size(names: Collection[str]) -> None:
    """Refused where the names are too many for one certificate."""
    size = sum(len(name) + 2 for name in names)  # each with its type and length, RFC 5280
    if size > LARGEST:
        raise Refused(
            f"{len(names)} names take {size // 1000} kB, and clients refuse a certificate of more"
            f" than {LARGEST // 1000} kB of them: remove sites, or put your own certificate into"
            " deploy/, such as one for *.example.com, and type fab create"
        )


def names_of(path: Path) -> set[str]:
    """Return the host names that a certificate is for, a set."""
    shown = openssl("x509", "-in", path, "-noout", "-ext", "subjectAltName")
    return set(re.findall(r"(?:DNS|IP Address):([^,\s]+)", shown))


def is_self_signed(path: Path) -> bool:
    subject, issuer = openssl(
        "x509", "-in", path, "-noout", "-subject_hash", "-issuer_hash"
    ).split()
    return subject == issuer


def is_covered(name: str, covered: Collection[str]) -> bool:
    """Return whether a name is one of a certificate's, which may begin with `*.` (RFC 6125)."""
    return name in covered or f"*.{name.partition('.')[2]}" in covered


def sign(path: Path, name: str, hosts: Iterable[str]) -> None:
    """Sign a certificate for the hosts with the key beside it."""
    temporary = path.with_name(f".{path.name}")
    alternative = ",".join(f"{kind_of(host)}:{host}" for host in hosts)
    # A subject holds 64 characters at most (RFC 5280, ub-common-name), and a host name 253.
    openssl(
        *["req", "-x509", "-key", path.with_suffix(".key"), "-days", "3650", "-out", temporary],
        *["-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}"],
    )
    temporary.chmod(0o644)
    temporary.rename(path)


def kind_of(host: str) -> str:
    return "IP" if host.replace(".", "").isdigit() else "DNS"


def openssl(*words: object) -> str:
    result = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
    if result.returncode:
        raise Refused(f"openssl {words[0]}: {result.stderr.strip()}")
    return result.stdout
