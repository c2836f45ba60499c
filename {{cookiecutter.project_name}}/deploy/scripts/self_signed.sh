# shellcheck shell=sh
# Signs a certificate for a host, of the kind DNS or IP, unless the site has a good one. That of a
# live site may be for other names: fab sites and a deploy that renames it see to them.
: "${name:?}" "${root:?}" "${host:?}" "${kind:?}"
set -eu
install -d -m 0755 /etc/nginx/ssl
cd /etc/nginx/ssl
good() {
    openssl pkey -in "$name.key" -pubout >".$name.pub" &&
        openssl x509 -in "$name.crt" -checkend 604800 -noout &&
        openssl x509 -in "$name.crt" -pubkey -noout | cmp -s - ".$name.pub"
}
covers() {
    [ -L "$root/current" ] ||
        openssl x509 -in "$name.crt" -noout -ext subjectAltName | grep -qE ":$host(,|\$)"
}
umask 077
trap 'rm -f ".$name".*' EXIT
! { good && covers; } >/dev/null 2>&1 || exit 0
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj "/CN=$name" -addext "subjectAltName=$kind:$host" \
    -keyout "$name.key" -out ".$name.crt" 2>&1
mv ".$name.crt" "$name.crt"
chmod 644 "$name.crt"
[ ! -e "/etc/nginx/sites-enabled/$name.conf" ] || systemctl reload nginx
