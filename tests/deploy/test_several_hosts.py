"""Several HOSTS serve one site: DATABASE and UPLOADS are what they have in common."""

import pytest
from object_store import ObjectStore
from several import NAME, WWW, give_keys, live, make_site
from support import Baker
from test_database_elsewhere import sql


@pytest.fixture(scope="module")
def store(rig, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    store = ObjectStore(folder, address=f"{rig.network.subnet}.1", port=9101).start()
    yield store
    store.stop()


@pytest.fixture(scope="module")
def server(rig):
    host = rig.up("database", suite="trixie")
    yield host
    host.down()


@pytest.fixture(scope="module")
def site(up_with_packages, server, store, template, tmp_path_factory):
    """A site that two new servers serve, a and b."""
    project = Baker(template, tmp_path_factory.mktemp("several")).bake(
        project_name=NAME, live_hostname=WWW
    )
    hosts = [up_with_packages(f"web-{name}", suite="trixie") for name in "ab"]
    site = make_site(project, hosts, server, store)
    site.serve(*hosts)
    site.fab("create")
    give_keys(site)
    site.fab("deploy")
    yield site
    for host in hosts:
        host.down()


def test_two_new_hosts_serve_one_site(site, server):
    a, b = site.hosts
    assert live(a) == live(b)
    assert [site.ask(host)[0] for host in site.hosts] == [200, 200]
    assert sql(server, "SELECT count(*) FROM django_site", NAME) == "1"
    names = sql(server, "SELECT name FROM deployed_hosts ORDER BY place", NAME).split()
    assert names == [a.address, b.address]
