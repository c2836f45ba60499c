"""Every file that a deploy puts on a server, in one table, and what is reloaded when it changes."""

from dataclasses import dataclass
from pathlib import Path

from invoke import Exit

from .steps import step

HERE = Path(__file__).parent


@dataclass(frozen=True)
class RemoteFile:
    """A file of this directory and where it goes; its text and path are filled in with % there.

    `%(name)r` in a template stands for the value as Python writes it, so any value is safe.
    """

    template: str
    path: str
    owner: str = "root:root"
    mode: int = 0o644
    reload: str = ""  # what reads it: nginx or supervisor


FILES = [
    RemoteFile(
        "local_settings.py.template",
        "%(root)s/shared/local_settings.py",
        owner="root:%(project_name)s",
        mode=0o640,
        reload="gunicorn",
    ),
    RemoteFile("gunicorn.conf.py.template", "%(root)s/shared/gunicorn.conf.py", reload="gunicorn"),
    RemoteFile(
        "supervisor.conf.template",
        "/etc/supervisor/conf.d/%(project_name)s.conf",
        reload="supervisor",
    ),
    RemoteFile(
        "nginx.conf.template", "/etc/nginx/sites-enabled/%(project_name)s.conf", reload="nginx"
    ),
    RemoteFile(
        "nginx-default.conf.template",
        "/etc/nginx/sites-enabled/000-unknown-hosts.conf",
        reload="nginx",
    ),
    RemoteFile("crontab.template", "/etc/cron.d/%(project_name)s"),
    RemoteFile("logrotate.template", "/etc/logrotate.d/%(project_name)s"),
    RemoteFile("backup.template", "%(root)s/shared/backup", mode=0o750),
]


def values(host):
    """Return what the templates are filled in with, a dict; the host adds its secrets."""
    config = host.config
    return {
        "root": host.root,
        "project_name": config.project_name,
        "project_app": config.project_app,
        "live_hostname": config.live_hostname,
        "gunicorn_port": config.gunicorn_port,
        "locale": config.locale,
    }


def described(host):
    """Return the files as a list of dicts, with the text of their templates."""
    filled_in = values(host)
    return [
        {
            "path": file.path % filled_in,
            "template": (HERE / file.template).read_text("utf-8"),
            "owner": file.owner % filled_in,
            "mode": file.mode,
            "reload": file.reload,
        }
        for file in FILES
    ]


def upload(host, apply=True):
    """Put the files that differ in place; return what changed, and what has to be reloaded.

    With apply=False nothing is written. The answer is a dict: "changed", a list of dicts with
    "path" and "diff" (unified, secrets masked), and "reload", a list of names.
    """
    answer = host.python(
        "on_host/files.py", files=described(host), values=values(host), root=host.root, apply=apply
    )
    if "error" in answer:
        raise Exit(f"{host.name}: {answer['error']}", 1)
    return answer


def install(host):
    """Upload what differs, say what it was, and return what has to be reloaded, a list of names."""
    with step(host, "Configuration files"):
        answer = upload(host)
    for file in answer["changed"]:
        print(f"    {file['path']}")
    return answer["reload"]
