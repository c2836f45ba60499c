"""A server that goes from Debian 12 to 13 in place, with the site on it."""

import re
import shlex

import pytest
from faults import change, is_live
from sites import HOST, Site
from support import Baker

pytestmark = pytest.mark.long

# As Debian's release notes have it; files that somebody has changed stay as they are.
UPGRADE = """
set -eu
export DEBIAN_FRONTEND=noninteractive
sed -i 's/bookworm/trixie/g' $(grep -rl bookworm /etc/apt/sources.list /etc/apt/sources.list.d)
options='-qq -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold'
apt-get $options update
apt-get $options --yes full-upgrade >/var/log/upgrade.log 2>&1
"""


@pytest.fixture(scope="module")
def site(rig, template, tmp_path_factory):
    """A site that was live on Debian 12, of which the server has been upgraded and has rebooted."""
    project = Baker(template, tmp_path_factory.mktemp("upgrade")).bake(live_hostname=HOST)
    host = rig.up("upgrade", suite="bookworm")
    site = Site(project, host, SSH_USER="root", ADMIN_PASS="adminadmin")
    site.root = host.root / "srv/mysite"
    site.fab("all")
    site.fab("psql", "UPDATE pages_page SET title = 'Of Debian 12' WHERE slug = '/'")
    site.backup = site.fab("backup").split()[-1]
    host.run(UPGRADE, timeout=1800)
    host.reboot()
    yield site
    host.down()


def test_what_is_wrong_is_told_with_what_to_type(site):
    assert "13 (trixie)" in site.fab("status", status=1)
    output = site.fab("status", status=1)
    assert re.search(r"✗ packages: .*here is 3\.13.*; type fab deploy", output)
    assert "Traceback" not in output


def test_a_deploy_cures_it(site):
    site.fab("deploy")
    assert site.get("/")[0] == 200
    assert "Of Debian 12" in site.get("/")[1]
    output = site.status()
    assert "✗" not in output
    assert "version 15" in output
    assert "is live already" in site.fab("deploy")


def test_deploys_and_backups_go_on_with_the_database_as_it_was(site):
    change(site, "after the upgrade")
    site.fab("deploy")
    assert is_live(site, "after the upgrade")
    site.fab("psql", "UPDATE pages_page SET title = 'Of Debian 13' WHERE slug = '/'")
    newer = site.fab("backup").split()[-1]
    site.fab("restore", site.backup, "--yes", site.backup)
    assert "Of Debian 12" in site.get("/")[1]
    site.fab("restore", newer, "--yes", newer)
    assert "Of Debian 13" in site.get("/")[1]


def test_the_commands_of_the_readme_move_the_data_to_the_new_postgresql(site):
    section = (site.project / "README.md").read_text("utf-8").partition("### Upgrading Debian")[2]
    commands = section.partition("```console\n")[2].partition("```")[0].splitlines()
    assert len(commands) == 4
    for command in commands:
        site.fab(*shlex.split(command)[1:])
    assert "Of Debian 13" in site.get("/")[1]
    assert "✓ database:    version 17\n" in site.status()
    site.fab("restore", site.backup, "--yes", site.backup)
    assert "Of Debian 12" in site.get("/")[1]
