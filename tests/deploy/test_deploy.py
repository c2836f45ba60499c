"""A project deploys itself with its fabfile, to real and brand-new Debian hosts."""

import json
import re
import shlex
import shutil
import subprocess
import textwrap
import time

import pytest
from faults import edit, wait_for
from sites import HOST, ONE_SUITE_IN_CI, PASSWORD, Site, Visitor, home_page_css, typed
from support import Baker

ROOT = "/srv/mysite"


# A server as some are: hardened by the book, and with log-ins for people.
LIVED_IN = """
sed -i '/^#*\\(UMASK\\|HOME_MODE\\)/d' /etc/login.defs
printf 'UMASK 027\\nHOME_MODE 0700\\n' >>/etc/login.defs
printf 'TZ=Asia/Tokyo\\nTMPDIR=/nowhere\\nLANG=de_DE\\n' >>/etc/environment
cat >~/.bashrc <<'END'
echo hello
set -x
export PYTHONPATH=/nowhere PGHOST=nowhere
umask 077
END
cp ~/.bashrc /etc/skel/
"""


# They note as whom they run, and try to make the site's role a superuser.
TRAPS = """
CREATE TABLE caught (name text PRIMARY KEY);
CREATE FUNCTION seize() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.caught VALUES (session_user) ON CONFLICT DO NOTHING;
    RESET ROLE;
    ALTER ROLE mysite SUPERUSER;
EXCEPTION WHEN insufficient_privilege THEN
    INSERT INTO public.caught VALUES (session_user) ON CONFLICT DO NOTHING;
END $$;
CREATE FUNCTION caught_by_trigger() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN PERFORM public.seize(); RETURN NULL; END$$;
CREATE TRIGGER trap BEFORE UPDATE ON mail_queuedmail
    FOR EACH STATEMENT EXECUTE FUNCTION caught_by_trigger();
CREATE FUNCTION caught_by_operator(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS
    $$BEGIN PERFORM public.seize(); RETURN $1::text = $2::text; END$$;
CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = caught_by_operator);
"""


def deploy_by_the_readme(project, host):
    """Return the Site, and the command that the project's README tells to type, as words."""
    readme = (project / "README.md").read_text("utf-8")
    block = re.search(r"```python\n( +FABRIC = .*?)```", readme, re.S)[1]
    names = {}
    exec(textwrap.dedent(block), names)
    site = Site(project, host, **names["FABRIC"])
    shutil.copy(host.key, site.home / ".ssh/id_ed25519")
    return site, re.search(r"Commit what you have, and type `fab (.*?)`", readme)[1].split()


@pytest.fixture(scope="module", params=ONE_SUITE_IN_CI)
def site(request, rig, plain_template, tmp_path_factory, figures):
    """A site that has just been brought to a new host."""
    project = Baker(plain_template, tmp_path_factory.mktemp("deploy")).bake(live_hostname=HOST)
    host = rig.up(f"site-{request.param}", suite=request.param)
    if request.param == "bookworm":
        site, commands = Site(project, host, SSH_USER="root"), ["all"]
    else:
        host.run(LIVED_IN)
        site, commands = deploy_by_the_readme(project, host)
    site.configure(DB_PASS=PASSWORD, ADMIN_PASS=PASSWORD)
    site.root = ROOT
    started = time.monotonic()
    site.first_output = site.fab(*commands)
    seconds = time.monotonic() - started
    figures(f"fab {' '.join(commands)} on a new {request.param}: {seconds:.0f} s")
    yield site
    host.down()


MAIL_SERVER = """
import socketserver
class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 mail\\r\\n")
        for line in self.rfile:
            self.wfile.write(b"221 bye\\r\\n" if line.startswith(b"QUIT") else b"250 ok\\r\\n")
            if line.startswith(b"QUIT"):
                break
with socketserver.TCPServer(("127.0.0.1", 25), Session) as server:
    server.handle_request()
"""


def live_release(site):
    return re.search(r"^release: +(\S+)", site.status(), re.M)[1]


def change_home_page(site, text):
    css = site.project / "theme/static/css/theme.css"
    css.write_text(css.read_text() + f"\n/* {text} */\n")
    site.commit()


def test_a_new_server_answers_under_the_name_of_the_site(site):
    assert site.get("/")[0] == 200
    assert "<title>Home | Mysite</title>" in site.get("/")[1]
    assert site.get("/admin/login/")[0] == 200
    assert "/* The look of the site" in home_page_css(site)


def test_a_stranger_who_asks_for_another_host_gets_no_page(site):
    status, page = site.get("/", host="www.two.example")
    assert status == 404
    assert "Mysite" not in page


def test_no_password_can_be_read_where_it_does_not_belong(site):
    assert PASSWORD not in site.first_output
    logs = site.host.run("journalctl --no-pager; cat /var/log/postgresql/* /var/log/supervisor/*")
    assert "HOME \\ é中" not in logs.stdout
    mode = site.host.run(f"stat -c '%a %U' {site.root}/shared/secrets.json").stdout
    assert mode == "640 root\n"


