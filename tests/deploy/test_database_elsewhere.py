"""A site whose database is on another host: DATABASE in FABRIC."""

import json
import re
import time
from subprocess import PIPE

import pytest
from cgroup import wait_for
from load import Connection, Load
from sites import PASSWORD, Site
from support import Baker

NAME = "distant"
WWW = "www.distant.example"
DB_PASS = "straw, 7 boats and a door"
# What deploy/README.md says for a host of one's own.
SERVER = f"""
set -e
apt-get -qq update && apt-get -qq install --no-install-recommends postgresql openssl >/dev/null
cd /etc/postgresql/*/main
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=CA of the database' \
    -keyout ca.key -out ca.crt 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=database \
    -keyout server.key -out server.csr 2>/dev/null
echo "subjectAltName = IP:$address" >san
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -days 30 -extfile san \
    -out server.crt 2>/dev/null
chown postgres: server.key && chmod 600 server.key
cat >conf.d/elsewhere.conf <<END
listen_addresses = 'localhost,$address'
ssl_cert_file = '$PWD/server.crt'
ssl_key_file = '$PWD/server.key'
max_connections = 400
END
echo "hostssl {NAME} {NAME} samenet scram-sha-256" >>pg_hba.conf
systemctl restart postgresql
"""
LATIN1 = "ENCODING 'LATIN1' LOCALE 'C'"
MARKED = "CREATE TABLE deployed_project AS SELECT 'shop' AS project, 'x' AS environment"
HBA = f"""
cd /etc/postgresql/*/main
echo "hostssl all {NAME} samenet scram-sha-256" >>pg_hba.conf
systemctl reload postgresql
"""


@pytest.fixture(scope="module")
def server(rig):
    """A host with Debian's PostgreSQL, TLS by a CA of its own, and no database yet."""
    host = rig.up("database", suite="trixie")
    host.run(f"address={host.address}\n{SERVER}{HBA}")
    yield host
    host.down()


def sql(server, statements, database="postgres"):
    words = f"runuser -u postgres -- psql -qAtX -v ON_ERROR_STOP=1 {database}"
    return server.run(words, input=statements).stdout.strip()


def url(server, database=NAME):
    return f"postgresql://{NAME}@{server.address}/{database}"


@pytest.fixture(scope="module")
def distant(rig, server, template, tmp_path_factory):
    """A project for a new server, which knows the CA of the database."""
    made = Baker(template, tmp_path_factory.mktemp("distant")).bake(
        project_name=NAME, live_hostname=WWW
    )
    host = rig.up("distant", suite="trixie")
    site = Site(made, host, name=WWW, SSH_USER="root", ADMIN_PASS=PASSWORD, DB_PASS=DB_PASS)
    site.configure(DATABASE=url(server))
    yield site
    host.down()


def pages(site):
    return json.loads(site.answer("python", COUNT))


COUNT = "from mezzanine.pages.models import Page; print(Page.objects.count())"
ADD = """
from mezzanine.pages.models import RichTextPage
RichTextPage.objects.create(title="{0}", slug="{0}", content="Rye")
"""
RENAME = "from mezzanine.pages.models import Page; Page.objects.filter(slug='/').update(title='{}')"


def test_what_is_missing_there_is_told_in_a_line_before_anything_is_made(distant, server):
    distant.fab("install")
    output = distant.fab("create", status=1)
    assert "put what signs its certificate into deploy/, as database.ca.pem" in output
    ca = server.run("cat /etc/postgresql/*/main/ca.crt").stdout
    (distant.project / "deploy/database.ca.pem").write_text(ca)
    output = distant.fab("create", status=1)
    assert f'type there CREATE ROLE "{NAME}"' in output
    sql(server, f"CREATE ROLE {NAME} LOGIN CREATEDB PASSWORD '{DB_PASS}'")
    output = distant.fab("create", status=1)
    assert f'type there CREATE DATABASE "{NAME}" OWNER "{NAME}"' in output
    sql(server, f"CREATE DATABASE {NAME} OWNER {NAME} TEMPLATE template0 {LATIN1}")
    assert "has the encoding LATIN1" in distant.fab("create", status=1)
    sql(server, f"DROP DATABASE {NAME}")
    sql(server, f"CREATE DATABASE {NAME} OWNER {NAME} TEMPLATE template0 ENCODING 'UTF8'")
    sql(server, "CREATE TABLE orders (id int)", NAME)
    assert "has 1 tables of somebody else" in distant.fab("create", status=1)
    sql(server, "DROP TABLE orders", NAME)
    sql(server, MARKED, NAME)
    sql(server, f"ALTER TABLE deployed_project OWNER TO {NAME}", NAME)
    assert "is that of shop of x" in distant.fab("create", status=1)
    sql(server, "DROP TABLE deployed_project", NAME)


