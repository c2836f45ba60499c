"""The keys of FABRIC, and the rules by which they are checked before any host is contacted."""

import importlib
import ipaddress
import os
import re
import sys
import traceback
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from invoke import Exit

from .on_host import database_url
from .outside import acme_directory, backup_to, private_network, proxies, uploads

PROJECT_ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = "production"  # the environment that is FABRIC itself
LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
HOST_NAME = re.compile(r"(?=.{1,253}$)(?!(.*\.)?\d+$)" + rf"({LABEL}\.)*{LABEL}")
LONGEST_HOST = 100  # characters: Site.domain of django.contrib.sites
USER_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}", re.I)
HOST = re.compile(
    r"(?:(?P<user>[^@]*)@)?(?P<host>\w[\w.-]*|\[[0-9a-f:]+\])(?::(?P<port>\d{1,5}))?", re.I
)
# Names that belong to Debian, PostgreSQL or the stack itself: as a user, database or program of
# ours they would collide with theirs.
TAKEN_NAMES = """
    adm all audio backup bin cdrom clock crontab daemon default dialout dip disk fax floppy
    games input irc kmem kvm list lp mail man memcache messagebus msmtp netdev news nginx nobody
    nogroup none ntp operator plugdev polkitd postgres proxy public render root sasl sgx shadow src
    sshd staff sudo supervisor sync sys systemd tape template0 template1 tss tty users utempter
    utmp uucp video voice www
""".split()


# What several HOSTS have in common: see README.md. Without it each would have a site of its own.
COMMON = ("DATABASE", "UPLOADS")
SEVERAL = (
    "several serve one site, and need {}; for a site of its own on {}, name that in"
    " FABRIC_ENVIRONMENTS, with its HOSTS and LIVE_HOSTNAME"
)


@dataclass(frozen=True, repr=False)  # a repr would show the passwords
class Config:
    """The values of FABRIC, as an environment has them, under their names in lower case.

    Empty strings mean what the comments in settings.py say. `project_app` is the package of the
    settings and `environment` the name of the environment, both str.
    """

    ssh_user: str
    ssh_pass: str
    ssh_key_path: str
    hosts: list[str]
    virtualenv_home: str
    project_name: str
    requirements_path: str
    gunicorn_port: int
    locale: str
    live_hostname: str
    repo_url: str
    db_pass: str
    admin_pass: str
    memcached_megabytes: int
    acme_directory: str
    proxies: list[str]
    metrics_directory: str
    backup_to: str
    database: str
    uploads: str
    network: str
    project_app: str
    environment: str

    @property
    def suffix(self) -> str:
        """The name of the environment as it stands after that of a host; empty in production."""
        return "" if self.environment == PRODUCTION else f" ({self.environment})"

    def typed(self, text: str) -> str:
        """Return a text in which what it says to do, such as type fab deploy, is for here.

        Whatever is printed of what a server has answered goes through this.
        """
        if self.environment == PRODUCTION:
            return text
        text = text.replace("into deploy/,", f"into deploy/{self.environment}/,")  # a certificate
        return re.sub(r"\bfab (?=[a-z])", f"fab {self.environment} ", text)


