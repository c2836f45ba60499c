"""What a server needs from Debian before a project can live on it."""

from invoke import Exit

from .scripts import script
from .steps import step

PACKAGES = """
    ca-certificates cron curl git iproute2 libnginx-mod-http-brotli-static locales logrotate
    memcached mercurial nginx openssl postgresql postgresql-client procps python3 python3-venv
    supervisor tar
""".split()

APT = """
set -eu
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a
apt() {
    apt-get -qq --yes -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef \\
        -o Dpkg::Options::=--force-confold "$@"
}
# That timeout is not for the lock of the package lists, which a new server's own update may hold.
update_lists() {
    tries=60
    until output=$(apt update 2>&1); do
        case $output in *"Could not get lock"*) tries=$((tries - 1)) ;; *) tries=0 ;; esac
        [ "$tries" -gt 0 ] || { echo "$output"; exit 100; }
        sleep 5
    done
}
missing() {
    for package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed' ||
            echo "$package"
    done
}
"""

INSTALL = """
packages=$(missing $packages)
[ -n "$packages" ] || exit 0
update_lists
apt --no-install-recommends install $packages
# Each project has a memcached of its own; Debian's, open to every user of the server, came by this.
case " $packages " in *" memcached "*) systemctl disable --quiet --now memcached ;; esac
"""

LOCALE = """
set -eu
normal() { echo "$1" | sed 's/[.]utf-\\?8$/.utf8/I'; }
known() { locale -a | grep -qx "$(normal "$wanted")"; }
known && exit 0
name=${wanted%%.*}
grep -q "^# *$name.UTF-8 UTF-8" /usr/share/i18n/SUPPORTED /etc/locale.gen ||
    grep -q "^$name.UTF-8 UTF-8" /usr/share/i18n/SUPPORTED || {
    echo "LOCALE: Debian knows no $wanted; see /usr/share/i18n/SUPPORTED"; exit 1; }
echo "$name.UTF-8 UTF-8" >>/etc/locale.gen
locale-gen --keep-existing
known
systemctl try-restart postgresql  # it knows the locales of its start only
"""

UV = """
set -eu
[ ! -x /opt/uv/bin/uv ] || exit 0
[ ! -e /opt/uv ] || [ -e /opt/uv/pyvenv.cfg ] || { echo "there is a /opt/uv, not ours"; exit 1; }
python3 -m venv /opt/uv
/opt/uv/bin/pip install --quiet uv
"""

SERVICES = "systemctl enable --quiet --now cron nginx postgresql supervisor"

# Debian's own welcome page answers for every host that no other site has. It goes only where nobody
# has made something of it.
WELCOME = """
set -eu
link=/etc/nginx/sites-enabled/default file=/etc/nginx/sites-available/default
[ -e $link ] || [ -L $link ] || exit 0
sum=$(dpkg-query -W -f '${Conffiles}\n' nginx-common | awk -v file=$file '$1 == file {print $2}')
if [ "$(readlink -f $link)" = $file ] && [ "$(md5sum <$file)" = "$sum  -" ] &&
    [ -z "$(ls -A /var/www/html | grep -vx index.nginx-debian.html)" ]
then
    rm $link
    [ "$(systemctl is-active nginx)" != active ] || systemctl reload nginx
else
    echo "$link is not as Debian has made it: it stays, and answers for hosts of no site"
fi
"""


def apt(host, packages):
    """Install those of the Debian packages that are missing."""
    host.as_root(APT + INSTALL, packages=" ".join(packages))


def check(host):
    """Exit where one is missing, as on a server of before the project needed it."""
    missing = host.as_root(APT + "missing $packages", packages=" ".join(PACKAGES)).stdout.split()
    if missing:
        raise Exit(f"{host.name}: {', '.join(missing)}: not installed; type fab install", 1)


def install(host):
    """Install Debian's packages, the locale and uv; what is there already is left as it is."""
    with step(host, "Debian packages"):
        apt(host, PACKAGES)
    with step(host, f"Locale {host.config.locale}"):
        host.as_root(LOCALE, wanted=host.config.locale)
    with step(host, "uv"):
        host.as_root(UV)
    with step(host, "Services"):
        host.as_root(SERVICES)
        host.as_root(script("cluster"))
        told = host.as_root(WELCOME).stdout
    print(told, end="")
