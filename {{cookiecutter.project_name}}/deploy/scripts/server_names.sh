# shellcheck shell=sh
# Lets NGINX answer to the names that are read. The file is no part of a release, so that a rollback
# keeps it.
: "${root:?}"
set -eu
install -d "$root/state/nginx"
cd "$root/state/nginx"
cat >.new
! cmp -s .new server_names.conf || exit 0
cat server_names.conf >.before 2>/dev/null || true
mv .new server_names.conf
nginx -t || { mv .before server_names.conf; exit 1; }
systemctl reload nginx