def check(fabric: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the values to use, a dict with keys in lower case, and what is wrong with the others.

    That is a list of (key, reason), both str.
    """
    problems = [
        (str(key), f"no such key; the keys are {', '.join(RULES)}")
        for key in fabric.keys() - RULES.keys()
    ]
    values = {}
    for key, rule in RULES.items():
        try:
            values[key.lower()] = rule(fabric[key])
        except KeyError:
            problems.append((key, "missing"))
        except ValueError as error:
            problems.append((key, str(error)))
    return values, problems


def conflicts(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (key, reason) for each value that is right by itself, but not beside the others."""
    users = {"SSH_USER": [values.get("ssh_user")]}
    users["HOSTS"] = [split_host(host)[0] for host in values.get("hosts", [])]
    name = values.get("project_name")
    found = [
        (key, f"{name} is PROJECT_NAME too, and the site must not run as a user with sudo")
        for key in users
        if name and name in users[key]
    ]
    refusal = several(values, values.get("hosts", []))
    return found + ([("HOSTS", refusal)] if refusal else [])


def several(values: Mapping[str, Any], given: Sequence[str]) -> str:
    """Return why the hosts given, names, cannot serve one site; empty where they can.

    `values` are those of FABRIC by keys in lower case; what is wrong there is told by itself.
    """
    missing = [key for key in COMMON if values.get(key.lower()) == ""]
    if len(given) < 2 or not missing:
        return ""
    return SEVERAL.format(" and ".join(missing), split_host(given[1])[1])


def missing_files(config: Config) -> list[tuple[str, str]]:
    """Return (key, reason) for each file that a Config names and this machine has not."""
    key, requirements = config.ssh_key_path, config.requirements_path
    found = []
    if key and not os.path.isfile(key):
        found.append(("SSH_KEY_PATH", f"there is no file {key}"))
    if not (PROJECT_ROOT / requirements).is_file():
        found.append(("REQUIREMENTS_PATH", f"there is no file {requirements!r} in the project"))
    return found


def split_host(value: Any) -> tuple[str | None, str, int | None]:
    """Return user, host and port of user@host:port; None where one is not given.

    An IPv6 address stands in brackets. ValueError where it is nothing of that kind.
    """
    match = isinstance(value, str) and HOST.fullmatch(value)
    if not match or not 0 < int(match["port"] or 22) < 65536:
        raise ValueError(f"{value!r} is not a host, user@host or user@host:port")
    if match["user"] is not None and not USER_NAME.fullmatch(match["user"]):
        raise ValueError(f"{match['user']!r} in {value!r} is not a user name")
    return match["user"], match["host"].strip("[]"), int(match["port"]) if match["port"] else None


def read_settings(project_app: str) -> ModuleType:
    """Return the module of the settings; Exit with the line at fault if they do not import."""
    sys.path.insert(0, str(PROJECT_ROOT))
    try:
        settings = importlib.import_module(f"{project_app}.settings")
    except (Exception, SystemExit) as error:
        file, line = place(error)
        problem = f"{type(error).__name__}: {error}".strip().replace("\n", " ")
        raise Exit(f"The settings cannot be imported: {file}, line {line}: {problem}", 2) from None
    finally:
        sys.path.remove(str(PROJECT_ROOT))
    if not isinstance(getattr(settings, "FABRIC", None), dict):
        raise Exit(f"{settings.__file__} has no FABRIC, a dict with the keys of a deploy", code=2)
    return settings


def place(error: BaseException) -> tuple[str | None, int | None]:
    """Return the file and the line of the project that an exception comes from."""
    if isinstance(error, SyntaxError):
        return error.filename, error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(f"{PROJECT_ROOT}/")]
    frame = [*frames, *ours][-1]
    return frame.filename, frame.lineno


# One function a rule: it returns the value to use, or raises ValueError with what is wrong.


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text in quotes")
    if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", value):
        raise ValueError("has a line break or another control character in it")
    return value


def secret(value: Any) -> str:
    try:
        return text(value)
    except ValueError:
        raise ValueError("is not text in quotes, on one line") from None


def hosts(value: Any) -> list[str]:
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise ValueError(f'{value!r} is not a list; write ["{value}"]')
    if not value:
        raise ValueError('is empty; name your server, as in ["www.example.com"]')
    for host in value:
        split_host(host)
    if len(set(value)) < len(value):
        raise ValueError("names a host twice")
    return list(value)


def user(value: Any) -> str:
    if text(value) and not USER_NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a user name")
    return value


def key_path(value: Any) -> str:
    if not text(value):
        return value
    return os.path.expanduser(value)  # whether it is there: see missing_files


def absolute_path(value: Any) -> str:
    if text(value) and not re.fullmatch(r"(/[\w.-]+)+", value, re.A):
        raise ValueError(f"{value!r} is not an absolute path of letters, digits and ._-")
    if ".." in value.split("/"):
        raise ValueError(f"{value!r} has .. in it")
    return value


