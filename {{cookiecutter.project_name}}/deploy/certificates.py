"""The certificate: your own from deploy/*.crt and *.key, else one that the server signs itself."""

from pathlib import Path

from invoke import Exit

from .steps import step

HERE = Path(__file__).parent

SELF_SIGNED = """
set -eu
install -d -m 0755 /etc/nginx/ssl
cd /etc/nginx/ssl
[ ! -s $name.crt ] || exit 0
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj "/CN=$host" -addext "subjectAltName=$kind:$host" \
    -keyout $name.key -out .$name.crt 2>&1
mv .$name.crt $name.crt
chmod 644 $name.crt
"""

OWN = """
set -eu
umask 077
install -d -m 0755 /etc/nginx/ssl
cd /etc/nginx/ssl
cat >.$name.pem
openssl x509 -in .$name.pem -pubkey -noout >.$name.pub
openssl pkey -in .$name.pem -pubout | cmp -s - .$name.pub || {
    rm -f .$name.*
    echo "the key is of another certificate"
    exit 1
}
openssl crl2pkcs7 -nocrl -certfile .$name.pem | openssl pkcs7 -print_certs -out .$name.crt
openssl pkey -in .$name.pem -out .$name.key
mv .$name.crt $name.crt
mv .$name.key $name.key
chmod 644 $name.crt
rm -f .$name.*
"""


def create(host):
    """Put the certificate in place; one that the server signed before is kept."""
    hostname = host.config.live_hostname
    certificates, keys = sorted(HERE.glob("*.crt")), sorted(HERE.glob("*.key"))
    if certificates or keys:
        if len(certificates) != 1 or len(keys) != 1:
            raise Exit("deploy/ has to hold one *.crt and one *.key, or none of either", 2)
        with step(host, f"Certificate {certificates[0].name}"):
            pair = keys[0].read_text() + "\n" + certificates[0].read_text()
            host.run(OWN, stdin=pair)
        return
    with step(host, "Certificate, signed by the server itself"):
        kind = "IP" if hostname.replace(".", "").isdigit() or ":" in hostname else "DNS"
        host.run(SELF_SIGNED, host=hostname, kind=kind)