def test_from_an_empty_host_to_the_live_page_without_a_postgresql_there(distant, server):
    distant.fab("all")
    assert distant.get("/")[0] == 200
    assert sql(server, "SELECT count(*) FROM django_site", NAME) == "1"
    mark = sql(server, "SELECT project, environment FROM deployed_project", NAME)
    assert mark == f"{NAME}|production"
    installed = distant.host.run("dpkg-query -W 'postgresql*' | awk '$2 {print $1}'").stdout.split()
    assert not [name for name in installed if re.fullmatch(r"postgresql(-\d+)?", name)]
    assert not distant.host.run("ss -Hltn 'sport = :5432'").stdout
    output = distant.status()
    assert re.search(rf"database: +version 17 on {server.address}, TLS verified\n", output)
    assert distant.answer("psql", "SELECT 6 * 7").split()[2] == "42"


def test_what_is_asked_there_never_runs_as_root(distant):
    assert distant.answer("psql", "\\! id -un").split() == [NAME]


def test_the_password_is_in_no_log_and_no_list_of_processes(distant):
    (distant.host.root / "root/password").write_text(f"{DB_PASS}\n")
    search = "journalctl -o cat >/tmp/journal; grep -rlasFf /root/password /tmp /var /etc /run"
    assert distant.host.run(search, check=False).stdout == ""
    distant.host.run("rm /root/password")
    kept = distant.host.run(f"stat -Lc '%a %U %G' /srv/{NAME}/current/pg_service.conf").stdout
    assert kept.split() == ["640", "root", NAME]


def test_a_backup_comes_back_there(distant, server):
    before = pages(distant)
    name = distant.answer("backup").split()[-1]
    distant.fab("python", ADD.format("later"))
    assert pages(distant) == before + 1
    output = distant.fab("restore", name, "--yes", name)
    assert "deployed_project" not in output
    assert pages(distant) == before
    assert sql(server, "SELECT project FROM deployed_project", NAME) == NAME
    assert sql(server, f"SELECT 1 FROM pg_database WHERE datname = '{NAME}-before-restore'") == "1"
    sql(server, f"ALTER ROLE {NAME} NOCREATEDB")
    output = distant.fab("restore", name, "--yes", name, status=1)
    assert f'ALTER ROLE "{NAME}" CREATEDB' in output
    assert "may load no backup beside it" in distant.status()
    output = distant.fab("deploy", "--force", "--maintenance", status=1)
    assert f'ALTER ROLE "{NAME}" CREATEDB' in output
    assert "Code of" not in output  # nothing was built
    sql(server, f"ALTER ROLE {NAME} CREATEDB")


def test_a_session_that_its_role_may_not_end_keeps_a_restore_from_changing_anything(
    distant, server
):
    before = pages(distant)
    name = distant.answer("backup").split()[-1]
    distant.fab("python", ADD.format("since"))
    psql = f"runuser -u postgres -- psql -qAtX {NAME}"
    with server.popen(psql, stdin=PIPE, stdout=PIPE, text=True) as superuser:
        superuser.stdin.write("SELECT 'there';\n")
        superuser.stdin.flush()
        assert superuser.stdout.readline() == "there\n"
        output = distant.fab("restore", name, "--yes", name, status=1)
        superuser.stdin.close()
    assert "let its superuser type there SELECT pg_terminate_backend" in output
    assert distant.get("/")[0] == 200
    assert pages(distant) == before + 1


def test_mail_that_waits_is_looked_for_there(distant):
    words = f"cd /srv/{NAME}/current/project && sh -x /srv/{NAME}/shared/send_mail.sh"
    traced = distant.host.run(words, user=NAME).stderr
    assert "manage.py" not in traced


