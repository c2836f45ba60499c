"""Backups that survive their server: another place, a new server, the site as it was.

The new server has newer code, with a migration that no backup has.
"""

import json
import os
import re
import subprocess
import time

import pytest
from sites import PASSWORD, Site, typed
from support import Baker

NAME = "lasting"
WWW = "www.lasting.example"
ROOT = f"/srv/{NAME}"
# The other place: an account on another machine that can do nothing but SFTP.
PLACE = """
useradd --create-home --shell /usr/sbin/nologin keeper
install -d -o keeper -m 700 /home/keeper/.ssh
printf 'Match User keeper\n  ForceCommand internal-sftp\n' >/etc/ssh/sshd_config.d/keeper.conf
systemctl reload ssh
"""
CONTENT = """
from django.core.management import call_command
from mezzanine.pages.models import RichTextPage
call_command("addsite", "two.example", verbosity=0)
RichTextPage.objects.create(title="Bread", slug="bread", content="Rye, made here")
"""
# The names of the last ones: an option, a line break, ü in two ways, no UTF-8, as long as can be.
UPLOADS = rf"""
umask 022; cd {ROOT}/shared/media && mkdir -p uploads/site-1 && cd uploads/site-1
for number in $(seq 100); do head -c 500000 /dev/urandom >$number.bin; done
echo picture >'straße 1.jpg'
for name in -rf 'new\nline' '\303\274' 'u\314\210' '\377.gif' '🍞' "$(printf %0255d 0)"; do
    echo "$name" >"$(printf -- "$name")"
done
install -d -o {NAME} -g {NAME} -m 700 {ROOT}/shared/private/forms
printf 'from a visitor' >{ROOT}/shared/private/forms/letter.pdf
chown -R {NAME}: {ROOT}/shared/private/forms {ROOT}/shared/media/uploads
chmod 600 {ROOT}/shared/private/forms/letter.pdf
"""
OWNERS = f"cd {ROOT}/shared && find media private -type f -printf '%U\n' | sort -u"
DIGESTS = f"cd {ROOT}/shared && find media private -type f -exec sha256sum {{}} + | sort | cat -v"
ROWS = f"""
runuser -u postgres -- pg_dump --data-only -T '*session*' -T django_migrations {NAME} |
    grep -Ev '^(--|SET|SELECT pg_catalog.set_config|.(un)?restrict)' | sha256sum
"""
NIGHTLY = f"sh -c \"$(sed -n 's/^20 4 [^a-z]* root //p' /etc/cron.d/{NAME})\""
KEYS = f"cat {ROOT}/shared/secrets.json"
MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("pages", "0001_initial")]
    operations = [migrations.RunSQL("CREATE VIEW crumbs AS SELECT id FROM pages_page")]
"""
URLS = """
def crumbs(request):
    from django.db import connection
    from django.http import HttpResponse
    connection.cursor().execute("SELECT id FROM crumbs")
    return HttpResponse("Crumbs")

