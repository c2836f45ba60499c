"""The names of the sites, as NGINX has them: in ROOT/state/nginx/, which no release changes.

Where the project is alone on its server, NGINX sends it whatever is for nobody else, and is told no
names. Where projects share one, each minute brings the names of new sites there, see `follow`.
"""

import http.client
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .acme.place import LABEL, Place, told
from .files import write
from .processes import Processes
from .record import NGINX, names_of_others, text_of
from .server_name import names_in, written
from .site import Refused, Site

HOST = re.compile(r"(?=.{1,253}\Z)" + rf"({LABEL}\.)*{LABEL}")


def is_alone(site: Site) -> bool:
    """Return whether NGINX sends the project what is for no other host."""
    return " default_server" in text_of(NGINX / f"{site.name}.conf")


def update(site: Site, names: Sequence[str]) -> dict[str, Any]:
    """Let NGINX answer to the names, in ASCII; return "told", how it is with each, by name.

    Refused, and all is as before, where NGINX does not take them, or TLS does not work with them.
    """
    names = without_others(site, names)
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


def without_others(site: Site, names: Sequence[str]) -> list[str]:
    """Return the names, of which the first is LIVE_HOSTNAME, but for those that others had first.

    Whoever edits the sites of one project has no say in those of another.
    """
    path = site.state / "nginx/server_names.conf"
    ours = path.read_text() if path.exists() else ""
    kept = {*names[:1], *names_in(ours.replace("server_name ", "").replace(";", ""))}
    theirs = {name for found in names_of_others(site.name).values() for name in found}
    return [name for name in names if name in kept or name not in theirs]


def put(path: Path, text: str) -> None:
    """Write the file and let NGINX read it; Refused with what it says."""
    write(path, text)
    refusal = subprocess.run(["nginx", "-t"], capture_output=True, text=True)
    if refusal.returncode:
        lines = [line for line in refusal.stderr.splitlines() if "[emerg]" in line]
        raise Refused("NGINX refuses the names: " + "\n".join(lines or [refusal.stderr]))
    before = workers()
    reload = subprocess.run(["systemctl", "reload", "nginx"], capture_output=True, text=True)
    if reload.returncode:
        raise Refused(f"NGINX is not reloaded: {' '.join(reload.stderr.split())}")
    deadline = time.monotonic() + 10
    while workers() <= before and time.monotonic() < deadline:  # it is only a signal
        time.sleep(0.1)


def workers() -> set[str]:
    """Return the numbers of NGINX's processes that answer visitors."""
    found = subprocess.run(["pgrep", "-x", "nginx", "--parent", master()], capture_output=True)
    return set(found.stdout.decode().split())


def master() -> str:
    path = Path("/run/nginx.pid")
    return path.read_text().strip() if path.exists() else "0"


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
    asked = Processes(site.name, port, hostname)
    return update(site, list(dict.fromkeys([hostname, *names_of(asked)])))


def names_of(asked: Processes) -> list[str]:
    """Return the names of all sites, the newest first, that the site tells.

    They are such as NGINX takes. Refused where it does not tell them.
    """
    status, body = answer_of(asked)
    if status != 200:
        raise Refused(f"port {asked.port}: /healthz/names answers {status}")
    return [name for name in body.split() if HOST.fullmatch(name)]


def answer_of(asked: Processes) -> tuple[int, str]:
    """Return the status and the body of what the main gunicorn answers; Refused without any.

    While a relay restarts that, the standby answers, to those that may ask it.
    """
    reasons = []
    for connect in (asked.main_connection, asked.standby_connection):
        try:
            return asked.ask(connect(timeout=10), "/healthz/names")
        except (OSError, http.client.HTTPException) as error:
            reasons.append(error)
    raise Refused(f"port {asked.port}: {reasons[0]}")
