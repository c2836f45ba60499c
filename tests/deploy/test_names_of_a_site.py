"""One site on a host, whoever deploys it, and under the one name that is in force."""

import json
import shutil

import pytest
from faults import cut_fab, edit
from load import Load
from sites import BY_PASSWORD, COLLEAGUE, Site
from support import Baker

COMMITTED, OLD, NEW = "www.committed.example", "staging.old.example", "www.new.example"


@pytest.fixture(scope="module")
def site(installed, template, tmp_path_factory):
    """A live site whose LIVE_HOSTNAME is in local_settings.py, and not the committed one."""
    folder = tmp_path_factory.mktemp("names")
    project = Baker(template, folder).bake(live_hostname=COMMITTED)
    site = Site(project, installed, name=OLD, **BY_PASSWORD)
    site.configure(PROJECT_NAME="named", GUNICORN_PORT=8041, LIVE_HOSTNAME=OLD)
    site.fab("create", "deploy")
    yield site
    site.fab("remove", "--yes", "named")


@pytest.fixture(scope="module")
def alice(site, tmp_path_factory):
    """The same project on the machine of a colleague."""
    site.host.run(COLLEAGUE)
    project = tmp_path_factory.mktemp("alice") / "output" / site.project.name
    shutil.copytree(site.project, project)
    own = {"SSH_USER": "alice", "SSH_PASS": "", "SSH_KEY_PATH": str(site.host.key)}
    return Site(project, site.host, name=OLD, **site.fabric | own)


def names(site):
    """Return the domain and the aliases of the first site."""
    row = json.loads(site.answer("manage", "listsites --json").splitlines()[0])
    return row["domain"], row["aliases"]


def releases(site):
    return sorted(path.name for path in (site.host.root / "srv/named/releases").iterdir())


def statuses(site, host):
    """Return what the processes answer to `/` of a host, a set."""
    return {site.get("/", host=host)[0] for _ in range(10)}


def answered(load):
    """Return the statuses that visitors got, a set.

    When NGINX reads new names it closes connections on which nothing was asked yet: browsers, other
    than these visitors, ask again.
    """
    return {answer for answer in load.answers if isinstance(answer, int)}


def test_the_name_of_this_machine_is_the_one_of_the_server(site):
    assert site.get("/")[0] == 200
    assert site.get("/", host=COMMITTED)[0] == 404
    assert names(site) == (OLD, [])
    code = "from django.conf import settings; print(settings.FABRIC['LIVE_HOSTNAME'])"
    assert site.answer("python", code).strip() == OLD


def test_who_comes_with_another_user_finds_the_site(site, alice):
    live = releases(site)
    assert f"release:     {live[0]}" in alice.status()
    status, output = cut_fab(alice, 0, "list", "deploy")
    assert status == 0, output
    assert "is live already." in output
    assert output.count("command ") <= 3
    assert (site.host.root / "srv/named/current").is_symlink()
    assert not (site.host.root / "home/alice/named").exists()


def test_a_stale_name_of_a_colleague_does_not_come_to_the_server(site, alice):
    alice.configure(LIVE_HOSTNAME="www.stale.example")
    shown = alice.answer("sites")
    alice.configure(LIVE_HOSTNAME=OLD)
    assert OLD in shown.split()
    assert "stale" not in shown
    written = (
        "cat /srv/named/state/nginx/*.conf || true; openssl x509 -in /etc/nginx/ssl/named.crt -text"
    )
    assert "stale" not in site.host.run(written).stdout


def test_a_half_stale_fabric_is_told_key_by_key(site, alice):
    stale = {"GUNICORN_PORT": 8042, "MEMCACHED_MEGABYTES": 32, "VIRTUALENV_HOME": "/home/alice"}
    alice.configure(**stale, REPO_URL="https://token@code.example/site", DB_PASS="secret")
    output = alice.fab("plan", status=1)  # there is no such repository
    assert "GUNICORN_PORT: 8041 becomes 8042\n" in output
    assert "MEMCACHED_MEGABYTES: 64 becomes 32\n" in output
    assert "REPO_URL: empty becomes https://code.example/site\n" in output
    assert "VIRTUALENV_HOME: /home/alice here, and /srv on the server" in output
    assert "secret" not in output
    assert "LIVE_HOSTNAME" not in output
    now = {"GUNICORN_PORT": 8041, "MEMCACHED_MEGABYTES": 64, "VIRTUALENV_HOME": ""}
    alice.configure(**now, REPO_URL="", DB_PASS="")


