"""What is around the server: a CA, proxies that visitors come by, places for backups, uploads."""

import ipaddress
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# The addresses of those that publish them, as on 2026-11-29.
KNOWN = {
    # https://www.cloudflare.com/ips/
    "cloudflare": """
        173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18
        108.162.192.0/18 190.93.240.0/20 188.114.96.0/20 197.234.240.0/22 198.41.128.0/17
        162.158.0.0/15 104.16.0.0/13 104.24.0.0/14 172.64.0.0/13 131.0.72.0/22
        2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32
        2a06:98c0::/29 2c0f:f248::/32
    """.split(),
}
LARGEST = {4: 8, 6: 16}  # the fewest bits of a network that somebody can own


def acme_directory(value: Any) -> str:
    """Return the URL of an ACME directory; ValueError where it is none."""
    if not isinstance(value, str) or not re.fullmatch(r"https://[\w.:/~-]+", value, re.A):
        raise ValueError(f"{value!r} is not the URL of an ACME directory, which begins with https")
    return value


def proxies(value: Any) -> list[str]:
    """Return the networks, a list of str such as "10.0.0.0/8"; ValueError where one is wrong.

    `value` is a list of addresses, networks and names of KNOWN.
    """
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{value!r} is not a list of addresses, such as ['10.0.0.5']")
    found: list[str] = []
    for each in value:
        found += KNOWN.get(str(each)) or [network(each)]
    return list(dict.fromkeys(found))


def network(text: Any) -> str:
    try:
        found = ipaddress.ip_network(text if isinstance(text, str) else "")
    except ValueError:
        known = ", ".join(KNOWN)
        told = "is no address, no network such as 10.0.0.0/8, and none of"
        raise ValueError(f"{text!r} {told}: {known}") from None
    if found.prefixlen < LARGEST[found.version]:
        raise ValueError(f"{text} would let strangers say who they are")
    return str(found)


def private_network(value: Any) -> str:
    """Return the network that the HOSTS have of their own, or an empty str; ValueError for none."""
    try:
        found = ipaddress.ip_network(value) if value != "" and isinstance(value, str) else None
    except ValueError:
        found = None
    if value == "":
        return ""
    if found is None or not found.is_private or found.prefixlen < LARGEST[found.version]:
        raise ValueError(f"{value!r} is no private network, such as 10.0.0.0/24")
    return str(found)


PLACE = r"(sftp://(\w[\w.-]*@)?|(s3|rest):https?://)\w[\w.-]*(:\d{1,5})?/[\w./~-]+"


def backup_to(value: Any) -> str:
    """Return the address of a repository of restic, or an empty str; ValueError where it is none.

    Whoever sees the settings sees it, so it has no password.
    """
    if value == "" or isinstance(value, str) and re.fullmatch(PLACE, value, re.A):
        return value
    examples = "sftp://me@host//srv/backups, s3:https://host/bucket or rest:https://host/name/"
    if isinstance(value, str) and re.search(r"://[^/]*:[^/]*@", value):
        raise ValueError("has a password in it; type fab secret BACKUP_REST_PASSWORD")
    raise ValueError(f"{value!r} is not the address of a place for backups, such as {examples}")


PORTS = {"http": "80", "https": "443"}
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ENDPOINT = re.compile(r"(https?)://([a-zA-Z0-9.-]+|\[[0-9a-f:]+\])(?::(\d{1,5}))?")


def uploads(value: Any) -> str:
    """Return the address of a bucket for uploads, or an empty str; ValueError where it is none.

    Whoever sees the settings sees it, so it has no key.
    """
    if value == "":
        return value
    example = "s3://bucket?endpoint=https://s3.example.com&region=eu-central-1"
    wrong = ValueError(f"{value!r} is not the address of a bucket, such as {example}")
    if not isinstance(value, str):
        raise wrong
    try:
        parts = urlsplit(value)
    except ValueError:
        raise wrong from None
    if "@" in parts.netloc or re.search(r"(key|secret|password|token)\w*=", value, re.I):
        raise ValueError("has a key in it; type fab secret AWS_ACCESS_KEY_ID")
    if parts.scheme != "s3" or not BUCKET.fullmatch(parts.netloc) or parts.fragment:
        raise wrong
    if parts.path.strip("/"):
        raise ValueError(f"{value!r} names a folder: the uploads need a bucket of their own")
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := given.keys() - {"endpoint", "region"}:
        raise ValueError(f"{value!r} has an unknown part: {', '.join(sorted(unknown))}")
    if not re.fullmatch(r"[a-z0-9-]+", given.get("region", "none"), re.A):
        raise wrong
    check_endpoint(given.get("endpoint", ""), wrong)
    return value


def check_endpoint(endpoint: str, wrong: ValueError) -> None:
    """Raise ValueError unless an endpoint is the start of a URL that nobody on the way can read."""
    match = ENDPOINT.fullmatch(endpoint)
    if not match or int(match[3] or 443) > 65535:
        raise wrong
    if match[3] == PORTS[match[1]]:  # a signature has the host as it is sent, without that
        raise ValueError(f"{endpoint} ends with the port that it has anyway; leave :{match[3]} out")
    if match[2].lower() == "localhost":  # NGINX asks name servers alone, which do not know it
        raise ValueError(f"{endpoint}: write 127.0.0.1 for {match[2]}")
    address = address_in(match[2].strip("[]"))
    if match[1] == "https" and address:  # NGINX looks for names alone in a certificate
        raise ValueError(f"{endpoint}: https needs the name that is in the certificate")
    if match[1] == "http" and not (address and address.is_private):
        raise ValueError(f"{endpoint} is not encrypted: an endpoint outside begins with https")


def address_in(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
