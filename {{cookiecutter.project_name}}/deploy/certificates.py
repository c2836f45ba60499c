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


def create(host: Host) -> None:
    """Put the certificate in place; one that the server signed before is kept."""
    hostname = host.config.live_hostname
    environment = host.config.environment
    folder = HERE if environment == PRODUCTION else HERE / environment
    certificates, keys = sorted(folder.glob("*.crt")), sorted(folder.glob("*.key"))
    if not certificates and not keys:
        with step(host, "Certificate, signed by the server itself"):
            told = host.call("sign", hostname=hostname)["told"]
    else:
        told = own(host, folder, certificates, keys)
    print(host.config.typed(told), end="\n" if told else "")


def own(host: Host, folder: Path, certificates: Sequence[Path], keys: Sequence[Path]) -> str:
    """Put a certificate of your own in place; return what there is to tell of it."""
    hostname = host.config.live_hostname
    if len(certificates) != 1 or len(keys) != 1:
        where = folder.relative_to(PROJECT_ROOT)
        raise Exit(f"{where}/ has to hold one *.crt and one *.key, or none of either", 2)
    kind = "ip" if hostname.replace(".", "").isdigit() else "host"
    with step(host, f"Certificate {certificates[0].name}"):
        pair = keys[0].read_bytes() + b"\n" + certificates[0].read_bytes()
        told = host.as_root(script("own_certificate"), stdin=pair, host=hostname, kind=kind).stdout
        told += host.call("sign", hostname=hostname)["told"]
    return told.strip()
