"""What a server needs from Debian before a project can live on it."""

from collections.abc import Iterable, Sequence

from invoke import Exit

from . import checks
from .at_once import on_all
from .host import Host
from .on_host.checks_of_server import PORTS
from .scripts import script
from .steps import step

PACKAGES = """
    acme-tiny ca-certificates cron curl git iproute2 libnginx-mod-http-brotli-static
    libnginx-mod-http-js locales logrotate memcached mercurial nginx openssl
    postgresql-client procps publicsuffix python3 python3-venv rclone restic supervisor tar
""".split()

SERVICES = "systemctl enable --quiet --now $services || { nginx -qt; exit 1; }"


def needed(host: Host) -> list[str]:
    """Return the names of the packages; that of PostgreSQL unless the database is elsewhere."""
    return PACKAGES if host.config.database else [*PACKAGES, "postgresql"]


def apt(host: Host, packages: Iterable[str]) -> None:
    """Install those of the Debian packages that are missing."""
    host.as_root(script("apt", "install"), packages=" ".join(packages))


def check(host: Host) -> None:
    """Exit where one is missing, as on a server of before the project needed it."""
    missing = host.as_root(script("apt", "missing"), packages=" ".join(needed(host))).stdout.split()
    if missing:
        raise Exit(f"{host.name}: {', '.join(missing)}: not installed; type fab install", 1)


def install(hosts: Sequence[Host]) -> None:
    """Install Debian's packages, the locale and uv on all hosts at once; tell what stays as it is.

    Where it fails on one, the others come to their end: nobody breaks off apt.
    """
    told = on_all(hosts, "Installation", install_on, may_cut=False)
    for host in hosts:
        name = f"{host.name}: " if host.beside else ""
        for line in told[host.name].splitlines():
            print(f"{name}{line}")


def install_on(host: Host) -> str:
    """Install what a host needs, where it is missing; return what there is to tell, lines."""
    with step(host, "Debian packages"):
        watched = [port for port in PORTS if port != 5432 or not host.config.database]
        ports = " ".join(f"{port}:{PORTS[port]}" for port in watched)
        host.as_root(script("apt", "first_python"), ports=ports)
        checks.prerequisites(host, "install")
        apt(host, needed(host))
    with step(host, "Mail to root"):
        mail = host.as_root(script("apt", "system_mail")).stdout
    with step(host, f"Locale {host.config.locale}"):
        host.as_root(script("locale"), wanted=host.config.locale)
    with step(host, "uv"):
        host.as_root(script("uv"))
    with step(host, "Services"):
        # First: it listens at an address of IPv6, which there may be none of.
        told = host.as_root(script("welcome")).stdout
        is_here = not host.config.database
        services = "cron nginx supervisor" + " postgresql" * is_here
        host.as_root(SERVICES, services=services)
        if is_here:
            host.as_root(script("cluster"))
    return mail + told
