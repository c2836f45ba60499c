"""What was on a server before the project came is not the project's: nothing of it changes."""

import shutil
import subprocess

import pytest
from faults import wait_for
from sites import COLLEAGUE, HOST, PASSWORD, Site, Visitor
from support import TEMPLATE, Baker

BEFORE_RECORDS = "9f05cf0"  # the last revision whose servers have no record of what is ours

# What others have under the name that the project would take, and a web server of their own.
OTHERS = """
set -eu
apt-get -qq update
apt-get -qq install --no-install-recommends nginx postgresql cron >/dev/null
useradd --create-home mysite
echo precious >/home/mysite/file
cd /
runuser -u postgres -- psql -q -c "CREATE ROLE mysite LOGIN PASSWORD 'theirs'"
runuser -u postgres -- createdb -O mysite mysite
runuser -u postgres -- psql -q mysite -c 'CREATE TABLE invoices AS SELECT 42 AS number'
mkdir /srv/mysite
echo precious >/srv/mysite/file
echo '# 0 0 * * * root their-job' >/etc/cron.d/mysite
echo '/var/log/theirs {}' >/etc/logrotate.d/mysite
mkdir /var/www/shop
echo 'the shop' >/var/www/shop/index.html
rm /etc/nginx/sites-enabled/default
cat >/etc/nginx/sites-enabled/default <<END
server { listen 80 default_server; server_name shop.example; root /var/www/shop; }
END
systemctl reload nginx
"""

# All that they have: files, users, and what PostgreSQL knows of roles and rows.
THEIRS = """
cd /
cat /home/mysite/file /srv/mysite/file /etc/cron.d/mysite /etc/logrotate.d/mysite
cat /etc/nginx/sites-enabled/default
getent passwd mysite
runuser -u postgres -- psql -qAtX -c "SELECT * FROM pg_authid WHERE rolname = 'mysite'"
runuser -u postgres -- psql -qAtX mysite -c '\\d' -c 'TABLE invoices'
curl -s -H 'Host: shop.example' http://127.0.0.1/
"""


@pytest.fixture(scope="module")
def occupied(rig):
    """A server on which other programs have the names that the project would take."""
    host = rig.up("occupied", suite="bookworm")
    host.run(OTHERS)
    yield host
    host.down()


@pytest.fixture(scope="module")
def site(occupied, template, tmp_path_factory):
    project = Baker(template, tmp_path_factory.mktemp("occupied")).bake(live_hostname=HOST)
    site = Site(project, occupied, SSH_USER="root", ADMIN_PASS=PASSWORD)
    site.first_output = site.fab("install")
    return site


def theirs(host):
    return host.run(THEIRS).stdout


def test_a_default_site_that_somebody_has_edited_stays_and_that_is_said(site, occupied):
    assert "sites-enabled/default is not as Debian has made it: it stays" in site.first_output
    assert theirs(occupied).endswith("the shop\n")


def test_all_that_another_has_is_named_at_once_and_nothing_is_touched(site, occupied):
    before = theirs(occupied)
    output = site.fab("create", status=1)
    for taken in (
        "the user mysite",
        "the group mysite",
        "the role mysite of PostgreSQL",
        "the database mysite",
        "the directory /srv/mysite",
        "the file /etc/cron.d/mysite",
        "the file /etc/logrotate.d/mysite",
    ):
        assert f"  | {taken} is there already, and is not ours\n" in output
    assert "Nothing was changed; choose another in FABRIC" in output
    assert theirs(occupied) == before
    assert not (occupied.root / "var/lib/mezzanine/mysite.json").exists()


def test_secure_leaves_what_others_have_under_the_name(site, occupied):
    files = ("/etc/sudoers.d/mysite", "/etc/fail2ban/jail.d/mysite.local")
    occupied.run("mkdir -p /etc/sudoers.d /etc/fail2ban/jail.d")
    for file in files:
        occupied.run(f"echo '# theirs' >{file}")
    output = site.fab("secure", status=1)
    for file in files:
        assert f"  | {file} is there already, and is not ours\n" in output
        assert occupied.run(f"cat {file}; rm {file}").stdout == "# theirs\n"
    assert "  | Nothing was changed; choose another PROJECT_NAME in FABRIC\n" in output


def test_what_has_no_record_is_not_removed(site, occupied):
    before = theirs(occupied)
    site.fab("remove", "--yes", "mysite", status=1)
    assert theirs(occupied) == before


def test_a_port_and_a_name_that_others_have_are_told_with_the_rest(site, occupied):
    site.configure(PROJECT_NAME="mine", LIVE_HOSTNAME="shop.example", GUNICORN_PORT=5432)
    try:
        output = site.fab("create", status=1)
    finally:
        site.configure(LIVE_HOSTNAME=HOST, GUNICORN_PORT=8000)
    assert "  | GUNICORN_PORT 5432 is taken by postgres" in output
    assert "  | LIVE_HOSTNAME shop.example is taken by default" in output
    assert not (occupied.root / "srv/mine").exists()


