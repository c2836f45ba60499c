"""Alarms of a live site: each is provoked on a real host, told once, and once when it is over."""

import json
import re
import shlex
import time
from email import message_from_string, policy

import pytest
from faults import edit, wait_for
from mail_on_host import give, install, serve, taken
from sites import BY_PASSWORD, Site
from support import Baker

pytestmark = pytest.mark.long  # eight minutes on a host: nox -s everything runs it

NAME = "www.watch.example"
ADMINS = '[("Ann", "ann@example.com")]'
MAIL_PASSWORD = 'hunter2 of "the" mail'
SECRET = "a-secret-of-the-address"
BOOM = """
def boom(request):
    raise ValueError("of one visitor")


urlpatterns = [path("boom/", boom), *urlpatterns]
"""
STATE = "/srv/watching/state"
BACKUP, JOB = "/srv/watching/backups/old", "/run/watching/jobs/clearsessions"
# Keeps what it is sent in /opt/hook/taken, a line each.
HOOK = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Hook(BaseHTTPRequestHandler):
    def do_GET(self):
        size = int(self.headers.get("Content-Length", 0))
        with open("/opt/hook/taken", "a") as file:
            file.write(f"{self.command} {self.path} {self.rfile.read(size).decode()}\\n")
        self.send_response(200)
        self.end_headers()
    do_POST = do_GET
    def log_message(self, *words):
        pass  # the address, a secret, is not to be in the journal by this program
HTTPServer(("127.0.0.1", 8085), Hook).serve_forever()
"""
# Lets all that is known of the checks be so many seconds older.
OLDER = """
import json, os, sys
def older(value):
    if isinstance(value, dict):
        for key, each in value.items():
            if key in ("asked", "right", "ended", "next", "since", "pinged") and each:
                value[key] = older_number(each)
            else:
                older(each)
        for each in value.get("answers", []):
            each[0] -= seconds
def older_number(each):
    return each - seconds if isinstance(each, (int, float)) else each
seconds = int(sys.argv[1])
for path in ("/srv/watching/state/alarms.json", "/run/watching-watch/alarms.json"):
    with open(path) as file:
        memory = json.load(file)
    older({key: memory[key] for key in ("rows", "outbox", "measures")})
    memory["pinged"] = memory.get("pinged", 0) - seconds
    with open(path, "w") as file:
        json.dump(memory, file)
