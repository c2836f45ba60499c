"""Every file that a deploy puts on a server, in one table, and what reads it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .config import read_settings
from .host import Host
from .hosts import entry_of
from .on_host import bucket
from .on_host.acme.place import user as acme_user
from .on_host.configuration import File
from .on_host.deployed import Fabric
from .on_host.server_name import written
from .steps import step

HERE = Path(__file__).parent
DATABASE_CA = "database.ca.pem"
OF_DATABASE = (DATABASE_CA, "pg_service.conf.template")
KEPT = """
    ENVIRONMENT VIRTUALENV_HOME REQUIREMENTS_PATH GUNICORN_PORT LOCALE LIVE_HOSTNAME REPO_URL
    MEMCACHED_MEGABYTES ACME_DIRECTORY PROXIES METRICS_DIRECTORY BACKUP_TO DATABASE UPLOADS
    NETWORK
""".split()


@dataclass(frozen=True)
class RemoteFile:
    """A file of this directory and where it goes; its text and path are filled in with % there.

    `%(name)r` in a template stands for the value as Python writes it, so any value is safe.
    """

    template: str
    path: str
    owner: str = "root:root"
    mode: int = 0o644
    reload: str = ""  # what takes it up at once: nginx or tmpfiles


FILES = [
    # In the release: an older one keeps what it was tested with.
    RemoteFile(
        "local_settings.py.template",
        "%(release)s/project/%(project_app)s/local_settings.py",
        owner="root:%(project_name)s",
        mode=0o640,
    ),
    RemoteFile("gunicorn.conf.py.template", "%(release)s/gunicorn.conf.py"),
    # Of a DATABASE elsewhere: how programs of PostgreSQL ask it, and what signs its certificate,
    # where you have put that into deploy/.
    RemoteFile(
        "pg_service.conf.template",
        "%(release)s/pg_service.conf",
        owner="root:%(project_name)s",
        mode=0o640,
    ),
    RemoteFile(DATABASE_CA, "%(release)s/database.ca.pem"),
    # On the server: put in place when the release goes live, and back when it does not.
    RemoteFile("tmpfiles.template", "/etc/tmpfiles.d/%(project_name)s.conf", reload="tmpfiles"),
    RemoteFile("supervisor.conf.template", "/etc/supervisor/conf.d/%(project_name)s.conf"),
    RemoteFile(
        "nginx.conf.template", "/etc/nginx/sites-enabled/%(project_name)s.conf", reload="nginx"
    ),
    # Where the site is on several hosts; else nothing reads it.
    RemoteFile("peers.conf.template", "/etc/nginx/%(project_name)s-peers.conf", reload="nginx"),
    RemoteFile("certificates.js.template", "/etc/nginx/%(project_name)s.js", reload="nginx"),
    # Where the uploads are in object storage; else nothing reads them.
    RemoteFile("uploads.js.template", "/etc/nginx/%(project_name)s-uploads.js", reload="nginx"),
    RemoteFile("uploads.conf.template", "/etc/nginx/%(project_name)s-uploads.conf", reload="nginx"),
    # The root of an own CA, where you have put that into deploy/.
    RemoteFile("acme-root.pem", "/etc/nginx/ssl/%(project_name)s-acme-root.pem"),
    RemoteFile("crontab.template", "/etc/cron.d/%(project_name)s"),
    RemoteFile("logrotate.template", "/etc/logrotate.d/%(project_name)s"),
]


def values(host: Host) -> dict[str, Any]:
    """Return what the templates are filled in with, a dict; the host adds ROOT and its secrets."""
    config = host.config
    place = bucket.parse(config.uploads) if config.uploads else None
    pause, renewal = turn(host)
    hsts = getattr(read_settings(config.project_app), "SECURE_HSTS_SECONDS", 0)
    return {
        "project_name": config.project_name,
        "project_app": config.project_app,
        "environment": config.environment,
        "live_hostname": config.live_hostname,
        "server_name": written(config.live_hostname),
        "gunicorn_port": config.gunicorn_port,
        "locale": config.locale,
        "memcached_megabytes": config.memcached_megabytes,
        "proxies_known": "".join(f"    {network} 1;\n" for network in config.proxies),
        "proxies_believed": "".join(f"    set_real_ip_from {each};\n" for each in config.proxies),
        "bucket": place and place._asdict(),
        "uploads_here": "# in object storage: " if place else "",
        "uploads_there": "" if place else "# in object storage: ",
        "acme_user": acme_user(config.project_name),
        "acme_directory": config.acme_directory,
        "database": config.database,
        "several_hosts": len(config.hosts) > 1,
        "of_several": "" if len(config.hosts) > 1 else "# with several HOSTS: ",
        "of_one": "# with one of HOSTS: " if len(config.hosts) > 1 else "",
        "pause": pause,
        "renewal": renewal,
        "hosts_to_try": max(len(config.hosts) - 2, 0),  # after this one and the first of the others
        "hsts_by_certificate": "true" if hsts is None else "false",
    }


def turn(host: Host) -> tuple[int, str]:
    """Return when a host does what all do, by its place in HOSTS, for them not to do it at once.

    That is how many seconds after the minute it begins, and the minute and hours of its renewals,
    as cron writes them: a renewal takes ten minutes at most.
    """
    hosts = host.config.hosts
    entry = entry_of(hosts, host)
    place = hosts.index(entry) if entry else 0
    hour, minute = divmod((7 * 60 + 40 + 10 * place) % (12 * 60), 60)
    return 60 * place // max(len(hosts), 1), f"{minute} {hour},{hour + 12}"


def fabric(host: Host) -> Fabric:
    """Return the environment, and the keys of its FABRIC that matter to the server, a dict.

    There are no secrets in it.
    """
    found = {key: getattr(host.config, key.lower()) for key in KEPT}
    # A URL may have a token in it, in the place of the user.
    found["REPO_URL"] = re.sub(r"(https?://)[^/@]*@", r"\1", found["REPO_URL"])
    # Of one, each of those who deploy may have a name of his own for it.
    found["HOSTS"] = host.config.hosts if len(host.config.hosts) > 1 else []
    return found


def described(host: Host) -> list[File]:
    """Return the files as a list of dicts, with their templates as content."""
    filled_in = values(host)
    return [
        {
            "path": file.path,
            "content": source(host, file).read_text("utf-8"),
            "owner": file.owner % filled_in,
            "mode": file.mode,
            "reload": file.reload,
        }
        for file in FILES
        if source(host, file).exists()
        and (host.config.database or file.template not in OF_DATABASE)
    ]


def source(host: Host, file: RemoteFile) -> Path:
    """Return the template of a file; the CA of a database is that of the environment, if any."""
    own = HERE / host.config.environment / file.template
    return own if file.template == DATABASE_CA and own.exists() else HERE / file.template


def database_ca(host: Host) -> str:
    """Return the text of the CA of a database elsewhere; empty where Debian knows it."""
    files = described(host)
    found = (file["content"] for file in files if file["path"].endswith(f"/{DATABASE_CA}"))
    return next(found, "")


def stage(host: Host, release: str) -> None:
    """Give a release its configuration: what belongs into its directory, and the rest for later."""
    with step(host, "Configuration files"):
        given: dict[str, Any] = {
            "files": described(host),
            "values": values(host),
            "fabric": fabric(host),
        }
        host.call("stage", release=release, **given)


def on_server(host: Host) -> list[str]:
    """Return the paths of the files that are outside of the project's directory."""
    outside = [file.path for file in FILES if not file.path.startswith("%(release)s")]
    if directory := host.config.metrics_directory:  # the server writes it: on_host/alarms/
        outside.append(f"{directory}/%(project_name)s.prom")
    return [path % values(host) for path in outside]
