"""The other hosts of a site, as NGINX has them: each is the reserve of the others.

deploy/peers.conf.template sends them what no gunicorn answers here. What they send comes to the
server in peers.conf: at port 443, which is open to all, under a name that nobody's DNS has, and
only with the certificate that the hosts have in common. It passes that on to the gunicorn of this
host alone, so that nothing goes round. What it is told of the visitor, it believes.

ROOT/shared/peer.pem is that certificate, with its key. ROOT/state/peers/ has what NGINX includes.
"""

import pkgutil
import socket
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from .certificate import make_key, openssl
from .configuration import has_ipv6
from .files import write
from .server_names import let_read
from .site import Refused, Site

TLS = """# With another one NGINX reads this again: %(digest)s
proxy_ssl_certificate %(pair)s;
proxy_ssl_certificate_key %(pair)s;
proxy_ssl_trusted_certificate %(pair)s;
proxy_ssl_verify on;
proxy_ssl_name %(name)s.peers.invalid;
proxy_ssl_server_name on;
proxy_ssl_protocols TLSv1.3;
"""


def directory(site: Site) -> Path:
    return site.state / "peers"


def pair(site: Site) -> Path:
    """Return the path of the certificate and key that the hosts have in common, in one file."""
    return site.shared / "peer.pem"


def make(site: Site) -> dict[str, str]:
    """Return "pem", the certificate and key, which are made where there are none yet."""
    if not pair(site).exists():
        write(pair(site), made(site), mode=0o600)
    return {"pem": pair(site).read_text()}


def made(site: Site) -> str:
    key, name = site.state / "peer.key", f"{site.name}.peers.invalid"
    make_key(key)
    try:
        certificate = openssl(
            *["req", "-x509", "-key", key, "-days", "36500", "-subj", f"/CN={name}"],
            *["-addext", f"subjectAltName=DNS:{name}"],
        )
        return key.read_text() + certificate
    finally:
        key.unlink()


def put(site: Site, others: Sequence[str]) -> dict[str, Any]:
    """Let the other hosts, names or addresses, be the reserve of this one; none where it is alone.

    Refused, and all is as before, where one has no address or NGINX does not take it.
    """
    if others and not pair(site).exists():
        raise Refused(f"{pair(site)} is not there: what the hosts know each other by")
    wanted = texts(site, [address(host) for host in others])
    before = {path: path.read_text() if path.exists() else "" for path in wanted}
    if wanted == before:
        return {}
    directory(site).mkdir(mode=0o700, exist_ok=True)
    try:
        replace(wanted)
        let_read("the other hosts")
    except Refused:
        replace(before)
        raise
    return {}


def replace(wanted: dict[Path, str]) -> None:
    for path, text in wanted.items():
        if text:
            write(path, text, mode=0o600)
        else:
            path.unlink(missing_ok=True)


def texts(site: Site, addresses: Sequence[str]) -> dict[Path, str]:
    """Return what NGINX is told, by path; empty texts without addresses."""
    values = {
        "name": site.name,
        "root": site.root,
        "pair": pair(site),
        "digest": sha256(pair(site).read_bytes()).hexdigest() if addresses else "",
        "ipv6": "" if has_ipv6() else "# not on this server: ",
        "servers": "".join(
            f"    server {each}:443 max_fails=1 fail_timeout=5s;\n" for each in addresses
        ),
    }
    servers = (pkgutil.get_data(__package__, "peers.conf") or b"").decode()
    wanted = {"others.conf": servers, "others.tls": TLS}
    return {
        directory(site) / name: text % values if addresses else "" for name, text in wanted.items()
    }


def address(host: str) -> str:
    """Return the address of a host, as NGINX has it: where DNS is away, NGINX must start."""
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Refused(f"{host} has no address: {error.args[-1]}") from None
    first = min(found, key=lambda each: each[0] != socket.AF_INET)
    text = str(first[4][0])
    return f"[{text}]" if ":" in text else text
