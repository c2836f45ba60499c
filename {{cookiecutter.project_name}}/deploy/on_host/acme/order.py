"""One order at the CA, by Debian's acme-tiny; what comes of it is looked at before NGINX has it."""

import re
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from .place import Place, write

TIMEOUT = 180  # seconds that a CA may take
ENDED = re.compile(r"-----END CERTIFICATE-----\s*\Z")
RETRY = re.compile(r"retry after (\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)", re.I)
# How acme-tiny ends where an answer lacks what RFC 8555 has in it, as the page of a proxy does.
NOT_ACME = ("KeyError", "TypeError", "AttributeError", "UnicodeDecodeError")
OF_DOMAIN = re.compile(r'for "?\*?\.?([a-z0-9.-]+\.[a-z0-9-]+)"?', re.I)


class Refused(Exception):
    """Why the CA, or a look at what it sent, has refused: in words.

    `of` is who is to wait: the "name", its "domain" or "all"; it is "doubt" where the CA has failed
    at this very order. `until`, as time.time() has it, is what the CA has said.
    """

    def __init__(self, words: str, of: str = "name", domain: str = "", until: float = 0) -> None:
        super().__init__(words)
        self.of, self.domain, self.until = of, domain, until


def place_order(place: Place, name: str, directory: str) -> tuple[float, float]:
    """Order the certificate of a name and put it in place; return since and until when it is good.

    The key of the certificate before is kept: NGINX reads a file twice in a handshake, so a new one
    between would end it. Refused where there is none to be had.
    """
    make_key(place.account, "RSA", "rsa_keygen_bits:2048")
    with tempfile.TemporaryDirectory(prefix=".order-", dir=place.private) as folder:
        key, request, chain = (Path(folder, file) for file in ("key", "request", "chain"))
        if place.pem(name).exists():
            openssl("pkey", "-in", place.pem(name), "-out", key)
        make_key(key, "EC", "ec_paramgen_curve:prime256v1")
        openssl(
            *("req", "-new", "-key", key, "-subj", "/", "-out", request),
            *("-addext", f"subjectAltName=DNS:{name}"),
        )
        chain.write_text(sent_by_ca(place, request, directory))
        good = look_at(place, name, chain, key)
        write(place.pem(name), key.read_text() + chain.read_text(), 0o640)
    return good


def make_key(path: Path, algorithm: str, option: str) -> None:
    if not path.exists():
        made = openssl("genpkey", "-algorithm", algorithm, "-pkeyopt", option)
        write(path, made, 0o600)


def sent_by_ca(place: Place, request: Path, directory: str) -> str:
    """Return the chain in PEM that the CA sends for a request."""
    words = ["acme-tiny", "--quiet", "--disable-check", "--directory-url", directory]
    words += ["--account-key", str(place.account), "--csr", str(request)]
    words += ["--acme-dir", str(place.challenges)]
    trust = {"SSL_CERT_FILE": str(place.root)} if place.root.exists() else {}
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(place.private)} | trust
    try:
        run = subprocess.run(
            words, capture_output=True, text=True, timeout=TIMEOUT, env=environment
        )
    except subprocess.TimeoutExpired:
        raise Refused(f"the CA has not answered for {TIMEOUT} seconds", "doubt") from None
    if run.returncode or not ENDED.search(run.stdout):
        raise refusal(run.stderr)
    return run.stdout


def refusal(told: str) -> Refused:
    """Return why an order has failed, from what acme-tiny has printed."""
    words = reason(told)
    if "Challenge did not pass for" in told or "Order failed: " in told:
        return Refused(words)  # whatever it says, the CA works; the name does not
    if "Error getting directory" in told or "Error registering" in told:
        return Refused(words, "all")
    status = re.search(r"Response Code: (\w+)", told)
    until = 0.0
    if found := RETRY.search(told):
        until = datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC).timestamp()
    if "rateLimited" in told or (status and status[1] == "429"):
        return limited(words, until)
    if not status or status[1] == "None" or status[1].startswith("5"):
        of_ca = ("Response Code", "URLError", "timed out", *NOT_ACME)
        return Refused(words, "doubt" if any(word in told for word in of_ca) else "name")
    return Refused(words)


def limited(words: str, until: float) -> Refused:
    """Return what a limit of the CA means: it is for a name, a registered domain or the account.

    Not all CAs say for whom.
    """
    domain = OF_DOMAIN.search(words)
    of_name = ("failed authorizations", "exact set", "temporarily prevented")
    if any(each in words for each in of_name):
        return Refused(words, "name", until=until)
    if "already issued" in words and domain:
        return Refused(words, "domain", domain[1].lower(), until)
    return Refused(words, "all" if "account" in words else "doubt", until=until)


def reason(told: str) -> str:
    """Return the CA's own words of what acme-tiny has printed, in one line."""
    details = re.findall(r"""['"]detail['"]: (?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")""", told)
    words = details[-1][0] or details[-1][1] if details else ""
    if not words:
        response = re.search(r"Response: (.*)", told)
        words = response[1] if response else (told.strip().splitlines() or ["no reason"])[-1]
        words = words.removeprefix("ValueError: ")
    if words.startswith(NOT_ACME):
        words = f"the CA has answered something that is not ACME ({words})"
    elif words.startswith("IndexError"):
        words = "the CA offers no check over HTTP for it"
    words = "".join(letter if letter.isprintable() else " " for letter in words.replace("\\", ""))
    return " ".join(words.split())[:300]


def look_at(place: Place, name: str, chain: Path, key: Path) -> tuple[float, float]:
    """Return since and until when a certificate is good; Refused where it is not, for the name."""
    if openssl("x509", "-in", chain, "-noout", "-pubkey") != openssl("pkey", "-in", key, "-pubout"):
        raise Refused("the CA sent a certificate for another key")
    trust = ["-CAfile", str(place.root)] if place.root.exists() else []
    openssl("verify", *trust, "-verify_hostname", name, "-untrusted", chain, chain)
    return dates(chain)


def is_trusted(place: Place, path: Path) -> bool:
    """Return whether browsers trust the certificates of a file, the site's own first."""
    trust = ["-CAfile", str(place.root)] if place.root.exists() else []
    try:
        openssl("verify", *trust, "-untrusted", path, path)
    except Refused:
        return False
    return True


def dates(path: Path) -> tuple[float, float]:
    """Return since and until when a certificate is good, as time.time() has it."""
    shown = openssl("x509", "-in", path, "-noout", "-dates", "-dateopt", "iso_8601")
    since, until = (line.partition("=")[2] for line in shown.splitlines())
    return datetime.fromisoformat(since).timestamp(), datetime.fromisoformat(until).timestamp()


def openssl(*words: object) -> str:
    run = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
    if run.returncode:
        lines = [line for line in run.stderr.splitlines() if line.strip()] or ["failed"]
        told = next((line for line in lines if "error" in line.lower()), lines[-1])
        raise Refused(f"openssl {words[0]}: {told.strip()}")
    return run.stdout
