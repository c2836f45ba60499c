# shellcheck shell=sh
# Functions for those that follow: apt, update_lists, and missing, which names what is missing.
set -eu
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a
apt() {
    apt-get -qq --yes -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef \
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
