"""A host that is behind leaves the visitors to the others; one that is not serves.

It does so only where another one answers through NGINX, as NGINX will ask it. See lead.py for who
is behind. ROOT/state/aside is there meanwhile. One whose gunicorn hangs, or misses the database,
has theirs asked first. One that is behind and does not reach the others serves, and tells a load
balancer that it is not well.
"""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import deployed, lease, supervisor
from .files import alone, make_flag
from .processes import Failed, Processes
from .site import Refused, Site

RESERVE = "127.0.0.3"  # where NGINX asks the others: see peers.conf.template
GIVEN_UP = ("FATAL", "EXITED")  # what supervisor, or serve.sh, does not start again


def mark(site: Site) -> Path:
    return site.state / "aside"


def is_aside(site: Site) -> bool:
    """Return whether this host leaves the visitors to the others."""
    return mark(site).exists()


def use_others(site: Site) -> Path:
    """Return the file that makes NGINX ask the others first: see nginx.conf.template."""
    return Path(f"/run/{site.name}/stand-aside")


def abreast(site: Site) -> Path:
    """Return the file that lets serve.sh start gunicorn unasked; a reboot removes it."""
    return Path(f"/run/{site.name}/abreast")


def behind(site: Site) -> Path:
    """Return the file that makes NGINX say 503 to a load balancer; a reboot removes it."""
    return Path(f"/run/{site.name}/behind")


def closed(site: Site) -> Path:
    """Return the file that makes NGINX say 503 to visitors; "hand" is in it where fab was told."""
    return site.state / "maintenance"


def processes_of(site: Site) -> Processes:
    """Return the processes of the live release."""
    fabric = deployed.kept(site, site.live)
    return Processes(site.name, fabric.get("GUNICORN_PORT", 0), fabric.get("LIVE_HOSTNAME", ""))


def serves(site: Site) -> bool:
    """Return whether a gunicorn of this host answers; it may say that it misses the database."""
    return health(site) in (200, 503)


def health(site: Site) -> int:
    """Return what a gunicorn of this host says to /healthz; 0 where none answers, or it hangs."""
    processes = processes_of(site)
    for connect in (processes.main_connection, processes.standby_connection):
        with suppress(OSError, http.client.HTTPException):
            status = processes.ask(connect(timeout=10), "/healthz")[0]
            if status in (200, 503):
                return status
    return 0


def ask_others(port: int, hostname: str) -> int:
    """Return the status of /healthz at another host, as NGINX asks for it; OSError where none."""
    connection = http.client.HTTPConnection(RESERVE, port, timeout=10)
    try:
        connection.request("GET", "/healthz", headers={"Host": hostname})
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from None
    finally:
        connection.close()


def others_serve(site: Site) -> bool:
    processes = processes_of(site)
    for _ in range(2):
        with suppress(OSError):
            if ask_others(processes.port, processes.hostname) == 200:
                return True
    return False


def follow(site: Site, is_due: bool, is_over: bool) -> None:
    """Stand aside where that is due, else serve; nothing changes while something else does.

    `is_over`: what this host has is not the site any more, so it may not serve in any case.
    """
    others_first = is_to_lean(site)
    with at_rest(site) as is_free:
        if not is_free:
            return  # a deploy is ahead of what it has noted
        if is_over or (is_due and others_serve(site)):
            stand_aside(site)
            return
        if is_due:
            make_flag(behind(site))
        else:
            behind(site).unlink(missing_ok=True)
        if is_aside(site) or supervisor.state_of(site.name) in GIVEN_UP:
            serve(site)
        else:
            lean(site, others_first)


def reopen(site: Site) -> None:
    """End the maintenance of a deploy or a restore that has ended without this host.

    For a host that was lost meanwhile, while others are open; one that is behind stays closed,
    unless it leaves the visitors to them.
    """
    with at_rest(site) as is_free:
        if is_free and not behind(site).exists() and is_closed_by_fab(site):
            closed(site).unlink()


def is_closed_by_fab(site: Site) -> bool:
    try:
        return closed(site).read_text().strip() != "hand"
    except FileNotFoundError:
        return False


@contextmanager
def at_rest(site: Site) -> Iterator[bool]:
    """Yield whether nothing else changes what serves, and let nothing do so meanwhile."""
    with alone(site.state / "switch.lock") as is_free:
        yield is_free and lease.holder(site.state, ["lease.lock"]) is None


def is_to_lean(site: Site) -> bool | None:
    """Return whether the others are to be asked first; None where that stays as it is.

    They are while gunicorn hangs here, or misses the database alone. It takes half a minute at
    most, in which nobody is to wait for a lock.
    """
    if is_aside(site):
        return None
    if health(site) == 200:
        return False
    return others_serve(site) or None


def lean(site: Site, others_first: bool | None) -> None:
    """Let NGINX ask the others first, or not any more."""
    if others_first:
        make_flag(use_others(site))
    elif others_first is False:
        use_others(site).unlink(missing_ok=True)


def follow_alone(site: Site) -> None:
    """Do what can be done while the database cannot be asked who is to serve."""
    others_first = is_to_lean(site)
    with at_rest(site) as is_free:
        if is_free and not is_aside(site):
            lean(site, others_first)


def stand_aside(site: Site) -> None:
    """Stop gunicorn, so that NGINX has those of the others alone."""
    processes = processes_of(site)
    mark(site).touch()
    make_flag(use_others(site))
    behind(site).unlink(missing_ok=True)
    abreast(site).unlink(missing_ok=True)
    if supervisor.state_of(processes.main) in ("RUNNING", "STARTING"):
        processes.stop(processes.main)


def serve(site: Site) -> None:
    processes = processes_of(site)
    make_flag(abreast(site))
    try:
        processes.start(processes.main)
    except Failed as failed:
        raise Refused(str(failed)) from None
    serve_again(site)


def serve_again(site: Site) -> None:
    """Let NGINX ask this host's own gunicorn first, which may start."""
    make_flag(abreast(site))
    for path in (use_others(site), behind(site), mark(site)):
        path.unlink(missing_ok=True)
