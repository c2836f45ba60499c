"""Checks of the server itself, of which some are made before anything is installed.

Of several projects on a server, whose alarms go to the same people, one tells these: see alarms/.
"""

import os
import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from . import databases, elsewhere, postgres, upgraded
from .alarms import jobs, measures
from .authorized import shown, users_with_keys
from .checks import Server, Wrong, check, output
from .configuration import has_ipv6
from .ports import holder
from .record import conflicts_of_use
from .site import Refused
from .virtualenv import PYTHON, version_of

ALWAYS = ("install", "create", "deploy")
INSTALLED = ("create", "deploy")
DEBIANS = ("12", "13")
LEAST_PYTHON = (3, 11)
SERVICES = ("cron", "nginx", "postgresql", "supervisor")
# Who listens there when all is well: the start of its file.
PORTS = {80: "/usr/sbin/nginx", 443: "/usr/sbin/nginx", 5432: "/usr/lib/postgresql/"}
PROGRAMS = {"memcached", "nginx", "postgres", "supervisord"}
ROOM = {"install": (1000, 40_000)}  # megabytes and inodes; a deploy reckons its own besides
LEAST = (200, 10_000)
MEMORY = 200  # megabytes, for a gunicorn with its workers
CONNECTIONS = 0.9  # of those that PostgreSQL allows
DAY = 86400
TIME_SIGNAL = Path("/run/systemd/timesync")  # of systemd's own clock service
WRONG_CLOCK = 3600  # seconds: packages and certificates of the last hours are "not yet valid"


@check("Is this a Debian that the project knows?", ALWAYS, every=60)
def system(server: Server) -> str:
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)', Path("/etc/os-release").read_text(), re.M))
    name = release.get("PRETTY_NAME", "a system without a name")
    if release.get("ID") != "debian" or release.get("VERSION_ID") not in DEBIANS:
        raise Wrong(f"{name}: the project knows Debian {' and '.join(DEBIANS)}")
    return name


@check("Is Python new enough?", ALWAYS, every=60)
def python(server: Server) -> str:
    version = version_of(PYTHON)
    if tuple(map(int, version.split("."))) < LEAST_PYTHON:
        raise Wrong(f"{version} is too old: {'.'.join(map(str, LEAST_PYTHON))} is the least")
    return version


@check("Does systemd run the server?", ALWAYS, every=60)
def systemd(server: Server) -> str:
    first = Path("/proc/1/comm").read_text().strip()
    if first != "systemd":
        raise Wrong(f"no: process 1 is {first}, as in a container; the site needs a whole server")
    return "yes"


@check("Is the clock right?", ALWAYS, every=1)
def clock(server: Server) -> str:
    now = time.time()
    known = [
        path.lstat().st_mtime
        for path in (server.site.current, Path("/etc/hostname"))
        if path.is_symlink() or path.exists()
    ]
    off = now - server.clock if server.clock else min(0, now - max(known, default=0))
    shown = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if abs(off) > WRONG_CLOCK:
        way = "behind" if off < 0 else "ahead"
        raise Wrong(
            f"it says {shown}, {abs(off) / 3600:.0f} hours {way}",
            'fab sudo "timedatectl set-ntp true"',
        )
    return shown


@check("Is there memory for the site?", ALWAYS, every=1)
def memory(server: Server) -> str:
    numbers = dict(re.findall(r"(\w+): +(\d+) kB", Path("/proc/meminfo").read_text()))
    free = (int(numbers["MemAvailable"]) + int(numbers["SwapFree"])) // 1000
    if free < MEMORY:
        raise Wrong(f"{free} MB are left, with swap, and {MEMORY} MB are needed")
    return f"{free} MB are left, with swap"


@check("Is there room on the disk?", ALWAYS, every=1)
def disk(server: Server) -> str:
    megabytes, inodes = ROOM.get(server.command, LEAST)
    path = next(path for path in (server.root, *server.root.parents) if path.exists())
    least = []
    for place in {path, Path("/"), Path("/var/lib"), Path("/var/log")}:
        files, free = os.statvfs(place), shutil.disk_usage(place).free // 1_000_000
        if free < megabytes:
            raise Wrong(f"{place}: {free} MB are free, and {megabytes} MB are needed")
        if files.f_files and files.f_favail < inodes:  # some filesystems count none
            raise Wrong(f"{place}: {files.f_favail} inodes are free, and {inodes} are needed")
        least.append(free)
    return f"{min(least) / 1000:.1f} GB free"


@check("Are the ports free, or held by the site's own programs?", ALWAYS)
def ports(server: Server) -> str:
    taken, units = [], []
    watched = {port: file for port, file in PORTS.items() if port != 5432 or not server.database}
    for port, file in watched.items():
        found = holder(port)
        if found and not found.file.startswith(file):
            taken.append(f"port {port} is taken by {found}")
            units += [found.unit] if found.unit else []
    if taken:
        stop = f'fab sudo "systemctl disable --now {" ".join(dict.fromkeys(units))}"'
        raise Wrong(", ".join(taken), stop if units else "")
    return ", ".join(map(str, watched))


@check("Do GUNICORN_PORT and LIVE_HOSTNAME belong to the project?", INSTALLED, every=0)
def names(server: Server) -> str:
    if conflicts := conflicts_of_use(server.site, server.port, server.hostname):
        raise Wrong(", ".join(conflicts))
    return f"{server.hostname}, port {server.port}"


