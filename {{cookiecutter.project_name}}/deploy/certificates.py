"""The certificate: your own from deploy/*.crt and *.key, else one that the server signs itself."""

from pathlib import Path

from invoke import Exit

from .steps import step

HERE = Path(__file__).parent

SELF_SIGNED = """
set -eu
install -d -m 0755 /etc/nginx/ssl
cd /etc/nginx/ssl
good() {
    openssl x509 -in $name.crt -checkend 604800 -noout &&
        openssl x509 -in $name.crt -pubkey -noout | cmp -s - .$name.pub
}
umask 077
trap 'rm -f .$name.*' EXIT
! openssl pkey -in $name.key -pubout >.$name.pub 2>/dev/null || ! good >/dev/null 2>&1 || exit 0
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj "/CN=$name" -addext "subjectAltName=$kind:$host" \
    -keyout $name.key -out .$name.crt 2>&1
mv .$name.crt $name.crt
chmod 644 $name.crt
[ ! -e /etc/nginx/sites-enabled/$name.conf ] || systemctl reload nginx
"""

# Reads the key and the certificates, the site's own first; tells what is wrong, or what it did.
OWN = """
set -eu
umask 077
install -d -m 0755 /etc/nginx/ssl
cd /etc/nginx/ssl
trap 'rm -f .$name.*' EXIT
cat >.$name.pem
refuse() { echo "$1"; exit 1; }
openssl x509 -in .$name.pem -pubkey -noout >.$name.pub 2>/dev/null ||
    refuse "the certificate is not in PEM"
openssl pkey -in .$name.pem -passin pass: -out .$name.key 2>/dev/null ||
    refuse "the key is not in PEM, or has a passphrase"
openssl pkey -in .$name.key -pubout | cmp -s - .$name.pub ||
    refuse "the key is of another certificate"
openssl x509 -in .$name.pem -checkend 0 -noout >/dev/null ||
    refuse "the certificate has expired: $(openssl x509 -in .$name.pem -enddate -noout)"
openssl x509 -in .$name.pem -check$kind "$host" -noout | grep -q 'does match' ||
    echo "the certificate is not for $host: browsers will warn"
openssl crl2pkcs7 -nocrl -certfile .$name.pem | openssl pkcs7 -print_certs -out .$name.crt
cmp -s .$name.crt $name.crt && cmp -s .$name.key $name.key && exit 0
mv .$name.crt $name.crt
mv .$name.key $name.key
chmod 644 $name.crt
[ ! -e /etc/nginx/sites-enabled/$name.conf ] || systemctl reload nginx
"""


def cover(host, names):
    """Let the certificate be for all of the names, or say for which it is not."""
    with step(host, "Certificate"):
        told = host.call("certificate", names=names)["told"]
    print(told, end="\n" if told else "")


def create(host):
    """Put the certificate in place; one that the server signed before is kept."""
    hostname = host.config.live_hostname
    is_address = hostname.replace(".", "").isdigit()
    certificates, keys = sorted(HERE.glob("*.crt")), sorted(HERE.glob("*.key"))
    if not certificates and not keys:
        with step(host, "Certificate, signed by the server itself"):
            host.as_root(SELF_SIGNED, host=hostname, kind="IP" if is_address else "DNS")
        return
    if len(certificates) != 1 or len(keys) != 1:
        raise Exit("deploy/ has to hold one *.crt and one *.key, or none of either", 2)
    with step(host, f"Certificate {certificates[0].name}"):
        pair = keys[0].read_bytes() + b"\n" + certificates[0].read_bytes()
        warning = host.as_root(OWN, stdin=pair, host=hostname, kind="ip" if is_address else "host")
    print(warning.stdout, end="")
