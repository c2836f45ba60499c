# shellcheck shell=sh
# Defines arm: the server runs $undo in $seconds, unless the timer is stopped until then.
: "${unit:?}" "${undo:?}" "${seconds:?}"
set -eu
pending() { systemctl --quiet is-active "$unit.timer"; }
arm() {
    if pending; then systemctl stop "$unit.timer"; fi
    systemd-run --quiet --collect --unit="$unit" --on-active="$seconds" \
        --timer-property=AccuracySec=1s sh -c "$undo"
}
