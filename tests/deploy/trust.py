"""A site whose certificates come from the CA of the rig, and what a visitor sees of that."""

import http.client
import json
import socket
import sqlite3
import ssl
import subprocess
import time
from contextlib import closing, contextmanager

import pytest
from authority import Authority
from faults import wait_for
from sites import PASSWORD, Site
from support import Baker, program

HOST = "www.one.test"
DAY = 86400
MINUTE = 100  # seconds: a run of the agent begins each minute, on a slow machine


@contextmanager
def trusting(up, rig, template, folder, limits=False, is_secured=False, **options):
    """Yield a site, and the CA and DNS of the rig; its name, HOST, leads nowhere yet.

    With `limits`, the agent takes the CA for Let's Encrypt. With `is_secured`, the server has been
    through `fab secure`, and deploys are those of its user.
    """
    (folder / "authority").mkdir()
    with closing(Authority(rig.network, folder / "authority")) as authority:
        if limits:
            authority.directory = authority.directory.replace("/dir", "/letsencrypt.org/dir")
        project = Baker(template, folder).bake(live_hostname=HOST)
        host = up("trusted", **options)
        host.run(f"echo nameserver {authority.address} >/etc/resolv.conf")
        site = Site(project, host, name=HOST, ADMIN_PASS=PASSWORD)
        site.configure(SSH_USER="deploy" if is_secured else "root")
        site.configure(ACME_DIRECTORY=authority.directory)
        (project / "deploy/acme-root.pem").write_text(authority.root)
        site.certificates = host.root / "srv/mysite/certificates"
        site.commit()
        if is_secured:
            site.fab("secure")
        site.fab("all")
        wait_for((site.certificates / "status/names.json").exists, MINUTE)  # its agent has begun
        yield site, authority
    host.down()


def parts():
    """Return the fixtures of a module that has `trusting` as its fixture `both`."""

    @pytest.fixture(scope="module")
    def site(both):
        """A site whose name leads nowhere yet."""
        return both[0]

    @pytest.fixture(scope="module")
    def authority(both):
        """The CA and the DNS of the rig."""
        return both[1]

    return site, authority


def told(site, name=HOST):
    """Return what the server tells of a name."""
    path = site.certificates / "status/names.json"
    return json.loads(path.read_text())["names"].get(name, "") if path.exists() else ""


def paused(site):
    """Return why no name is ordered for now; empty where that is not so."""
    return json.loads((site.certificates / "status/names.json").read_text())["paused"]


def is_trusted(site, name=HOST):
    return told(site, name).startswith("trusted until")


def ask(site, authority, name=HOST, path="/", trusting=True, **headers):
    """Return the answer to a request over TLS, for which the certificate has to be good.

    It has the .text of the page.
    """
    context = ssl.create_default_context(cadata=authority.root)
    if not trusting:
        context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection(name, timeout=30, context=context)
    raw = socket.create_connection((site.host.address, 443), 30)
    connection.sock = context.wrap_socket(raw, server_hostname=name)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode("utf-8", "replace")
    return answer


def over_http(site, name, path="/"):
    connection = http.client.HTTPConnection(site.host.address, 80, timeout=30)
    connection.request("GET", path, headers={"Host": name})
    return connection.getresponse()


def shown(site, name):
    """Return the certificate that is shown for a name, which may be any bytes, in PEM."""
    words = ["openssl", "s_client", "-connect", f"{site.host.address}:443", "-servername", name]
    run = subprocess.run(words, input=b"", capture_output=True)
    return run.stdout.partition(b"-----BEGIN")[2].partition(b"-----END")[0]


def own(site):
    """Return the certificate of the site, for names without one."""
    text = (site.host.root / "etc/nginx/ssl/mysite.crt").read_bytes()
    return text.partition(b"-----BEGIN")[2].partition(b"-----END")[0]


def key_of(site, name):
    text = (site.certificates / f"names/{name}.pem").read_text()
    return text.partition("-----END PRIVATE KEY-----")[0]


def trusting_home(folder, authority):
    """Return a home whose Chromium trusts the CA, and nobody else has to."""
    database = folder / "home/.pki/nssdb"
    database.mkdir(parents=True)
    certutil = [program("certutil", "libnss3-tools"), "-d", f"sql:{database}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    for number, root in enumerate(authority.root.split("-----END CERTIFICATE-----\n")[:-1]):
        words = [*certutil, "-A", "-n", f"root {number}", "-t", "C,,"]
        pem = f"{root}-----END CERTIFICATE-----\n"
        subprocess.run(words, input=pem, text=True, check=True)
    return folder / "home"


def in_ledger(site, sql):
    """Return what a statement finds in the agent's ledger, which only the agent makes."""
    path = site.certificates / "private/ledger.sqlite3"
    with sqlite3.connect(f"file:{path}?mode=rw", timeout=30, uri=True) as database:
        rows = database.execute(sql).fetchall()
    database.close()
    return rows


def soon(site, condition, seconds):
    """Wait until it is so; the agent, which looks at a name once a minute, looks in each round."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not so after {seconds} s"
        in_ledger(site, "UPDATE name SET asked = 0 WHERE asked > 0")
        time.sleep(1)  # a round takes ten


def workers(site):
    """Return the numbers of NGINX's workers, but for those that a reload has told to end."""
    exactly = "pgrep --parent $(cat /run/nginx.pid) -fx 'nginx: worker process'"
    return site.host.run(exactly).stdout
