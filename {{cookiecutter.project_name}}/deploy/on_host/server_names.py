"""The names of the sites, as NGINX has them: in ROOT/state/nginx/, which no release changes.

Where the project is alone on its server, NGINX sends it whatever is for nobody else, and is told no
names. Where projects share one, each minute brings the names of new sites there, see `follow`.
"""

import http.client
import socket
import ssl
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .acme.place import Place, is_name, told
from .files import write
from .record import NGINX, text_of
from .server_name import written
from .site import Refused, Site


def is_alone(site: Site) -> bool:
    """Return whether NGINX sends the project what is for no other host."""
    return " default_server" in text_of(NGINX / f"{site.name}.conf")


def update(site: Site, names: Sequence[str]) -> dict[str, Any]:
    """Let NGINX answer to the names, in ASCII; return "told", how it is with each, by name.

    Refused, and all is as before, where NGINX does not take them, or TLS does not work with them.
    """
    text = "" if is_alone(site) or not names else f"server_name {' '.join(map(written, names))};\n"
    path = site.state / "nginx/server_names.conf"
    before = path.read_text() if path.exists() else ""
    if text != before:
        path.parent.mkdir(exist_ok=True)
        worked = answers_tls(names)
        try:
            put(path, text)
            if worked and not answers_tls(names):
                raise Refused(f"NGINX ends TLS with {len(names)} names")
        except Refused:
            put(path, before)
            raise
    return {"told": told(Place(site))}


def put(path: Path, text: str) -> None:
    """Write the file and let NGINX read it; Refused with what it says."""
    write(path, text)
    refusal = subprocess.run(["nginx", "-t"], capture_output=True, text=True)
    if refusal.returncode:
        lines = [line for line in refusal.stderr.splitlines() if "[emerg]" in line]
        raise Refused("NGINX refuses the names: " + "\n".join(lines or [refusal.stderr]))
    subprocess.run(["systemctl", "reload", "nginx"], check=True)


def answers_tls(names: Iterable[str]) -> bool:
    """Return whether a handshake for the first name succeeds."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", 443), timeout=10) as raw,
            context.wrap_socket(raw, server_hostname=next(iter(names))),
        ):
            return True
    except OSError:
        return False


def follow(site: Site, port: int, hostname: str) -> dict[str, Any]:
    """Bring NGINX the names that the site has now, where it needs them: for cron."""
    if is_alone(site) or not site.live:
        return {}
    return update(site, list(dict.fromkeys([hostname, *names_of(port)])))


def names_of(port: int) -> list[str]:
    """Return the names of all sites, the newest first, that the site tells at a port.

    Those that can have a certificate: no addresses. Refused where it does not tell them.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz/names")
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Refused(f"port {port}: {error}") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise Refused(f"port {port}: /healthz/names answers {answer.status}")
    return [name for name in body.decode("ascii", "replace").split() if is_name(name)]