def test_a_rename_is_told_and_asked_for(site, alice):
    alice.configure(LIVE_HOSTNAME=NEW)
    before = releases(site)
    line = f"LIVE_HOSTNAME: {OLD} becomes {NEW}"
    assert f"{line}\n" in alice.fab("plan")
    output = alice.fab("deploy", status=2)
    assert output.splitlines()[-1].startswith(line)
    assert "not agreed to; type yes when asked, or --yes" in output
    assert (releases(site), names(site)) == (before, (OLD, []))


def test_a_rename_that_fails_is_taken_back(site, alice):
    switch = alice.project / "deploy/on_host/switch.py"
    text = switch.read_text()
    edit(switch, "self.ask_for(self.naming.wanted)\n", "raise Failed('as the test wants')\n")
    alice.configure(GUNICORN_PORT=8042)
    output = alice.fab("deploy", "--yes", status=1)
    assert "as the test wants" in output
    assert "is live as before" in output
    switch.write_text(text)
    alice.configure(GUNICORN_PORT=8041)
    assert names(site) == (OLD, [])
    assert statuses(site, OLD) == {200}
    assert site.get("/", host=NEW)[0] == 404
    assert NEW not in site.host.run("cat /srv/named/state/nginx/*.conf", check=False).stdout


def test_a_site_gets_a_new_name_and_the_old_one_leads_there(site, alice):
    with Load(site, OLD) as load:
        alice.fab("deploy", "--yes")
    assert answered(load) <= {200, 301, 308}
    assert names(site) == (NEW, [OLD])
    assert statuses(site, NEW) == {200}
    assert statuses(site, OLD) == {301}
    covered = site.host.run("openssl x509 -in /etc/nginx/ssl/named.crt -noout -text").stdout
    assert f"DNS:{OLD}" in covered
    assert f"DNS:{NEW}" in covered
    assert "is live already." in alice.fab("deploy")


def test_a_rollback_brings_the_name_of_before_and_a_deploy_the_new_one(site, alice):
    output = alice.fab("rollback")
    assert f"    The site is called {OLD} now, and {NEW} leads there\n" in output
    assert names(site) == (OLD, [NEW])
    assert statuses(site, OLD) == {200}
    assert statuses(site, NEW) == {301}
    with Load(site, NEW) as load:
        alice.fab("deploy", "--yes")
    assert answered(load) <= {200, 301, 308}
    assert names(site) == (NEW, [OLD])


def test_a_name_that_another_site_has_is_refused_before_anything_changes(site, alice):
    alice.fab("manage", "addsite two.example --alias zwei.example")
    before = releases(site)
    for taken in ("two.example", "www.two.example", "zwei.example"):
        alice.configure(LIVE_HOSTNAME=taken)
        refusal = f"LIVE_HOSTNAME {taken} is a name of the site two.example\n"
        assert refusal in alice.fab("plan")
        assert refusal in alice.fab("deploy", "--yes", status=1)
    assert (releases(site), names(site)) == (before, (NEW, [OLD]))
    alice.configure(LIVE_HOSTNAME=NEW)


def test_a_backup_in_which_another_site_has_the_name_is_refused_and_the_site_stays_open(
    site, alice
):
    theirs = "UPDATE multisite_sitealias SET host = '{}' WHERE host = '{}'"
    ours = "UPDATE django_site SET domain = '{}' WHERE domain = '{}'"
    alice.fab("psql", f"{ours.format('x.example', NEW)}; {theirs.format(NEW, 'zwei.example')}")
    backup = alice.answer("backup").split()[-1]
    alice.fab("psql", f"{theirs.format('zwei.example', NEW)}; {ours.format(NEW, 'x.example')}")
    told = f"In {backup}, LIVE_HOSTNAME {NEW} is a name of the site two.example: "
    assert told in alice.fab("restore", backup, "--yes", backup, status=1)
    assert names(site) == (NEW, [OLD])
    assert not (site.host.root / "srv/named/state/maintenance").exists()