urlpatterns.insert(0, path("crumbs/", crumbs))
"""


def settings(site, value):
    code = f"from django.conf import settings; print(settings.{value})"
    return site.answer("python", code).strip()


@pytest.fixture(scope="module")
def place(rig):
    host = rig.up("place", suite="bookworm")
    host.run(PLACE)
    yield host
    host.down()


@pytest.fixture(scope="module")
def lost(up_with_packages, place, template, tmp_path_factory):
    """A live site with content, whose backups go to the other place."""
    made = Baker(template, tmp_path_factory.mktemp("lasting")).bake(
        project_name=NAME, live_hostname=WWW
    )
    host = up_with_packages("lost", suite="bookworm")
    site = Site(made, host, name=WWW, SSH_USER="root", ADMIN_PASS=PASSWORD)
    site.configure(BACKUP_TO=f"sftp://keeper@{place.address}//home/keeper/{NAME}")
    site.fab("all")
    site.fab("python", CONTENT)
    host.run(UPLOADS)
    yield site
    host.down()


def add_migration(project):
    """Let the project have a migration, and a page that fails without it."""
    migrations = project / "crumbs/migrations"
    migrations.mkdir(parents=True)
    for path in (project / "crumbs/__init__.py", migrations / "__init__.py"):
        path.touch()
    (migrations / "0001_initial.py").write_text(MIGRATION)
    with (project / NAME / "settings.py").open("a") as settings:
        settings.write('\nINSTALLED_APPS = [*INSTALLED_APPS, "crumbs"]\n')
    with (project / NAME / "urls.py").open("a") as urls:
        urls.write(URLS)


def repository_size(host, path):
    return int(host.run(f"du -sb {path}").stdout.split()[0])


def test_what_opens_the_backups_is_at_home_and_for_nobody_else(lost):
    with lost.start("secret", "BACKUP_S3_REGION", stdin=subprocess.PIPE) as process:
        told = process.communicate("eu-central-1\n")[0]
    assert process.returncode == 0, told
    assert "eu-central-1" not in told
    assert lost.answer("secret").split() == ["BACKUP_S3_REGION"]
    home = lost.project / f"backups/{NAME}/backup-keys.json"
    there = lost.host.root / f"srv/{NAME}/state/backup-keys.json"
    assert json.loads(home.read_text()) == json.loads(there.read_text())
    assert json.loads(home.read_text())["credentials"] == {"BACKUP_S3_REGION": "eu-central-1"}
    assert (home.stat().st_mode & 0o777, there.stat().st_mode & 0o777) == (0o600, 0o600)
    assert there.stat().st_uid == 0
    run = subprocess.run(["git", "check-ignore", "-q", home], cwd=lost.project)
    assert run.returncode == 0


def test_a_place_that_does_not_let_the_server_in_is_told_with_the_key_to_add(lost, place):
    output = lost.fab("backup", status=1)
    key = re.search(r"add to its authorized_keys: (ssh-ed25519 \S+)", output)[1]
    path = place.root / "home/keeper/.ssh/authorized_keys"
    path.write_text(f"{key}\n")
    place.run("chown keeper: /home/keeper/.ssh/authorized_keys")


def test_a_backup_goes_to_the_other_place_and_another_costs_what_has_changed(lost, place, figures):
    lost.fab("backup")
    path = f"/home/keeper/{NAME}"
    before = repository_size(place, path)
    assert before > 50_000_000
    lost.host.run(f"cd {ROOT}/shared/media/uploads/site-1 && head -c 500000 /dev/urandom >1.bin")
    here = repository_size(lost.host, f"{ROOT}/snapshots")
    lost.fab("backup")
    added = repository_size(place, path) - before
    figures(f"backup after 1 of 100 uploads (50 MB) changed: {added:,} bytes more in BACKUP_TO")
    assert 500_000 < added < 1_500_000
    assert repository_size(lost.host, f"{ROOT}/snapshots") - here < 1_500_000
    assert b"Rye, made here" not in b"".join(
        each.read_bytes() for each in (place.root / path[1:]).rglob("*") if each.is_file()
    )


def test_each_night_a_backup_is_made_and_each_week_one_is_proved(lost, place):
    lost.host.run(NIGHTLY)
    output = lost.status()
    assert re.search(r"last backup: +\S+-nightly; in BACKUP_TO \S+-nightly", output)
    assert re.search(r"last proof: +here: \S+-nightly; BACKUP_TO: \S+-nightly", output)
    listed = lost.answer("backup", "--list")
    assert re.search(r"-nightly  all  The server, BACKUP_TO", listed)
    for file in (place.root / f"home/keeper/{NAME}/data").rglob("*"):
        if file.is_file():
            file.chmod(0o600)
            file.write_bytes(os.urandom(file.stat().st_size))
    lost.host.run(f"rm {ROOT}/state/snapshots.json")
    assert lost.host.run(NIGHTLY, check=False).returncode
    assert (
        "proved"
        not in json.loads((lost.host.root / f"srv/{NAME}/state/snapshots.json").read_text())["away"]
    )
    assert "BACKUP_TO: " in lost.host.run(f"journalctl -t {NAME}-backup").stdout
    place.run(f"rm -r /home/keeper/{NAME}")
    lost.fab("backup")


def test_the_password_is_in_no_log(lost):
    keys = lost.host.root / f"srv/{NAME}/state/backup-keys.json"
    password = json.loads(keys.read_text())["password"]
    (lost.host.root / "root/password").write_text(f"{password}\n")
    search = "journalctl -o cat >/tmp/journal; grep -rlasFf /root/password /tmp /var /etc /run"
    assert lost.host.run(search, check=False).stdout == ""
    lost.host.run("rm /root/password")


@pytest.fixture(scope="module")
def found(lost, place, up_with_packages):
    """The same project after its server was lost, with another one in its place."""
    found = {
        "digests": lost.host.run(DIGESTS).stdout,
        "rows": lost.host.run(ROWS).stdout,
        "keys": json.loads(lost.host.run(KEYS).stdout),
    }
    found["file"] = lost.project / lost.answer("backup", "--get").split()[-1]
    lost.host.kill()
    new = up_with_packages("found", suite="trixie")
    new.run("useradd --system somebody-else")  # so that users have other numbers
    (lost.home / ".ssh/known_hosts").write_text(new.known_hosts.read_text())
    lost.configure(HOSTS=[new.address])
    add_migration(lost.project)
    lost.commit()
    lost.host = new
    lost.found = found
    yield lost
    new.down()


def is_as_it_was(site):
    assert site.host.run(DIGESTS).stdout == site.found["digests"]
    assert site.host.run(ROWS).stdout == site.found["rows"]
    keys = json.loads(site.host.run(KEYS).stdout)
    before = site.found["keys"]
    assert keys["secret_key"] == before["secret_key"] == settings(site, "SECRET_KEY")
    assert site.get("/bread/")[0] == 200
    assert site.get("/crumbs/") == (200, "Crumbs")
    assert site.get("/", host="two.example")[0] == 200
    assert site.get("/media/uploads/site-1/stra%C3%9Fe%201.jpg")[1] == "picture\n"
    assert site.host.run(OWNERS).stdout == site.host.run(f"id -u {NAME}").stdout


def test_a_lost_server_is_back_with_two_commands(found, figures):
    begun = time.monotonic()
    found.fab("all")
    deployed = time.monotonic()
    name = re.findall(r"^(\S+)  all  BACKUP_TO", found.answer("backup", "--list"), re.M)[-1]
    output = typed(found, [name], "restore")
    assert f"{name} comes from BACKUP_TO" in output
    figures(
        f"new server: fab all {deployed - begun:.0f} s, fab restore of 50 MB"
        f" {time.monotonic() - deployed:.0f} s"
    )
    assert "Of the server that is lost: SECRET_KEY" in output
    assert "Migrations that it lacked: crumbs.0001_initial" in output
    is_as_it_was(found)


def test_the_file_from_home_does_the_same(found):
    found.host.run(f"rm -r {ROOT}/shared/media/uploads {ROOT}/shared/private/forms")
    found.fab("psql", "DELETE FROM pages_richtextpage; DELETE FROM pages_page WHERE slug = 'bread'")
    assert found.get("/bread/")[0] == 404
    path = found.found["file"]
    found.fab("restore", str(path), "--yes", path.name.removesuffix(".tar.gz"))
    is_as_it_was(found)


def test_a_damaged_file_is_refused_before_anything_is_touched(found):
    path = found.found["file"].with_name("damaged.tar.gz")
    path.write_bytes(found.found["file"].read_bytes()[:-1000])
    output = found.fab("restore", str(path), "--yes", "damaged", status=1)
    assert "the file is damaged, or no backup" in output
    is_as_it_was(found)
