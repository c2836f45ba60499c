# shellcheck shell=sh
# Signs a certificate for a host, of the kind DNS or IP, where the site has none yet.
: "${name:?}" "${host:?}" "${kind:?}"
set -eu
install -d -m 0755 /etc/nginx/ssl
cd /etc/nginx/ssl
[ ! -s "$name.crt" ] || exit 0
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj "/CN=$name" -addext "subjectAltName=$kind:$host" \
    -keyout "$name.key" -out ".$name.crt" 2>&1
mv ".$name.crt" "$name.crt"
chmod 644 "$name.crt"
