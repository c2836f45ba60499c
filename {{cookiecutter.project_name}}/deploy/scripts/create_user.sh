# shellcheck shell=sh
# Makes the user that the site runs as, and the project's directories.
: "${name:?}" "${root:?}" "${home:?}" "${agent:?}"
set -eu
add_user() {
    id -u "$1" >/dev/null 2>&1 || useradd --system --user-group --home-dir "$2" \
        --no-create-home --shell /usr/sbin/nologin "$1"
}
add_user "$name" "$root"
add_user "$agent" "$root/certificates"
[ -d "$home" ] || install -d "$home"
case $(stat -c %a "$home") in  # the site's user and the web server have to pass through
    *[1357]) ;;
    *) chmod o+x "$home" && echo "$home opened for passing through" ;;
esac
make() { install -d -o "$1" -g "$2" -m "$3" "$root/$4"; }
# What root runs or trusts is root's: the site's user must not be able to put its own there.
make root root 0755 .
make root root 0755 shared
make root root 0755 state
make root root 0700 state/configuration
make root root 0700 backups
make root root 0755 shared/acme
make root root 0755 shared/acme/.well-known
make "$agent" "$agent" 0755 shared/acme/.well-known/acme-challenge
make root root 0755 certificates
make "$agent" www-data 2750 certificates/names
make "$agent" "$agent" 0755 certificates/trusted
make "$agent" "$agent" 0755 certificates/status
make "$agent" "$agent" 0700 certificates/private
make "$name" www-data 0750 releases
make "$name" www-data 0750 shared/static
make "$name" www-data 2750 shared/media  # what is made in it is of that group, too
make "$name" "$name" 0755 venvs
make "$name" "$name" 0700 shared/private
make "$name" "$name" 0700 shared/transfer
make "$name" "$name" 0700 repo
make "$name" "$name" 0700 .ssh
[ -s "$root/.ssh/id_ed25519" ] ||
    runuser -u "$name" -- ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$root/.ssh/id_ed25519"
