"""The certificate that the server signs itself, for all names of the sites.

ROOT/state/certificate-key has the digest of the public key that was made here for it. A certificate
with another key is somebody's own, also one that they have signed themselves: it is never replaced.
"""

import hashlib
import re
import subprocess
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from . import deployed
from .files import write
from .record import require
from .server_name import names_in
from .site import Refused, Site

SSL = Path("/etc/nginx/ssl")
# OpenSSL, and so most clients, ends the handshake where the certificates have more than 100 kB.
# https://docs.openssl.org/3.0/man3/SSL_CTX_set_max_cert_list/
LARGEST = 95_000  # bytes of names: what is left is for the rest of the handshake's message
DAYS = 7  # that a certificate is good for, at the least


def create(site: Site, hostname: str) -> dict[str, str]:
    """Let the site have a certificate that is good; return "told", a line where it is not.

    One that the server signs is for LIVE_HOSTNAME, that of the live release where it is known, and
    all names of the last `fab sites`.
    """
    hostname = deployed.kept(site, site.live).get("LIVE_HOSTNAME", hostname)
    path = SSL / f"{site.name}.crt"
    require(site, "file", str(path))
    SSL.mkdir(0o755, exist_ok=True)
    wrong, ours = problem_of(path), path.exists() and is_of_server(site, path)
    if not wrong and ours and not site.live and hostname not in names_of(path):
        wrong = "is for another name"  # that of a live site a deploy renames, or fab sites
    if not wrong:
        if ours:
            remember_key(site, path)
        return {"told": ""}
    if not ours and "expire" in wrong:
        words = f"your certificate {wrong}: put the renewed one into deploy/, and type fab create"
        return {"told": words}
    if not ours:
        for each in filter(Path.exists, (path, path.with_suffix(".key"))):
            each.rename(f"{each}.before")  # nobody knows whose it is
    names = dict.fromkeys([hostname, *names_of_sites(site)])
    make_key(path.with_suffix(".key"))
    sign(site, path, names)
    return {"told": ""}


def problem_of(path: Path) -> str:
    """Return what is wrong with a certificate and its key, in words; empty where nothing is."""
    try:
        of_key = openssl("pkey", "-in", path.with_suffix(".key"), "-pubout")
        if public_key(path) != of_key:
            return "has another key"
        end = openssl("x509", "-in", path, "-noout", "-enddate").strip().partition("=")[2]
    except Refused:
        return "cannot be read"
    asked = ["openssl", "x509", "-in", str(path), "-checkend", str(DAYS * 86400), "-noout"]
    is_good = subprocess.run(asked, capture_output=True).returncode == 0
    return "" if is_good else f"expires or has expired, {end}"


def names_of_sites(site: Site) -> list[str]:
    """Return the names that NGINX answers to since the last `fab sites`."""
    path = site.state / "nginx" / "server_names.conf"
    words = path.read_text() if path.exists() else ""
    return names_in(words.replace("server_name ", "").replace(";", ""))


def cover(site: Site, names: Sequence[str]) -> dict[str, str]:
    """Let the certificate be for exactly those names; return "told", a line where it is not.

    `names`, the first of them LIVE_HOSTNAME, are in ASCII. Where the certificate is one of your
    own, nothing changes. Refused where one certificate cannot bear so many names.
    """
    path = SSL / f"{site.name}.crt"
    require(site, "file", str(path))
    covered = names_of(path)
    if not is_of_server(site, path):
        missing = [name for name in names if not is_covered(name, covered)]
        return {"told": f"your certificate is not for: {' '.join(missing)}" if missing else ""}
    check_size(names)
    if covered != set(names):
        sign(site, path, names)
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
    """Return the host names that a certificate is for."""
    shown = openssl("x509", "-in", path, "-noout", "-ext", "subjectAltName")
    return set(re.findall(r"(?:DNS|IP Address):([^,\s]+)", shown))


def is_of_server(site: Site, path: Path) -> bool:
    """Return whether the server has signed a certificate; you may have signed your own as well.

    Its key is the one that was made here. Where that is not known, as of an earlier time, it is
    signed by itself for the project or one of its hosts, and has not come from deploy/: those begin
    with words.
    """
    try:
        shown = openssl("x509", "-in", path, "-noout", "-subject", "-issuer", "-nameopt", "RFC2253")
        subject, issuer = (line.partition("=")[2] for line in shown.splitlines())
        names = {f"CN={host}" for host in (site.name, *names_of(path))}
        if subject != issuer:
            return False
        if (record := key_record(site)).exists():
            return record.read_text() == digest_of(path)
    except Refused:  # it is no certificate
        return False
    return subject in names and path.read_bytes().startswith(b"-----BEGIN")


def key_record(site: Site) -> Path:
    return site.state / "certificate-key"


def digest_of(path: Path) -> str:
    return hashlib.sha256(public_key(path).encode()).hexdigest()


def public_key(path: Path) -> str:
    """Return the public key of a certificate, in PEM."""
    return openssl("x509", "-in", path, "-noout", "-pubkey")


def remember_key(site: Site, path: Path) -> None:
    """Record that the key of a certificate was made here."""
    if not key_record(site).exists() or key_record(site).read_text() != digest_of(path):
        write(key_record(site), digest_of(path))


def make_key(path: Path) -> None:
    """Make a key, unless one is there that can be read."""
    try:
        openssl("pkey", "-in", path, "-noout")
    except Refused:
        temporary = path.with_name(f".{path.name}")
        temporary.touch(0o600)
        curve = "ec_paramgen_curve:prime256v1"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", temporary)
        temporary.rename(path)


def is_covered(name: str, covered: Collection[str]) -> bool:
    """Return whether a name is one of a certificate's, which may begin with `*.` (RFC 6125)."""
    return name in covered or f"*.{name.partition('.')[2]}" in covered


def sign(site: Site, path: Path, hosts: Iterable[str]) -> None:
    """Sign a certificate for the hosts with the key beside it, and let NGINX show it."""
    temporary = path.with_name(f".{path.name}")
    alternative = ",".join(f"{kind_of(host)}:{host}" for host in hosts)
    # A subject holds 64 characters at most (RFC 5280, ub-common-name), and a host name 253.
    openssl(
        *["req", "-x509", "-key", path.with_suffix(".key"), "-days", "3650", "-out", temporary],
        *["-subj", f"/CN={site.name}", "-addext", f"subjectAltName={alternative}"],
    )
    temporary.chmod(0o644)
    remember_key(site, temporary)
    temporary.rename(path)
    if Path(f"/etc/nginx/sites-enabled/{site.name}.conf").exists():
        subprocess.run(["systemctl", "reload", "nginx"], check=True)


def kind_of(host: str) -> str:
    return "IP" if host.replace(".", "").isdigit() else "DNS"


def openssl(*words: object) -> str:
    result = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
    if result.returncode:
        raise Refused(f"openssl {words[0]}: {result.stderr.strip()}")
    return result.stdout