def test_a_deploy_brings_no_data_to_another_database_and_says_so(distant, server):
    distant.configure(DATABASE="")
    output = distant.fab("deploy", status=2)
    assert f"DATABASE: {url(server)} becomes empty, and a deploy brings no data there" in output
    distant.configure(DATABASE=f"{url(server)}?sslmode=verify-full")
    assert "Go on with what is there" in distant.fab("deploy", status=2)
    distant.fab("deploy", "--yes")
    assert distant.get("/")[0] == 200


def test_a_deploy_to_another_database_makes_it_the_projects(distant, server):
    other = f"{NAME}_two"
    sql(server, f"CREATE DATABASE {other} OWNER {NAME} TEMPLATE template0 ENCODING 'UTF8'")
    sql(server, f"SET ROLE {NAME}; {MARKED}", other)
    distant.configure(DATABASE=url(server, other))
    assert "is that of shop of x" in distant.fab("deploy", "--yes", status=1)
    sql(server, "DROP TABLE deployed_project", other)
    distant.fab("deploy", "--yes")
    mark = sql(server, "SELECT project, environment FROM deployed_project", other)
    assert mark == f"{NAME}|production"
    assert distant.get("/since/")[0] == 404
    distant.configure(DATABASE=url(server))
    distant.fab("deploy", "--yes")
    assert distant.get("/since/")[0] == 200


def test_a_database_host_that_is_cut_off_is_told(distant, server):
    server.cut()
    try:
        assert re.search(r"database: .* cannot be used", distant.fab("status", status=1))
    finally:
        server.join()
    assert "TLS verified" in distant.status()


def test_what_a_host_has_locked_is_free_again_soon_after_it_was_cut_off(distant, server):
    def is_locked():
        return sql(server, LOCKED, NAME) == "t"

    with distant.start("psql", LOCK) as process:
        try:
            wait_for(is_locked, 30)
            distant.host.cut()
            wait_for(lambda: not is_locked(), 90)
        finally:
            process.kill()
            distant.host.join()


LOCK = "BEGIN; LOCK TABLE django_site; SELECT pg_sleep(600)"
LOCKED = """
SELECT count(*) > 0 FROM pg_locks JOIN pg_class ON pg_class.oid = relation
WHERE relname = 'django_site' AND mode = 'AccessExclusiveLock'
"""


class Readers(Load):
    """Visitors who all ask for one page, which is kept."""

    pause = 1  # half of them begin a connection each time, which takes CPU

    def _ask(self, connection, reads):
        connection.request("GET", "/", headers={"Host": self.name})


def ask(site, **headers):
    """Ask for the home page; return the status, the text, and how many seconds that took."""
    begun, connection = time.monotonic(), Connection(site.host.address, WWW)
    connection.request("GET", "/", headers={"Host": WWW} | headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), time.monotonic() - begun


AWAY = [("cut", "join"), pytest.param("freeze", "thaw", marks=pytest.mark.long)]


@pytest.mark.parametrize(("away", "back"), AWAY)
def test_visitors_of_a_kept_page_do_not_wait_for_it(distant, server, away, back, figures):
    with Readers(distant, WWW, visitors=20) as visitors:
        time.sleep(3)
        getattr(server, away)()
        try:
            time.sleep(75)  # longer than PAGE_CACHE_SECONDS: the page is to be checked as well
            status, _, waited = ask(distant, Cookie="just-sent=1")  # what is not kept
        finally:
            getattr(server, back)()
        wait_for(lambda: ask(distant, Cookie="just-sent=1")[0] == 200, 60)
    figures(f"longest wait for a kept page, database {away}: {visitors.slowest:.2f} s")
    figures(f"then what is not kept fails after: {waited:.2f} s")
    assert not visitors.failures
    assert status == 500
    assert max(visitors.slowest, waited) < 5  # however slow this machine is; it was 12
    distant.fab("python", RENAME.format(f"After {away}"))
    wait_for(lambda: f"After {away}" in ask(distant)[1], 5)


def test_a_removal_leaves_the_database_and_says_where(distant, server):
    output = distant.fab("remove", "--yes", NAME)
    # What the refused restore had loaded is there still.
    where = f"the database {NAME} on {server.address}, port 5432, {NAME}-restoring"
    assert f"Not removed: {where}" in output
    assert sql(server, "SELECT count(*) FROM django_site", NAME) == "1"