"""


@pytest.fixture(scope="module")
def site(installed, template, tmp_path_factory):
    project = Baker(template, tmp_path_factory.mktemp("alarms")).bake(project_name="watching")
    site = Site(project, installed, name=NAME, **BY_PASSWORD)
    edit(project / "watching/settings.py", 'EMAIL_HOST_USER = ""', 'EMAIL_HOST_USER = "garden"')
    with (project / "watching/urls.py").open("a") as file:
        file.write(BOOM)
    site.commit()
    metrics = "/var/lib/prometheus/node-exporter"
    site.configure(GUNICORN_PORT=8062, LIVE_HOSTNAME=NAME, METRICS_DIRECTORY=metrics)
    site.host.run(f"mkdir -p {metrics} /opt/hook; cat >/opt/hook/serve.py", input=HOOK)
    site.host.run("systemd-run --quiet --unit=hook python3 /opt/hook/serve.py")
    site.fab("create", "deploy")
    install(site, project)
    serve(site)
    give(site, "2525", "EMAIL_PORT")
    give(site, MAIL_PASSWORD, "EMAIL_HOST_PASSWORD")
    give(site, f"http://127.0.0.1:8085/{SECRET}/hook", "ALARM_URL")
    give(site, f"http://127.0.0.1:8085/{SECRET}/ping", "ALARM_PING_URL")
    give(site, ADMINS, "ADMINS", "--yes")
    site.host.run("sed -i '/ watch 5m /s/^/#/' /etc/cron.d/watching")  # the test does the rounds
    wait_for(lambda: not site.host.run("pgrep -f [j]ob.sh.watching.watch", check=False).stdout, 60)
    rounds(site, 2)
    yield site
    site.host.run("systemctl stop mail-server hook", check=False)
    site.fab("remove", "--yes", "watching")
    left = site.host.run("ls /etc/msmtprc /etc/msmtp-aliases /var/lib/prometheus/*/*", check=False)
    assert left.stdout == ""


def rounds(site, number=1):
    """Do rounds, as cron does each minute."""
    line = site.host.run("grep -h ' watch 5m ' /etc/cron.d/watching").stdout
    command = shlex.quote(re.search("root (.*)", line)[1])
    site.host.run(f"for round in $(seq {number}); do sh -c {command} || exit 1; done")


def older(site, seconds):
    site.host.run(f"python3 - {seconds}", input=OLDER)


def mails(site):
    """Return the mails to Ann, as (subject, text)."""
    time.sleep(0.2)  # the server writes them down twenty times a second
    found = [message_from_string(text, policy=policy.default) for text in taken(site)]
    return [(" ".join(mail["Subject"].split()), mail.get_content()) for mail in found]


def hooks(site):
    """Return what the URL was sent: the method and path, and the body."""
    path = site.host.root / "opt/hook/taken"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(" ".join(line.split(" ", 2)[:2]), line.split(" ", 2)[2]) for line in lines]


def is_told(site, before, words):
    return [text for _subject, text in mails(site)[before:] if words in text]


FAULTS = {
    "processes": ("supervisorctl stop watching", "supervisorctl start watching"),
    "memcached": (
        "supervisorctl stop watching-memcached",
        "supervisorctl start watching-memcached",
    ),
    "services": ("systemctl stop cron", "systemctl start cron"),
    "disk": ("mount -t tmpfs -o size=1m none /var/log", "umount /var/log"),
    "reboot": ("touch /run/reboot-required", "rm /run/reboot-required"),
    "units": ("systemd-run -q --unit=broken false; sleep 0.5", "systemctl reset-failed broken"),
    "last backup": (
        f"install -d {BACKUP}; touch -d '3 days ago' {BACKUP}/SHA256SUMS",
        f"rm -r {BACKUP}",
    ),
    "errors": (
        'for n in $(seq 30); do echo \'203.0.113.9 - - [x] "GET / HTTP/2.0" 500 5 "-" "-" x\';'
        " done >>/var/log/nginx/watching.access.log",
        "true",
    ),
    "cron jobs": (
        f"mkdir -p /run/watching/jobs; printf '2\\nno such database\\n' >{JOB}",
        f"printf '0\\n\\n' >{JOB}",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_told_once_and_once_when_it_is_over(site, name):
    provoke, mend = FAULTS[name]
    before = len(mails(site))
    older(site, 3600)
    site.host.run(provoke)
    try:
        rounds(site, 4)
        assert len(is_told(site, before, f"WRONG  {name}: ")) == 1
        assert len(mails(site)) <= before + 2
    finally:
        site.host.run(mend)
    rounds(site)
    older(site, 700)
    rounds(site)
    older(site, 700)
    rounds(site, 3)
    assert len(is_told(site, before, f"over  {name}")) == 1
    assert len(is_told(site, before, f"WRONG  {name}: ")) == 1


def test_alarms_arrive_where_the_database_and_the_release_are_gone(site):
    before = len(mails(site))
    site.host.run("systemctl stop postgresql; mv /srv/watching/venvs /srv/watching/away")
    try:
        older(site, 3600)
        rounds(site, 3)
        assert is_told(site, before, "WRONG  database: ")
    finally:
        site.host.run("mv /srv/watching/away /srv/watching/venvs; systemctl start postgresql")
    wait_for(lambda: site.get("/")[0] == 200, 30)
    for _ in range(3):
        rounds(site)
        older(site, 3600)
    assert is_told(site, before, "over  database")


def test_what_the_mail_server_does_not_take_arrives_once_when_it_does(site):
    serve(site, "is busy")
    before = len(mails(site))
    site.host.run("touch /run/reboot-required")
    older(site, 7200)
    rounds(site, 3)
    assert len(mails(site)) == before
    serve(site)
    older(site, 7200)
    rounds(site, 3)
    assert len(is_told(site, before, "WRONG  reboot: ")) == 1
    site.host.run("rm /run/reboot-required")
    for _ in range(3):
        rounds(site)
        older(site, 7200)
    assert len(is_told(site, before, "WRONG  reboot: ")) == 1


def test_a_site_that_is_closed_on_purpose_is_no_alarm(site):
    before = len(mails(site))
    site.fab("maintenance", "on")
    older(site, 3600)
    rounds(site, 3)
    site.fab("maintenance", "off")
    assert len(mails(site)) == before


def test_the_url_is_told_and_gets_a_sign_of_life_and_is_seen_nowhere(site):
    posts = [json.loads(body) for way, body in hooks(site) if way == f"POST /{SECRET}/hook"]
    assert any("WRONG  processes: " in post["text"] for post in posts)
    assert all(set(post) == {"id", "title", "text", "content"} for post in posts)
    assert len({post["id"] for post in posts}) == len(posts)
    assert (f"GET /{SECRET}/ping", "") in hooks(site)
    shown = site.status() + site.fab("plan") + site.fab("history")
    shown += site.host.run("journalctl; grep -rs hunter2 /etc /var/log", check=False).stdout
    assert SECRET not in shown
    assert "hunter2" not in shown


def test_a_test_alarm_goes_by_each_way(site):
    before = len(mails(site)), len(hooks(site))
    output = site.fab("alarm")
    for way in ("ann@example.com", "ALARM_URL", "ALARM_PING_URL"):
        assert f"✓ {way}" in output
    assert (len(mails(site)), len(hooks(site))) == (before[0] + 1, before[1] + 2)
    serve(site, "does not take the address")
    assert "✗ ann@example.com: 550 5.1.1 No such mailbox" in site.fab("alarm", status=1)
    serve(site)


def test_what_a_round_costs_is_printed(site, figures):
    line = site.host.run("grep -h ' watch 5m ' /etc/cron.d/watching").stdout
    command = re.search("root (.*)", line)[1]
    times = "t = os.times(); print(t.children_user + t.children_system)"
    run = f"import os\nfor _ in range(5): assert os.system({command!r}) == 0\n{times}"
    seconds = float(site.host.run("python3 -", input=run).stdout.split()[-1]) / 5
    assert seconds > 0.05  # it has run: the program alone takes that to start
    figures(f"a round of the alarms: {seconds:.2f} s of CPU")


def test_prometheus_finds_each_check(site):
    rounds(site)
    text = (site.host.root / "var/lib/prometheus/node-exporter/watching.prom").read_text()
    assert 'site_check_ok{site="watching",check="processes"} 1' in text
    assert 'site_check_ok{site="watching",check="outside"} 1' in text


def test_mail_to_root_goes_to_the_admins(site):
    before = len(mails(site))
    site.host.run("printf 'Subject: of cron\\n\\nIt failed.\\n' | sendmail -FCronDaemon -i root")
    assert [subject for subject, _text in mails(site)[before:]] == ["of cron"]
    assert "ann@example.com" in re.search("system mail: .*", site.status())[0]


def test_a_request_is_found_by_its_id_and_an_error_is_mailed_once(site):
    ask = f"curl -sk --resolve {NAME}:443:127.0.0.1 -D - -o /dev/null https://{NAME}"
    forged = "0" * 32
    ids = []
    for path in ("/", "/boom/", "/boom/", "/static/none", "/media/none"):
        head = site.host.run(f"{ask}{path} -H 'X-Request-ID: {forged}'").stdout
        ids += re.findall(r"(?im)^x-request-id: (\S+)\r?$", head)
    assert len(set(ids) - {forged}) == 5
    wait_for(lambda: ids[1] in site.answer("logs", "--request", ids[1]), 10)
    found = site.answer("logs", "--request", ids[1])
    assert '"GET /boom/ HTTP' in found
    assert "ValueError: of one visitor" in found
    assert ids[2] not in found
    site.fab("logs", "--request", forged, status=1)
    site.fab("logs", "--request", "x; id", status=2)
    sql = "SELECT subject FROM mail_queuedmail WHERE subject LIKE '%ValueError%'"
    psql = f"runuser -u postgres -- psql -qAtX watching -c {shlex.quote(sql)}"
    assert len(site.host.run(psql).stdout.splitlines()) == 1


def test_the_home_pages_of_all_sites_are_asked_for(site):
    site.fab("manage", "addsite two.example --copy-from 1")
    rounds(site, 2)
    memory = json.loads((site.host.root / f"{STATE.lstrip('/')}/alarms.json").read_text())
    assert memory["sites"]["total"] == 2
    assert memory["sites"]["broken"] == {}
    assert "2, each asked within an hour" in site.status()


def test_cron_itself_does_the_rounds(site):
    site.host.run(
        "sed -i '/ watch 5m /s/^#*//' /etc/cron.d/watching; rm -f /srv/watching/state/jobs/watch"
    )
    done = site.host.root / "srv/watching/state/jobs/watch"
    wait_for(done.exists, 130)
    assert done.read_text() == "0\n\n"
