# shellcheck shell=sh
# Reads the key and the certificates, the site's own first, for a host, of the kind host or ip; tells
# what is wrong, in OpenSSL's words where it has some, or puts them in place.
: "${name:?}" "${host:?}" "${kind:?}"
set -eu
umask 077
install -d -m 0755 /etc/nginx/ssl
cd /etc/nginx/ssl
pem=.$name.pem public=.$name.pub crt=.$name.crt key=.$name.key
trap 'rm -f "$pem" "$public" "$crt" "$key"' EXIT
cat >"$pem"
refuse() { echo "$1"; exit 1; }
openssl x509 -in "$pem" -pubkey -noout >"$public" || refuse "the certificate is not in PEM"
openssl pkey -in "$pem" -passin pass: -out "$key" ||
    refuse "the key is not in PEM, or has a passphrase"
openssl pkey -in "$key" -pubout | cmp -s - "$public" ||
    refuse "the key is of another certificate"
openssl x509 -in "$pem" -checkend 0 -noout >/dev/null ||
    refuse "the certificate has expired: $(openssl x509 -in "$pem" -enddate -noout)"
openssl x509 -in "$pem" "-check$kind" "$host" -noout | grep -q 'does match' ||
    echo "your certificate is not for $host, which gets one of its own"
openssl crl2pkcs7 -nocrl -certfile "$pem" | openssl pkcs7 -print_certs -out "$crt"
cmp -s "$crt" "$name.crt" && cmp -s "$key" "$name.key" && exit 0
mv "$crt" "$name.crt"
mv "$key" "$name.key"
chmod 644 "$name.crt"
