"""One site on several hosts: its database on another one, its uploads in object storage."""

import json
from types import SimpleNamespace

from object_store import KEYS
from sites import PASSWORD, Site
from test_database_elsewhere import SERVER, sql

NAME = "distant"
WWW = "www.distant.example"
DB_PASS = "straw, 7 boats and a door"


class SeveralHosts(Site):
    """A project, and the hosts that serve it together: .hosts, and .host, the first of them."""

    def __init__(self, project, hosts, **fabric):
        self.hosts = hosts
        super().__init__(project, hosts[0], name=WWW, **fabric)
        self.know(*hosts)

    def know(self, *hosts):
        for host in hosts:
            with (self.home / ".ssh/known_hosts").open("a") as file:
                file.write(host.known_hosts.read_text())

    def serve(self, *hosts):
        """Let HOSTS be these."""
        self.hosts = list(hosts)
        self.configure(HOSTS=[host.address for host in hosts])

    def at(self, host):
        """Return what `Load` and others visit: the site, at one of its hosts."""
        return SimpleNamespace(host=host, name=self.name)

    def ask(self, host, path="/"):
        """Return the status and the text of a page that is not kept, at a host."""
        first, self.host = self.host, host
        try:
            return self.get(path)
        finally:
            self.host = first

    def give(self, name, value):
        with self.start("secret", name, "--yes", stdin=-1) as process:
            told = process.communicate(f"{value}\n")[0]
        return process.returncode, told


def live(host):
    """Return the name of the release that is live on a host."""
    return host.run(f"readlink /srv/{NAME}/current").stdout.strip().rpartition("/")[2]


def job(host, name="follow_hosts", **parameters):
    """Run a job of cron's on a host, as cron does each minute."""
    given = {"command": name, "name": NAME, "root": f"/srv/{NAME}"} | parameters
    host.run(f"python3 -BI /srv/{NAME}/shared/on_host.pyz '{json.dumps(given)}'")


def leads(host):
    return host.run(f"test -e /srv/{NAME}/state/leads", check=False).returncode == 0


def state(host, program=NAME):
    """Return supervisor's word for a program, such as RUNNING."""
    return host.run(f"supervisorctl status {program}", check=False).stdout.split()[1]


def make_database(server):
    """Let a host have a database for the site, TLS by a CA of its own; return the text of that."""
    server.run(f"address={server.address}\n{SERVER}")
    hba = (
        f'cd /etc/postgresql/*/main; echo "hostssl all {NAME} samenet scram-sha-256" >>pg_hba.conf'
    )
    server.run(f"{hba}; systemctl reload postgresql")
    sql(server, f"CREATE ROLE {NAME} LOGIN CREATEDB PASSWORD '{DB_PASS}'")
    sql(server, f"CREATE DATABASE {NAME} OWNER {NAME} TEMPLATE template0 ENCODING 'UTF8'")
    return server.run("cat /etc/postgresql/*/main/ca.crt").stdout


def make_site(project, hosts, server, store):
    """Return a SeveralHosts for a baked project, of which nothing is live yet."""
    url = f"postgresql://{NAME}@{server.address}/{NAME}"
    site = SeveralHosts(project, hosts, SSH_USER="root", ADMIN_PASS=PASSWORD, DB_PASS=DB_PASS)
    site.configure(DATABASE=url, UPLOADS=store.uploads)
    ca = make_database(server)
    (project / "deploy/database.ca.pem").write_text(ca)
    return site


def give_keys(site):
    for name, value in KEYS.items():
        status, told = site.give(name, value)
        assert status == 0, told
