"""What a new server lacks, or has too much of, is told before anything is installed."""

import pytest
from sites import HOST, Site
from support import Baker

APACHE = """
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends apache2 >/dev/null
"""


@pytest.fixture(scope="module")
def site(rig, template, tmp_path_factory):
    """A project, and a new server on which Apache has port 80."""
    host = rig.up("apache", suite="trixie")
    host.run(APACHE)
    project = Baker(template, tmp_path_factory.mktemp("apache")).bake(live_hostname=HOST)
    yield Site(project, host, SSH_USER="root")
    host.down()


def packages(site):
    return site.host.run("dpkg-query -W").stdout


def test_who_has_port_80_is_told_before_anything_is_installed(site):
    before = packages(site)
    output = site.fab("all", status=1)
    assert "  | ports: port 80 is taken by apache2 (user root)\n" in output
    assert packages(site) == before


def test_all_that_is_in_the_way_is_told_together(site):
    site.host.run("apt-get -qq install --no-install-recommends python3 >/dev/null")
    site.host.run(
        "sed -i 's/VERSION_ID=.*/VERSION_ID=\"11\"/; s/^PRETTY.*/PRETTY_NAME=Elder/'"
        " /usr/lib/os-release"
    )
    before = packages(site)
    output = site.fab("install", status=1)
    assert "  | system: Elder: the project knows Debian 12 and 13\n" in output
    assert (
        "  | ports: port 80 is taken by apache2 (user root);"
        ' type fab sudo "systemctl disable --now apache2"\n'
    ) in output
    assert packages(site) == before