def test_a_deploy_of_what_is_live_changes_nothing(site):
    before = live_release(site)
    assert "is live already" in site.fab("deploy")
    assert live_release(site) == before
    assert "✗" not in site.fab("install", "create")


def test_a_deploy_says_in_one_line_whether_the_site_can_send_mail(site):
    said = (
        "The site cannot send mail (EMAIL_HOST localhost, port 25: [Errno 111] Connection refused)"
    )
    assert site.first_output.count(said) == 1
    with site.host.popen(f"exec python3 -c {shlex.quote(MAIL_SERVER)}", stdin=-1) as server:
        wait_for(lambda: ":25 " in site.host.run("ss -Hltn 'sport = :25'").stdout, 10)
        assert "cannot send mail" not in site.fab("deploy", "--force")
        server.wait(30)


def test_a_new_commit_goes_live_and_can_be_rolled_back(site):
    before = live_release(site)
    change_home_page(site, "second")
    assert "->" in site.fab("plan")
    site.fab("deploy")
    assert live_release(site) != before
    assert "/* second */" in home_page_css(site)
    site.fab("rollback")
    assert live_release(site) == before
    assert "/* second */" not in home_page_css(site)


def test_what_the_admin_uploads_stays_over_a_deploy(site):
    admin = Visitor(site)
    admin.log_in("admin", PASSWORD)
    upload = {"folder": "", "Filedata": b"GIF89a picture"}
    assert admin.ask("/admin/media-library/upload_file/", upload)[0] == 200
    change_home_page(site, "after the upload")
    site.fab("deploy")
    listed = site.host.run(f"cd {site.root}/shared/media && find . -name 'filedata*.gif'").stdout
    path = listed.split()[0].removeprefix(".")
    assert site.get(f"/media{path}") == (200, "GIF89a picture")
    assert admin.ask("/admin/")[0] == 200


def test_what_staff_edit_is_seen_by_visitors_at_once(site):
    editor, visitor = Visitor(site), Visitor(site)
    editor.log_in("admin", PASSWORD)
    found = site.fab("psql", "SELECT id FROM pages_page WHERE slug = '/'")
    page = re.search(r"^ +(\d+)$", found, re.M)[1]
    edit = {"app": "homepage", "model": "homepage", "id": page, "fields": "title"}
    for number in range(5):
        visitor.ask("/")
        assert editor.ask("/edit/", edit | {"title": f"Title {number}"}) == (200, b"")
        assert f"Title {number}".encode() in visitor.ask("/")[1]


def test_a_package_that_the_server_lacks_is_named_before_anything_is_touched(site):
    packages = site.project / "deploy/packages.py"
    before = packages.read_text("utf-8")
    edit(packages, "ca-certificates cron", "ca-certificates cron hello")
    assert "hello: not installed; type fab install" in site.fab("deploy", "--force", status=1)
    site.fab("install")
    packages.write_text(before, "utf-8")
    site.host.run("dpkg-query -W hello && apt-get -qq purge hello")


def test_code_that_does_not_pass_its_checks_never_goes_live(site):
    before = live_release(site)
    urls = site.project / "mysite/urls.py"
    sound = urls.read_text()
    urls.write_text(sound + "\nimport no_such_module\n")
    site.commit()
    output = site.fab("deploy", status=1)
    assert "no_such_module" in output
    assert "stopped at: Checks and static files" in output
    assert live_release(site) == before
    assert site.get("/")[0] == 200
    urls.write_text(sound)
    site.commit()


def test_what_was_lost_comes_back_with_a_restore(site):
    site.host.run(f"umask 022; echo precious >{site.root}/shared/media/file.txt")
    name = site.answer("backup").strip()
    tables = ("homepage_section", "homepage_homepage", "pages_richtextpage", "pages_page")
    site.fab("psql", "; ".join(f"DELETE FROM {table}" for table in tables))
    site.host.run(f"rm {site.root}/shared/media/file.txt")
    assert site.get("/")[0] == 404
    output = site.fab("restore", name, status=2)
    assert re.search(rf"{name} is \d minutes old; what has been written since is lost", output)
    assert re.search(r"pages_page: \d+ rows in the backup, 0 live", output)
    assert f"not confirmed; type {name} when asked, or --yes {name}" in output
    assert site.get("/")[0] == 404
    typed(site, [name], "restore", name)
    assert site.get("/")[0] == 200
    assert site.get("/media/file.txt") == (200, "precious\n")


def test_the_name_of_a_table_is_never_a_command(site):
    odd = "x'\n\\! touch /tmp/run-by-psql\n"
    site.fab("psql", f'CREATE TABLE "{odd}" (number int)')
    output = site.fab("restore", status=2)
    assert "! touch /tmp/run-by-psql" in output
    assert "no rows in the backup, 0 live" in output
    assert not (site.host.root / "tmp/run-by-psql").exists()
    site.fab("psql", f'DROP TABLE "{odd}"')


