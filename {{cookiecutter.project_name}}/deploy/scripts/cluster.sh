# shellcheck shell=sh
# Debian makes no cluster where the locale of the system, LANG in /etc/environment or
# /etc/default/locale, is not there. Ours is of no account: the database has one of its own.
set -eu
[ -z "$(pg_lsclusters --no-header)" ] || exit 0
version=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n 1)
pg_createcluster "$version" main --start --locale C.UTF-8
