# shellcheck shell=sh disable=SC2086  # lists of packages
# Upgrades what is installed, and installs those of the packages that are missing.
update_lists
count=$(apt --simulate --with-new-pkgs upgrade | grep -c ^Inst || true)
if [ "$count" -gt 0 ]; then
    apt --with-new-pkgs upgrade >&2
    echo "packages upgraded: $count"
fi
packages=$(missing ${packages:?})
if [ -n "$packages" ]; then
    apt --no-install-recommends install $packages >&2
    echo "installed:" $packages
fi
[ ! -e /run/reboot-required ] || echo "a reboot is due, for what was upgraded"