def project_name(value: Any) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", text(value)):
        suggestion = re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_0123456789")[:31] or "site"
        raise ValueError(
            f"{value!r} is not 1 to 31 lower-case letters, digits or underscores, a letter first; "
            f"try {suggestion}"
        )
    if value in TAKEN_NAMES or value.startswith("pg_"):
        suggestion = f"{value.removeprefix('pg_')}_site"
        raise ValueError(f"{value!r} belongs to the system of a server; try {suggestion}")
    return value


def requirements_path(value: Any) -> str:
    if PROJECT_ROOT not in (PROJECT_ROOT / text(value)).resolve().parents:
        raise ValueError(f"{value!r} is not in the project")
    return value


def port(value: Any) -> int:
    if not re.fullmatch(r"\d{1,5}", str(value), re.A) or not 1024 <= int(value) <= 65535:
        raise ValueError(f"{value!r} is not a port from 1024 to 65535")
    return int(value)


def megabytes(value: Any) -> int:
    if not isinstance(value, int) or not 8 <= value <= 1_000_000:
        raise ValueError(f"{value!r} is not a number of megabytes, 8 or more")
    return value


def locale(value: Any) -> str:
    if not re.fullmatch(r"([a-z]{2,3}_[A-Z]{2}(@[a-z]+)?|C)\.(utf8|utf-8|UTF-8)", text(value)):
        raise ValueError(f"{value!r} is not a locale in UTF-8, such as en_US.utf8")
    return value


def host_name(value: Any) -> str:
    try:
        ipaddress.IPv4Address(text(value))
    except ipaddress.AddressValueError:
        if not HOST_NAME.fullmatch(wanted := in_ascii(value)):
            raise ValueError(f"{value!r} is not a host name, such as www.example.com") from None
        if value != wanted:
            raise ValueError(f"{value!r} is in browsers {wanted}: type that") from None
        if len(value) > LONGEST_HOST:
            raise ValueError(
                f"has {len(value)} characters, and Django's sites hold {LONGEST_HOST}"
            ) from None
    return value


def in_ascii(value: str) -> str:
    """Return a host name as browsers send it.

    There is no package for UTS 46 where Fabric alone is installed, and Python's own codec is IDNA
    of 2003, of which ß is ss: somebody else's name.
    """
    lower = "".join(letter if letter in "ßς" else letter.casefold() for letter in value)
    labels = unicodedata.normalize("NFKC", lower).replace("\u3002", ".").split(".")
    return ".".join(x if x.isascii() else f"xn--{x.encode('punycode').decode()}" for x in labels)


def url(value: Any) -> str:
    if re.match(r"\w+://[^/@]*:[^/@]*@", text(value)):
        raise ValueError("has a password in it; let the server log in with a key")
    scheme = r"(https?|ssh|git|file)://\S+"
    if value and not re.fullmatch(rf"{scheme}|\w[\w.-]*@[\w.-]+:\S+", value):
        raise ValueError(f"{value!r} is not a URL, such as git@github.com:you/site.git")
    return value


RULES: dict[str, Callable[[Any], Any]] = {
    "SSH_USER": user,
    "SSH_PASS": secret,
    "SSH_KEY_PATH": key_path,
    "HOSTS": hosts,
    "VIRTUALENV_HOME": absolute_path,
    "PROJECT_NAME": project_name,
    "REQUIREMENTS_PATH": requirements_path,
    "GUNICORN_PORT": port,
    "LOCALE": locale,
    "LIVE_HOSTNAME": host_name,
    "REPO_URL": url,
    "DB_PASS": secret,
    "ADMIN_PASS": secret,
    "MEMCACHED_MEGABYTES": megabytes,
    "ACME_DIRECTORY": acme_directory,
    "PROXIES": proxies,
    "METRICS_DIRECTORY": absolute_path,
    "BACKUP_TO": backup_to,
    "DATABASE": database_url.check,
    "UPLOADS": uploads,
    "NETWORK": private_network,
}
# Of the keys that may be left out, as a FABRIC of an earlier time does.
DEFAULTS = {
    "MEMCACHED_MEGABYTES": 64,
    "ACME_DIRECTORY": "https://acme-v02.api.letsencrypt.org/directory",
    "PROXIES": [],
    "METRICS_DIRECTORY": "",
    "BACKUP_TO": "",
    "DATABASE": "",
    "UPLOADS": "",
    "NETWORK": "",
}