def test_what_the_sites_role_has_made_in_its_database_never_makes_it_a_superuser(site):
    psql = "psql -qX -v ON_ERROR_STOP=1"
    site.host.run(psql, user="mysite", input=TRAPS)
    name = site.answer("backup").strip()
    site.fab("restore", name, "--yes", name)
    site.fab("plan")
    asked = "SELECT rolsuper FROM pg_roles WHERE rolname = 'mysite'"
    answer = site.host.run("runuser -u postgres -- psql -qAtX", input=asked).stdout
    assert answer == "f\n"
    assert site.host.run(f"{psql} -At", user="mysite", input="TABLE caught").stdout == "mysite\n"
    clean = "DROP FUNCTION caught_by_trigger, caught_by_operator, seize CASCADE; DROP TABLE caught"
    site.host.run(psql, user="mysite", input=clean)


def dump_of_the_last_deploy(site):
    return site.host.run(f"ls {site.root}/backups").stdout.split()[-1]


def test_a_damaged_backup_is_refused_before_anything_is_touched(site):
    name = dump_of_the_last_deploy(site)
    site.host.run(f"truncate --size=-100 {site.root}/backups/{name}/database")
    assert "is damaged" in site.fab("restore", name, status=1)
    assert site.get("/")[0] == 200
    site.host.run(f"rm -r {site.root}/backups/{name}")


@pytest.mark.parametrize(
    ("harm", "told"),
    [("echo other >project", "is a backup of another project"), (": >database", "is empty")],
)
def test_a_foreign_or_empty_backup_is_refused_before_anything_is_touched(site, harm, told):
    name = dump_of_the_last_deploy(site)
    sums = "sha256sum project release database >SHA256SUMS"
    site.host.run(f"cd {site.root}/backups/{name} && {harm} && {sums}")
    assert told in site.fab("restore", name, status=1)
    assert site.get("/")[0] == 200
    site.host.run(f"rm -r {site.root}/backups/{name}")


def test_what_cron_runs_makes_a_backup_and_files_that_nginx_may_read(site):
    crontab = (site.host.root / "etc/cron.d/mysite").read_text()
    nightly = re.search(r"^20 4 \* \* \* root (.*)", crontab, re.M)[1]
    site.host.run(f"umask 077; {nightly}")
    assert re.search("last backup:.*-nightly", site.status())
    for line in re.findall(r"^\S+ \S+ \* \* \* mysite (.*)", crontab, re.M):
        assert line.startswith("umask 027; ")  # NGINX reads by its group


def test_a_backup_comes_home(site):
    path = site.project / site.answer("backup", "--get").strip()
    listed = subprocess.check_output(["tar", "-tf", path], text=True).splitlines()
    assert {"state/dump/database", "shared/media/"} <= set(listed)
    assert path.stat().st_mode & 0o777 == 0o600


def test_in_maintenance_everybody_is_told_so(site):
    site.fab("maintenance", "on")
    assert site.get("/")[0] == 503
    site.fab("maintenance", "off")
    assert site.get("/")[0] == 200


def test_single_commands_run_as_the_user_of_the_site(site):
    assert "uid=" in site.fab("run", "id")
    assert "(mysite)" in site.fab("run", "id")
    assert "uid=0(root)" in site.fab("sudo", "id")
    assert "no issues" in site.answer("manage", "check")
    assert site.answer("python", "print(6 * 7)") == "42\n"
    pages = json.loads(site.answer("manage", "dumpdata pages.page --indent 2"))
    assert {page["model"] for page in pages} == {"pages.page"}
    assert "mezzanine" in site.fab("pip", "list")


def test_a_command_that_fails_says_so_by_its_status(site):
    assert "exit status 3" in site.fab("run", "echo oops; exit 3", status=3)


def test_after_a_reboot_the_site_is_back_by_itself(site):
    site.host.reboot()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if site.get("/")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.5)  # between two questions
    pytest.fail("the site did not come back within 60 s")


def test_remove_leaves_nothing_of_the_project_but_its_last_backup(site):
    assert "not confirmed" in site.fab("remove", status=2)
    assert site.get("/")[0] == 200
    assert "/var/backups/mysite-" in site.fab("remove", "--yes", "mysite")
    left = site.host.run(
        "find / -xdev -name '*mysite*' -not -path '/proc/*' -not -path '/var/backups/*';"
        "getent passwd mysite; runuser -u postgres -- psql -lqAt | grep mysite",
        check=False,
    )
    # What `fab secure` did stays: the server is no less in danger without the site.
    secured = {"/etc/ssh/sshd_config.d/00-mysite.conf", "/etc/sudoers.d/mysite"}
    secured |= {"/etc/fail2ban/jail.d/mysite.local", "/etc/needrestart/conf.d/mysite.conf"}
    secured |= {"/etc/modprobe.d/90-mysite.conf", "/etc/sysctl.d/90-mysite.conf"}
    assert set(left.stdout.splitlines()) - secured == set()
