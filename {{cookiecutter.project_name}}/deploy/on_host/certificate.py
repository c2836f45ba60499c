"""The certificate of the site: your own, or one that the server signs itself.

It is shown for names that have none of their own (see acme/): NAME.crt and NAME.key, and both in
NAME.pem, which NGINX's workers read at each handshake.

ROOT/state/certificate-key has the digest of the public key that was made here for it. A certificate
with another key is somebody's own, also one that they have signed themselves: it is never replaced.
"""

import hashlib
import re
import subprocess
from collections.abc import Collection, Iterable
from pathlib import Path

from . import deployed
from .files import read, write
from .record import has, require
from .site import Refused, Site

SSL = Path("/etc/nginx/ssl")
DAYS = 7  # that a certificate is good for, at the least


def create(site: Site, hostname: str) -> dict[str, str]:
    """Let the site have a certificate that is good; return "told", a line where it is not.

    One that the server signs is for LIVE_HOSTNAME, that of the live release where it is known.
    """
    hostname = deployed.kept(site, site.live).get("LIVE_HOSTNAME", hostname)
    path = SSL / f"{site.name}.crt"
    require(site, "file", str(path))
    SSL.mkdir(0o755, exist_ok=True)
    wrong, ours = problem_of(path), path.exists() and is_of_server(site, path)
    if not wrong and ours and hostname not in names_of(path):
        wrong = "is for another name"
    if not wrong and ours:
        remember_key(site, path)
    if wrong and not ours and "expire" in wrong:
        words = f"your certificate {wrong}: put the renewed one into deploy/, and type fab create"
        combine(site)
        return {"told": words}
    if wrong:
        if not ours:
            for each in filter(Path.exists, (path, path.with_suffix(".key"))):
                each.rename(f"{each}.before")  # nobody knows whose it is
        make_key(path.with_suffix(".key"))
        sign(site, path, [hostname])
    combine(site)
    return {"told": ""}


def is_combined(path: Path) -> bool:
    """Return whether NGINX's workers can read what `combine` has made of a certificate."""
    text = path.with_suffix(".key").read_text() + path.read_text()
    return read(path.with_suffix(".pem")) == (text, "root:www-data", 0o640)


def combine(site: Site) -> None:
    """Let NGINX's workers read the certificate and its key, in one file.

    That of a site of before is yet to be claimed: then the next deploy does both.
    """
    path = SSL / f"{site.name}.crt"
    if has(site, "file", str(path.with_suffix(".pem"))) and not is_combined(path):
        text = path.with_suffix(".key").read_text() + path.read_text()
        write(path.with_suffix(".pem"), text, "root:www-data", 0o640)


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


def cover(site: Site, hostname: str) -> dict[str, str]:
    """Let the certificate that the server signs be for a name too, as for one of a renaming."""
    path = SSL / f"{site.name}.crt"
    require(site, "file", str(path))
    if is_of_server(site, path) and hostname not in names_of(path):
        live = deployed.kept(site, site.live).get("LIVE_HOSTNAME", hostname)
        sign(site, path, dict.fromkeys([hostname, live]))
        combine(site)
    return {}


def names_of(path: Path) -> set[str]:
    """Return the host names that a certificate is for."""
    shown = openssl("x509", "-in", path, "-noout", "-ext", "subjectAltName")
    return set(re.findall(r"(?:DNS|IP Address):([^,\s]+)", shown))


def parties_of(path: Path) -> tuple[str, str]:
    """Return the subject and the issuer of a certificate; Refused where it is none."""
    shown = openssl("x509", "-in", path, "-noout", "-subject", "-issuer", "-nameopt", "RFC2253")
    subject, issuer = (line.partition("=")[2] for line in shown.splitlines())
    return subject, issuer


def is_of_server(site: Site, path: Path) -> bool:
    """Return whether the server has signed a certificate; you may have signed your own as well.

    Its key is the one that was made here. Where that is not known, as of an earlier time, it is
    signed by itself for the project or one of its hosts, and has not come from deploy/: those begin
    with words.
    """
    try:
        subject, issuer = parties_of(path)
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
    """Sign a certificate for the hosts with the key beside it."""
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


def kind_of(host: str) -> str:
    return "IP" if host.replace(".", "").isdigit() else "DNS"


def openssl(*words: object) -> str:
    result = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
    if result.returncode:
        raise Refused(f"openssl {words[0]}: {result.stderr.strip()}")
    return result.stdout
