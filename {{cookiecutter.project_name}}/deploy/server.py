"""The site on its server: its user and directories, how it is, its logs, its end."""

import json

from . import files
from .scripts import script
from .steps import step

STATUS = """
cd $root
show() { printf '%-13s%s\\n' "$1:" "$2"; }
modified() { stat -c %y "$1" | cut -d . -f 1; }
days() { echo "$(( ($1 - $(date +%s)) / 86400 )) days"; }
release=$(readlink current) || { echo "Nothing is live yet."; exit 0; }
show release "$(basename $release)"
show revision "$(cat current/REVISION)"
show since "$(modified current), $(days $(( 2 * $(date +%s) - $(stat -c %Y current) )))"
show processes "$(supervisorctl status $name | sed "s/^$name *//")"
show memcached "$(supervisorctl status $name-memcached | sed "s/^[^ ]* *//")"
show migrations "$(cd current/project && runuser -u $name -- ../venv/bin/python manage.py \\
    showmigrations --plan 2>&1 | grep -vc '^.X.') pending"
last_day=$(openssl x509 -enddate -noout -in /etc/nginx/ssl/$name.crt | cut -d = -f 2)
show certificate "until $last_day, $(days $(date -d "$last_day" +%s))"
show disk "$(df -h --output=avail $root | tail -n 1 | tr -d ' ') free"
show "last backup" "$(tail -n 1 state/backups 2>/dev/null || ls backups | tail -n 1)"
[ ! -e state/maintenance ] || show maintenance "on, since $(modified state/maintenance)"
[ ! -e /run/$name/use-standby ] || show relay "the standby serves; fab restart ends that"
[ ! -e /run/reboot-required ] || show reboot "due, for packages that were upgraded"
"""


def create_user(host):
    """Make the user that the site runs as, and the project's directories.

    First of all the names that the project needs are claimed; where somebody else has one of them,
    nothing is made, and the conflicts are told.
    """
    port, hostname = host.config.gunicorn_port, host.config.live_hostname
    with step(host, f"User {host.app_user} and {host.root}"):
        host.call("claim", files=files.on_server(host), port=port, hostname=hostname)
        host.as_root(script("create_user"), home=host.root.rpartition("/")[0])


LOGS = {
    "app": "/var/log/supervisor/$name.log",
    "standby": "/var/log/supervisor/$name-standby.log",
    "memcached": "/var/log/supervisor/$name-memcached.log",
    "access": "/var/log/nginx/$name.access.log",
    "error": "/var/log/nginx/$name.error.log",
}


def history(host):
    """Return the lines of the history, a list of dicts, the oldest first: see on_host/lease.py."""
    shown = host.as_root("cat $root/state/history.jsonl", check=False).stdout
    return [json.loads(line) for line in shown.splitlines()]


def set_maintenance(host, on, by="hand"):
    """Answer 503 to everybody but the server itself, or no longer."""
    script = "echo $by >$root/state/maintenance" if on else "rm -f $root/state/maintenance"
    host.as_root(script, by=by)


def end_maintenance_of_deploy(host):
    """End a maintenance that a deploy or restore began, also one that was cut off."""
    flag = f"{host.root}/state/maintenance"
    host.as_root(f"grep -sqx hand {flag} || rm -f {flag}")


def adopt(host):
    """Let the server have a record of a site from before there were records; Exit without one."""
    with step(host, "What is ours"):
        host.call("adopt", files=files.on_server(host))


def remove(host, backup):
    """Remove what the server's record says is the project's; its backup goes to /var/backups."""
    with step(host, f"Removing {host.config.project_name}"):
        host.call("remove", backup=backup)
