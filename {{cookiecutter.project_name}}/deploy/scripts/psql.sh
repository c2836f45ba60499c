# shellcheck shell=sh
# Asks the live database what it reads, as the site's role: what that has made there runs with the
# rights of whoever asks.
: "${root:?}" "${name:?}"
set -- -X -v ON_ERROR_STOP=1
[ -z "${plain:-}" ] || set -- "$@" -qAt  # rows alone
service=$root/current/pg_service.conf
if [ -e "$service" ]; then
    export PGSERVICEFILE="$service" PGSERVICE=site
fi
cd /
export HOME=/nonexistent  # where libpq looks for certificates, and fails where it may not look
exec runuser -u "$name" -- psql "$@"