@check("Do the services run?", INSTALLED, every=1)
def services(server: Server) -> str:
    needed = [name for name in SERVICES if name != "postgresql" or not server.database]
    states = output("systemctl", "is-active", *needed).splitlines()
    down = [name for name, state in zip(needed, states, strict=True) if state != "active"]
    if "nginx" in down and refusals():
        down.remove("nginx")  # the check of its configuration says why
    if down:
        raise Wrong(f"not running: {', '.join(down)}", "fab install")
    return ", ".join(needed)


@check("Does PostgreSQL answer?", INSTALLED, every=5)
def database(server: Server) -> str | None:
    if server.database:
        return database_elsewhere(server)
    told = output("pg_isready", "-h", "/run/postgresql")
    if not told.endswith("accepting connections"):
        how = 'fab sudo "systemctl restart postgresql"' if told else "fab install"
        raise Wrong(told or "it is not installed", how)
    version, newest = postgres.version(), max(map(int, postgres.installed()), default=0)
    if version < newest:  # after an upgrade of Debian: it leaves that to you
        return f"version {version}, and {newest} is installed: see README.md, Upgrading Debian"
    return f"version {version}"


def database_elsewhere(server: Server) -> str | None:
    """Return what is so of the live database; what is to be live `fab create` looks at."""
    if server.database != databases.url_of(server.site, server.site.live):
        return None
    try:
        return str(elsewhere.look(databases.of(server.site))["words"])
    except Refused as refused:
        raise Wrong(str(refused)) from None


@check("Does NGINX accept its configuration?", INSTALLED)
def nginx(server: Server) -> str | None:
    if not Path("/usr/sbin/nginx").exists():
        return None  # the services say so
    if not list(Path("/etc/nginx/modules-enabled").glob("*brotli-static*")):
        raise Wrong(
            "the module brotli_static is not enabled",
            'fab sudo "ln -s /usr/share/nginx/modules-available/mod-http-brotli-static.conf'
            ' /etc/nginx/modules-enabled/50-mod-http-brotli-static.conf"',
        )
    if told := refusals():
        raise Wrong(told[-1], how_to_mend(told[-1], server))
    return "yes"


def refusals() -> list[str]:
    """Return why NGINX refuses its configuration, in lines."""
    return re.findall(r"\[emerg\] (?:\d+#\d+: )?(.*)", output("nginx", "-t"))


def how_to_mend(refusal: str, server: Server) -> str:
    if f"/sites-enabled/{server.name}.conf" in refusal:
        return "fab deploy --yes"
    return "" if "socket() [::]" not in refusal or has_ipv6() else "fab deploy"  # without IPv6


@check("Whose keys may log in for deploys?", every=0)
def keys(server: Server) -> str:
    # Who comes may have another user: then the keys are those of SSH_USER of whoever secured it.
    users = users_with_keys(server.site) or [server.deployer]
    if server.deployer in users:
        users = [server.deployer]
    answers, wrong = [], [*server.wrong_keys]
    for user in users:
        words, differences = shown(server.site, user, server.keys)
        answers.append(words)
        wrong += differences
    if wrong:
        raise Wrong("; ".join([*wrong, *answers]), "" if server.wrong_keys else "fab secure")
    return "; ".join(answers)


@check("Is a reboot due?", every=60)
def reboot(server: Server) -> None:
    if not Path("/run/reboot-required").exists():
        return None
    raise Wrong("due, for packages that were upgraded", "fab sudo reboot")


@check("Do the programs of the web run what is installed?", every=60)
def upgrades(server: Server) -> str | None:
    if found := {name for name, _ in upgraded.outdated()} & PROGRAMS:
        words = f"{', '.join(sorted(found))}: as before an upgrade, until the next start"
        raise Wrong(words, "fab sudo reboot")
    return None


@check("Does the kernel kill nothing for lack of memory?", every=1)
def kills(server: Server) -> str | None:
    if number := measures.risen(server.memory["measures"], "kills"):
        words = f"{number} processes were killed within an hour"
        raise Wrong(words, 'fab sudo "journalctl -k -g oom"')
    return None


@check("Has no unit of systemd failed?", every=2)
def units(server: Server) -> str | None:
    known = server.memory["measures"]
    if "units" not in known:  # nobody knows yet what had failed before
        return None
    if failed := sorted(set(measures.failed_units()) - set(known["units"])):
        raise Wrong(f"failed: {', '.join(failed)}", f'fab sudo "journalctl -u {failed[0]}"')
    return None


@check("Has PostgreSQL connections left?", every=5)
def connections(server: Server) -> str | None:
    if not server.site.live:
        return None
    asked = "SELECT count(*), current_setting('max_connections') FROM pg_stat_activity"
    live = databases.of(server.site)
    database = live.name if live.service else ""  # the superuser has connections left
    used, allowed = map(int, postgres.psql(asked, database=database, at=live)[0].split("|"))
    words = f"{used} of {allowed}"
    if used >= allowed * CONNECTIONS:
        raise Wrong(f"{words} are in use", "fab restart")
    return words


@check("Is the clock set by others?", every=30)
def time_signal(server: Server) -> str | None:
    if not TIME_SIGNAL.is_dir():  # another program does that, or a machine around this one
        return None
    heard = TIME_SIGNAL / "synchronized"
    last = heard.stat().st_mtime if heard.exists() else time.time() - jobs.uptime()
    if time.time() - last > DAY:
        words = f"no time server has answered for {(time.time() - last) / 3600:.0f} hours"
        raise Wrong(words, 'fab sudo "journalctl -u systemd-timesyncd"')
    return "yes"
