# shellcheck shell=sh disable=SC2086  # lists of packages
# Installs those of the packages that are missing.
packages=$(missing ${packages:?})
[ -n "$packages" ] || exit 0
update_lists
apt --no-install-recommends install $packages
# Each project has a memcached of its own; Debian's, open to every user of the server, came by this.
for package in $packages; do
    [ "$package" != memcached ] || systemctl disable --quiet --now memcached
done
