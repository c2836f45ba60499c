"""Another user of the server gets nothing from the cache, nor of what visitors send."""

import re

import pytest
from faults import change
from sites import HOST, PASSWORD, Site, Visitor
from support import Baker

# What a cache that is open to others leads to: the site unpickles what it holds.
PLANT = r"""
import pickle, socket, sys
class Evil:
    def __reduce__(self):
        import os
        return os.system, ("id >/tmp/who",)
value = pickle.dumps(Evil())
COMMAND = b"set mysite:1:page_cache.generation 1 0 %d\r\n%s\r\n"
for address in (("127.0.0.1", 11211), "/run/mysite/memcached.sock"):
    try:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        with socket.socket(family) as memcached:
            memcached.connect(address)
            memcached.sendall(bCOMMAND % (len(value), value))
            print(address, memcached.recv(100))
    except OSError as error:
        print(address, type(error).__name__)
"""

STATS = """
import socket
with socket.socket(socket.AF_UNIX) as memcached:
    memcached.connect("/run/mysite/memcached.sock")
    memcached.sendall(b"stats\\r\\nquit\\r\\n")
    print(memcached.makefile().read())
"""

# A page with a form that takes a file.
FORM = """
from mezzanine.forms.models import Form
from mezzanine.forms.fields import FILE
form = Form.objects.create(title="Apply", slug="apply", response="Thank you")
form.fields.create(label="CV", field_type=FILE)
"""

GIF = b"GIF89a, sent by a visitor"


@pytest.fixture(scope="module")
def site(up_with_packages, template, tmp_path_factory):
    project = Baker(template, tmp_path_factory.mktemp("neighbours")).bake(live_hostname=HOST)
    host = up_with_packages("neighbours", suite="trixie")
    site = Site(project, host, SSH_USER="root", ADMIN_PASS=PASSWORD, MEMCACHED_MEGABYTES=24)
    site.fab("all")
    host.run("useradd --create-home neighbour")
    yield site
    host.down()


def as_neighbour(site, command, **options):
    return site.host.run(f"cd /tmp; runuser -u neighbour -- {command}", **options)


def test_no_neighbour_can_write_to_the_cache(site):
    planted = as_neighbour(site, "python3 -", input=PLANT).stdout
    assert planted.splitlines() == [
        "('127.0.0.1', 11211) ConnectionRefusedError",
        "/run/mysite/memcached.sock PermissionError",
    ]
    assert site.get("/")[0] == 200
    assert not (site.host.root / "tmp/who").exists()


def test_the_cache_keeps_pages_and_is_as_large_as_fabric_says(site):
    site.get("/")
    numbers = dict(re.findall(r"STAT (\w+) (\d+)", site.host.run("python3 -", input=STATS).stdout))
    assert numbers["limit_maxbytes"] == str(24 * 1024 * 1024)
    assert int(numbers["curr_items"]) > 0


def test_no_memcached_listens_on_a_network(site):
    listening = site.host.run("ss -Hltunp").stdout
    assert "memcached" not in listening
    assert "11211" not in listening


def test_the_cache_is_back_after_a_reboot(site):
    site.host.reboot()
    status = site.host.run("supervisorctl status mysite-memcached").stdout
    assert "RUNNING" in status
    assert "memcached:   " in site.status()


def test_processes_of_the_site_gain_no_rights_and_let_nobody_read_what_they_write(site):
    # Not what cron runs for a moment, which may be over when it is looked at.
    supervised = site.host.run("cat /sys/fs/cgroup/system.slice/supervisor.service/cgroup.procs")
    numbers = site.host.run("pgrep -u mysite").stdout.split()
    numbers = {*numbers} & {*supervised.stdout.split()}
    assert len(numbers) > 2
    for number in numbers:
        status = site.host.run(f"cat /proc/{number}/status").stdout
        assert "NoNewPrivs:\t1" in status
        assert "Umask:\t0027" in status


def test_a_neighbour_reads_no_log_and_lists_no_socket(site):
    logs = site.host.run("ls /var/log/nginx/mysite.*.log /var/log/supervisor/mysite*.log").stdout
    assert len(logs.split()) >= 5
    modes = site.host.run(f"stat -c %a {' '.join(logs.split())}").stdout
    assert set(modes.split()) == {"640"}
    for words in (*(f"cat {log}" for log in logs.split()), "ls /run/mysite"):
        assert as_neighbour(site, words, check=False).returncode


def test_an_upload_is_shown_by_nginx_and_read_by_no_neighbour(site):
    folder = "/srv/mysite/shared/media/uploads/new/deep"
    write = f"umask 0027; mkdir -p {folder}; echo shown >{folder}/a.txt"
    site.host.run(f"runuser -u mysite -- sh -c '{write}'")
    assert site.get("/media/uploads/new/deep/a.txt") == (200, "shown\n")
    assert as_neighbour(site, f"cat {folder}/a.txt", check=False).returncode


def test_root_follows_no_link_of_the_sites_user(site):
    """What a deploy makes or changes in directories of that user, where it finds a link instead."""
    host = site.host
    before = host.run("stat -c '%a %U:%G' /etc /etc/cron.d").stdout
    as_site = "runuser -u mysite -- ln -s"
    host.run(f"{as_site} /etc/nologin /run/mysite/use-standby")
    host.run(f"{as_site} /etc /srv/mysite/shared/media/uploads/etc")
    site.fab("restart")
    assert site.get("/")[0] == 200
    assert not (host.root / "etc/nologin").exists()
    assert host.run("stat -c '%a %U:%G' /etc /etc/cron.d").stdout == before


def staff_see_the_file(site):
    admin = Visitor(site)
    admin.log_in("admin", PASSWORD)
    return admin.ask("/admin/forms/form/file/1/") == (200, GIF)


def test_a_file_sent_through_a_form_is_there_after_a_deploy_and_nobody_elses(site):
    site.fab("python", FORM)
    assert Visitor(site).ask("/apply/", {"field_1": GIF})[0] == 302
    change(site, "after the file")
    site.fab("deploy")
    assert staff_see_the_file(site)
    stored = site.host.run("find /srv/mysite/shared/private -type f").stdout.strip()
    assert site.host.run(f"cat {stored}").stdout == GIF.decode()
    assert as_neighbour(site, f"cat {stored}", check=False).returncode
    assert site.get("/media/" + stored.partition("private/")[2])[0] == 404


def test_such_a_file_comes_back_with_a_backup(site):
    name = site.answer("backup").strip()
    site.host.run("rm -r /srv/mysite/shared/private/forms")
    assert not staff_see_the_file(site)
    site.fab("restore", name, "--yes", name)
    assert staff_see_the_file(site)


def test_remove_leaves_nothing_of_the_cache(site):
    site.fab("remove", "--yes", "mysite")
    left = site.host.run("pgrep -x memcached; ls -d /run/mysite /srv/mysite", check=False)
    assert left.stdout == ""
