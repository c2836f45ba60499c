"""A disk that fills up in the middle of a deploy, at each of its commands."""

import pytest
from faults import change, count_commands, cut_fab
from load import Load
from sites import HOST, Site
from support import Baker

FILL = "dd if=/dev/zero of=/srv/filler bs=64k status=none 2>/dev/null; true"  # until it is full


@pytest.fixture(scope="module")
def site(up_with_packages, template, tmp_path_factory):
    """A live site on a disk of its own, of 1.1 GB, beside the one of the system."""
    project = Baker(template, tmp_path_factory.mktemp("disk")).bake(live_hostname=HOST)
    host = up_with_packages("disk", suite="bookworm")
    host.run("mount -t tmpfs -o size=1100m tmpfs /srv")
    site = Site(project, host, SSH_USER="root", ADMIN_PASS="adminadmin")
    site.root = host.root / "srv/mysite"
    site.fab("all")
    yield site
    host.down()


@pytest.mark.long
def test_a_disk_that_fills_up_at_any_command_harms_nothing(site, figures, points):
    fill = f"ssh -o BatchMode=yes -o UserKnownHostsFile={site.host.known_hosts}"
    fill += f" -i {site.host.key} root@{site.host.address} '{FILL}'"
    survived = 0
    for number in points(count_commands(site), 2):
        change(site, f"disk full at {number}")
        with Load(site, HOST) as load:
            _, output = cut_fab(site, number, "shell", "deploy", ON_HOST=fill)
            site.host.run("rm -f /srv/filler")
            assert "\nTraceback" not in output  # of fab; what Django printed there is indented
            site.fab("deploy")
        assert load.failures == [], (number, output)
        survived += 1
    figures(f"a disk full from one command on: {survived}, none harmed anything")
