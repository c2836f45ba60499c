#!/bin/sh
# Starts gunicorn, as the site's user: serve.sh PROJECT COMMAND... Of several hosts, one that was off
# may be behind: while another one that is alive has what was put live last, it does not serve. Nor
# does one that is none of the hosts any more.
set -u
project=$1 shared=${0%/*}
shift
root=${shared%/*}
if [ ! -e "$root/state/hosts.json" ] || [ -e "/run/$project/abreast" ]; then
    exec "$@"
fi
export PGSERVICEFILE="$root/current/pg_service.conf" PGSERVICE=site
release=$(basename "$(readlink "$root/current")")
me=$(sed -n 's/^{"me": "\([^"]*\)".*/\1/p' "$root/state/hosts.json")
settings=$({
    cat "$shared/secrets.json"
    cat "$shared/settings.json" 2>/dev/null || printf '{}'
} | sha256sum | cut -d ' ' -f 1)
ask() {
    timeout 15 psql -qAtX -v ON_ERROR_STOP=1 -v me="$me" -v release="$release" \
        -v settings="$settings" <<'SQL'
SELECT CASE WHEN NOT EXISTS (SELECT FROM deployed_hosts h WHERE h.name = :'me')
        AND EXISTS (SELECT FROM deployed_hosts) THEN 'none of them'
    WHEN w.release = :'release' AND w.settings = :'settings' THEN 'abreast'
    WHEN w.release = 'moved' OR EXISTS (SELECT 1 FROM deployed_hosts h
        WHERE h.seen > clock_timestamp() - interval '180 seconds'
        AND h.release = w.release AND h.settings = w.settings) THEN 'behind'
    ELSE 'wait' END FROM deployed_release w
SQL
}
# Where all hosts were off, it waits whether one comes that has more, for three minutes; after a boot,
# for the network, for half a minute.
tries=18 begun=$(date +%s)
while [ "$tries" -gt 0 ]; do
    answer=$(ask 2>/dev/null)
    case $?:$answer in
        0:wait) sleep 10 ;;
        "0:none of them")
            echo "This host is none of the site's any more: fab deploy, or fab remove -H it"
            exit 1
            ;;
        0:behind)
            echo "This host has $release, and the others have gone on: fab deploy brings it up"
            exit 1
            ;;
        2:* | 124:*)  # psql or timeout: nobody answers
            [ $(($(date +%s) - begun)) -lt 30 ] || break
            sleep 5
            ;;
        *) break ;;
    esac
    tries=$((tries - 1))
done
exec "$@"