def test_under_a_name_of_its_own_it_comes_and_goes_and_theirs_stays(site, occupied):
    before = theirs(occupied)
    site.configure(PROJECT_NAME="mine")
    site.fab("create", "deploy")
    assert site.get("/")[0] == 200
    assert theirs(occupied) == before
    occupied.run("echo '# theirs' >/etc/cron.d/mine-too; mkdir /srv/mine-too")
    occupied.run("systemd-run --quiet --uid=mine sleep 1000")  # such as a job of cron
    site.fab("remove", "--yes", "mine")
    assert theirs(occupied) == before
    left = "ls -d /srv/mine* /etc/*/mine* /etc/*/*/mine* /run/mine* /var/log/*/mine*"
    shown = occupied.run(left, check=False).stdout
    assert set(shown.split()) == {"/srv/mine-too", "/etc/cron.d/mine-too"}
    roles = "getent passwd mine; cd /; runuser -u postgres -- psql -qAtX -c 'TABLE pg_roles'"
    assert "mine" not in occupied.run(roles).stdout


def test_a_file_that_somebody_put_there_after_create_is_not_overwritten(site, occupied):
    occupied.run("install -d -m 0750 /srv/homes")
    site.configure(PROJECT_NAME="mine", VIRTUALENV_HOME="/srv/homes")
    assert "    /srv/homes opened for passing through\n" in site.fab("create")
    assert occupied.run("stat -c %a /srv/homes").stdout == "751\n"
    occupied.run("echo '# 0 0 * * * root their-job' >/etc/cron.d/mine")
    output = site.fab("deploy", status=1)
    assert "/etc/cron.d/mine" in output
    assert "their-job" in (occupied.root / "etc/cron.d/mine").read_text()
    occupied.run("rm /etc/cron.d/mine")
    site.fab("deploy")
    site.fab("remove", "--yes", "mine")


# Sites of before there were records

# What a visitor has sent through a form, where it lay then.
SENT = """
cd /srv/homes/mysite/current/project
install -d -o mysite forms/1a
echo cv >forms/1a/cv.pdf
chown mysite forms/1a/cv.pdf
"""


@pytest.fixture
def old_site(rig, tmp_path_factory):
    """A site that was deployed, and used, before servers had records; with the project of today."""
    folder = tmp_path_factory.mktemp("old")
    archive = subprocess.run(
        ["git", "-C", str(TEMPLATE), "archive", BEFORE_RECORDS], capture_output=True
    )
    if archive.returncode:
        pytest.skip(f"this clone has no revision {BEFORE_RECORDS}: git fetch --unshallow")
    (folder / "template").mkdir()
    subprocess.run(["tar", "-xC", folder / "template"], input=archive.stdout, check=True)
    host = rig.up("old", suite="bookworm")
    old = Baker(folder / "template", folder).bake(live_hostname=HOST)
    site = Site(old, host, SSH_USER="root", ADMIN_PASS=PASSWORD, VIRTUALENV_HOME="/srv/homes")
    site.fab("all")
    yield site
    host.down()


def bring_up_to_date(site, template):
    """Let the project be what the template makes of the same answers today."""
    new = Baker(template, site.home / "new").bake(live_hostname=HOST)
    shutil.rmtree(new / ".git")
    for path in site.project.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(new, site.project, dirs_exist_ok=True)
    site.configure()
    site.commit()


def test_a_site_of_before_goes_on_being_ours_where_it_is_whoever_comes(old_site, template):
    host = old_site.host
    visitor = Visitor(old_site)
    visitor.log_in("admin", PASSWORD)
    host.run(SENT)
    (old_site.home / "new").mkdir()
    bring_up_to_date(old_site, template)
    host.run(COLLEAGUE)
    old_site.configure(SSH_USER="alice", VIRTUALENV_HOME="")
    lacks = "acme-tiny, libnginx-mod-http-js, publicsuffix, rclone, restic"
    assert f"{lacks}: not installed; type fab install" in old_site.fab("deploy", status=1)
    old_site.fab("install", "deploy")
    assert visitor.ask("/admin/")[0] == 302  # the cookies have other names now: once, as told
    told = "/srv/homes/mysite/certificates/status/names.json"
    wait_for(lambda: host.run(f"cat {told}", check=False).stdout, 150)  # the agent runs there too
    assert "RUNNING" in host.run("supervisorctl status mysite-memcached").stdout
    assert host.run("cat /srv/homes/mysite/shared/private/forms/1a/cv.pdf").stdout == "cv\n"
    old_site.fab("remove", "--yes", "mysite")
    assert (
        host.run("getent passwd mysite; ls -d /srv/mysite /srv/homes/mysite || true").stdout == ""
    )
