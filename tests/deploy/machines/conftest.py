"""A site that one of three hosts serves, and the load balancer in front of all three."""

import time

import pytest
from balancer import Balancer
from object_store import ObjectStore
from several import NAME, WWW, give_keys, make_site
from support import Baker


@pytest.fixture
def progress():
    begin = time.monotonic()
    return lambda line: print(f"{time.monotonic() - begin:5.0f} s  {line}", flush=True)


@pytest.fixture
def site(rig, up_with_packages, template, tmp_path):
    """A site that the first of three hosts serves: .web, all three, and .server, the database's."""
    store = ObjectStore(tmp_path, address=f"{rig.network.subnet}.1", port=9102).start()
    project = Baker(template, tmp_path).bake(project_name=NAME, live_hostname=WWW)
    web = [up_with_packages(f"web-{name}", suite="trixie") for name in "abc"]
    server = rig.up("database", suite="trixie")
    site = make_site(project, web, server, store)
    site.web, site.server = web, server
    site.configure(PROXIES=[f"{rig.network.subnet}.1"])
    site.serve(web[0])
    site.fab("create")
    give_keys(site)
    site.fab("deploy")
    yield site
    for host in (*web, server):
        host.down()
    store.stop()


@pytest.fixture
def balancer(site, tmp_path):
    """In front of all three from the beginning: those that have no site yet do not answer well."""
    balancer = Balancer(tmp_path, WWW, [host.address for host in site.web])
    yield balancer.start()
    balancer.stop()


@pytest.fixture
def broken():
    """A list for what was promised and is not so."""
    broken = []
    yield broken
    assert not broken
