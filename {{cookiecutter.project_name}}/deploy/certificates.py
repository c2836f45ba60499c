"""The certificate: your own, else one that the server signs itself.

Your own lies in deploy/, as one *.crt and one *.key; that of another environment than production in
a folder of its name there.
"""

from collections.abc import Sequence
from pathlib import Path

from invoke import Exit

from .config import PRODUCTION, PROJECT_ROOT
from .host import Host
from .scripts import script
from .steps import step

HERE = Path(__file__).parent


def cover(host: Host, names: Sequence[str]) -> None:
    """Let the certificate be for all of the names, or say for which it is not."""
    with step(host, "Certificate"):
        told = host.call("certificate", names=names)["told"]
    print(host.config.typed(told), end="\n" if told else "")


def create(host: Host) -> None:
    """Put the certificate in place; one that the server signed before is kept."""
    hostname = host.config.live_hostname
    is_address = hostname.replace(".", "").isdigit()
    environment = host.config.environment
    folder = HERE if environment == PRODUCTION else HERE / environment
    certificates, keys = sorted(folder.glob("*.crt")), sorted(folder.glob("*.key"))
    if not certificates and not keys:
        with step(host, "Certificate, signed by the server itself"):
            told = host.call("sign", hostname=hostname)["told"]
        print(host.config.typed(told), end="\n" if told else "")
        return
    if len(certificates) != 1 or len(keys) != 1:
        where = folder.relative_to(PROJECT_ROOT)
        raise Exit(f"{where}/ has to hold one *.crt and one *.key, or none of either", 2)
    with step(host, f"Certificate {certificates[0].name}"):
        pair = keys[0].read_bytes() + b"\n" + certificates[0].read_bytes()
        warning = host.as_root(
            script("own_certificate"),
            stdin=pair,
            host=hostname,
            kind="ip" if is_address else "host",
        )
    print(host.config.typed(warning.stdout), end="")
