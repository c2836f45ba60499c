"""A site moves to another server while staff write: what was accepted is there afterwards."""

import http.client
import json
import threading
from subprocess import PIPE

import pytest
from faults import wait_for
from sites import PASSWORD, Site, Visitor
from support import Baker

NAME = "moving"
WWW = "www.moving.example"
ROOT = f"srv/{NAME}"
# Who reads is not stopped by it; who writes waits.
LOCK = "BEGIN; LOCK TABLE django_redirect IN EXCLUSIVE MODE;\n\\echo locked\n"


class Writer:
    """Saves one row after another, by forms of the admin; which were accepted it has in .saved."""

    def __init__(self, site, name):
        self.name, self.saved, self.refused = name, [], 0
        self.waits, self._over = False, threading.Event()
        self._visitor = Visitor(site)
        self._visitor.log_in("admin", PASSWORD)
        self._thread = threading.Thread(target=self._write)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _write(self):
        number = 0
        while not self._over.wait(0.2):
            number += 1
            path = f"/{self.name}-{number}/"
            self.waits = True
            try:
                fields = {"old_path": path, "new_path": "/blog/"}
                status, _ = self._visitor.ask("/admin/redirects/redirect/add/", fields)
            except (OSError, http.client.HTTPException):
                status = None
            self.waits = False
            if status == 302:
                self.saved.append(path)
            elif status == 503:
                self.refused += 1


@pytest.fixture(scope="module")
def site(up_with_packages, template, tmp_path_factory):
    """A live site, and in .new the server that it is to move to; fab -H finds both."""
    made = Baker(template, tmp_path_factory.mktemp("moving")).bake(
        project_name=NAME, live_hostname=WWW
    )
    old = up_with_packages("old", suite="bookworm")
    new = up_with_packages("new", suite="trixie")
    site = Site(made, old, name=WWW, SSH_USER="root", ADMIN_PASS=PASSWORD)
    with (site.home / ".ssh/known_hosts").open("a") as file:
        file.write(new.known_hosts.read_text())
    site.new = new
    site.fab("all")
    yield site
    old.down()
    new.down()


def steps(host):
    path = host.root / ROOT / "state/switch.json"
    return json.loads(path.read_text())["steps"] if path.exists() else []


def close_with_a_write_under_way(site, writer):
    """Close the old server and back it up, while it has begun to answer somebody who writes."""
    psql = f"runuser -u postgres -- psql -q {NAME}"
    with site.host.popen(psql, stdin=PIPE, stdout=PIPE, text=True) as holder:
        holder.stdin.write(LOCK)
        holder.stdin.flush()
        assert holder.stdout.readline() == "locked\n"
        before = len(writer.saved)
        site.fab("-H", site.host.address, "maintenance", "on")
        assert writer.waits, "nobody writes"
        with site.start("-H", site.host.address, "restart", "backup", "--get") as closing:
            wait_for(lambda: "restart_main" in steps(site.host)[-1:], 120)
            holder.stdin.write("COMMIT;\n")
            holder.stdin.close()
            output = closing.communicate(timeout=600)[0]
    assert closing.returncode == 0, output
    assert len(writer.saved) > before
    return next(line for line in output.splitlines() if line.endswith(".tar.gz"))


def secret_key(host):
    return json.loads((host.root / ROOT / "shared/secrets.json").read_text())["secret_key"]


def test_no_write_that_was_accepted_is_lost(site):
    key = secret_key(site.host)
    with Writer(site, "first") as writer:
        wait_for(lambda: len(writer.saved) > 3, 120)
        site.fab("-H", site.new.address, "all")
        path = close_with_a_write_under_way(site, writer)
        name = path.rpartition("/")[2].removesuffix(".tar.gz")
        site.fab("-H", site.new.address, "restore", path, "--yes", name)
        wait_for(lambda: writer.refused, 60)
    site.host = site.new
    site.configure(HOSTS=[site.new.address])
    there = set(site.answer("psql", "SELECT old_path FROM django_redirect").split())
    assert set(writer.saved) <= there
    assert secret_key(site.new) == key
    assert site.get(writer.saved[-1])[0] == 301
    with Writer(site, "second") as writer:
        wait_for(lambda: writer.saved, 120)
