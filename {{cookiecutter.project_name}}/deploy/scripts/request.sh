# shellcheck shell=sh
# Prints what the logs of $name say of the request with the X-Request-ID $id.
: "${name:?}" "${id:?}"
set -eu
# Each log with the older ones that logrotate has made of it.
with_older() {
    for file in "$1".[0-9]*.gz "$1".[0-9] "$1"; do
        [ ! -e "$file" ] || zcat -f "$file"
    done
}
# shellcheck disable=SC2016  # they are for awk
# A line that begins with [ begins a record, which may be a traceback of many lines.
records='/^\[/ {shown = index($0, id)} shown'
found=$(
    with_older "/var/log/nginx/$name.access.log" | grep -F " $id" || true
    for program in "$name" "$name-standby"; do
        with_older "/var/log/supervisor/$program.log" | awk -v id="$id" "$records"
    done
)
if [ -z "$found" ]; then
    echo "No log has a request with that ID" >&2
    exit 1
fi
printf '%s\n' "$found"
