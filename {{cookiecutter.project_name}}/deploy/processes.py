"""The site's user, and the processes of the site: supervisor's, NGINX's."""

from .steps import step

CREATE_USER = """
set -eu
id -u $name >/dev/null 2>&1 || useradd --system --user-group --home-dir $root \
    --no-create-home --shell /usr/sbin/nologin $name
install -d $home
chmod o+x $home
make() { install -d -o $name -g "$1" -m "$2" "$root/$3"; }
for directory in . releases venvs shared shared/media shared/acme state; do
    make www-data 0750 $directory
done
make $name 0700 .ssh
install -d -o root -g root -m 0700 $root/backups
[ -s $root/.ssh/id_ed25519 ] ||
    runuser -u $name -- ssh-keygen -q -t ed25519 -N '' -C $name -f $root/.ssh/id_ed25519
"""

RELOAD = {
    "nginx": "systemctl reload nginx",
    "supervisor": "supervisorctl reread && supervisorctl update $name",
    "gunicorn": "supervisorctl restart $name",
}

ANSWERS = """
ask() {
    curl -sko /dev/null -w '%{http_code}' --max-time 10 --resolve $host:443:127.0.0.1 \
        https://$host/ || true
}
for i in $(seq 150); do
    status=$(ask)
    case $status in 2*|3*|404) exit 0;; esac
    sleep 0.2
done
echo "https://$host/ answers $status"
tail -n 20 /var/log/supervisor/$name.log
exit 1
"""

STATUS = """
echo "release:   $(basename "$(readlink $root/current)")"
echo "revision:  $(cat $root/current/REVISION)"
echo "processes: $(supervisorctl status $name)"
echo "certificate: $(openssl x509 -enddate -noout -in /etc/nginx/ssl/$name.crt)"
echo "disk free: $(df -h --output=avail $root | tail -n 1)"
echo "last backup: $(ls $root/backups | tail -n 1)"
"""


def create_user(host):
    """Make the user that the site runs as, and the project's directories."""
    with step(host, f"User {host.app_user} and {host.root}"):
        home = host.root.rpartition("/")[0]
        host.run(CREATE_USER, home=home)


def reload(host, names):
    """Let those take up what has changed, of nginx, supervisor and gunicorn; then ask the site.

    It is asked through NGINX and TLS until it answers; after 30 s its log is shown instead.
    """
    with step(host, "Processes"):
        for name in ("supervisor", "gunicorn", "nginx"):
            if name in names:
                host.run(RELOAD[name])
    with step(host, f"Asking https://{host.config.live_hostname}/"):
        host.run(ANSWERS, host=host.config.live_hostname)


LOGS = {
    "app": "/var/log/supervisor/$name.log",
    "access": "/var/log/nginx/$name.access.log",
    "error": "/var/log/nginx/$name.error.log",
}

REMOVE = """
set -eu
cp -a $root/backups/$backup /var/backups/$name-$backup
rm -f /etc/supervisor/conf.d/$name.conf /etc/nginx/sites-enabled/$name.conf
rm -f /etc/cron.d/$name /etc/logrotate.d/$name
rm -f /etc/nginx/ssl/$name.crt /etc/nginx/ssl/$name.key
supervisorctl reread && supervisorctl update $name
systemctl reload nginx
for database in $name ${name}_before_restore ${name}_restoring; do
    runuser -u postgres -- dropdb --if-exists --force $database
done
runuser -u postgres -- dropuser --if-exists $name
rm -rf $root /var/log/supervisor/$name.log* /var/log/nginx/$name.*.log*
userdel $name
"""


def remove(host, backup):
    """Remove all that belongs to the project, and nothing else; return where the backup stays."""
    name = host.config.project_name
    with step(host, f"Removing {name}"):
        host.run(REMOVE, backup=backup)
    return f"/var/backups/{name}-{backup}"
