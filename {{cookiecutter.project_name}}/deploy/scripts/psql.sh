# shellcheck shell=sh
# Asks the live database what it reads: as the superuser here, as the site's role elsewhere.
: "${root:?}" "${name:?}"
set -- -X -v ON_ERROR_STOP=1
[ -z "${plain:-}" ] || set -- "$@" -qAt  # rows alone
service=$root/current/pg_service.conf
if [ -e "$service" ]; then
    export PGSERVICEFILE="$service" PGSERVICE=site
    exec psql "$@"
fi
exec runuser -u postgres -- psql "$@" "$name"
