"""Mail of a live site: a mail server on the host takes it, is late, refuses, hangs and dies."""

import re
import shlex
from concurrent.futures import ThreadPoolExecutor

import pytest
from faults import edit, wait_for
from mail_on_host import give, install, serve, taken
from sites import BY_PASSWORD, Site
from support import Baker

NAME = "www.post.example"
MAIL_PASSWORD = "hunter2 of the mail"
RESET = "/accounts/password/reset/"

# A visitor sends a form of one field, and says how many seconds that took.
VISIT = """
visit() {{ curl -sk --max-time 20 --resolve {name}:443:127.0.0.1 -b /tmp/jar -c /tmp/jar "$@"; }}
token=$(visit https://{name}{path} | grep -o 'csrfmiddlewaretoken" value="[^"]*' | cut -d'"' -f3)
visit -o /opt/mail/page -w '%{{http_code}} %{{time_total}}' -e https://{name}{path} \
    --data-urlencode "csrfmiddlewaretoken=$token" --data-urlencode username=admin \
    https://{name}{path}
"""
SEND = "from django.core.mail import send_mail as s; [s(str(n), 'x', None, [{to!r}]) for n in {n}]"
IN_RELEASE = "cd /srv/posting/current/project && umask 022; exec ../venv/bin/python manage.py "


@pytest.fixture(scope="module")
def site(installed, template, tmp_path_factory):
    project = Baker(template, tmp_path_factory.mktemp("mail")).bake(project_name="posting")
    site = Site(project, installed, name=NAME, **BY_PASSWORD)
    settings = project / "posting/settings.py"
    edit(settings, 'EMAIL_HOST_USER = ""', 'EMAIL_HOST_USER = "garden"')
    site.commit()
    site.configure(GUNICORN_PORT=8061, LIVE_HOSTNAME=NAME, ADMIN_PASS="an admin's password")
    site.told = site.fab("create", "deploy")
    install(site, project)
    yield site
    site.host.run("systemctl stop mail-server", check=False)
    site.fab("remove", "--yes", "posting")


def states(site):
    sql = "SELECT state FROM mail_queuedmail ORDER BY id"
    command = f"runuser -u postgres -- psql -qAtX posting -c {shlex.quote(sql)}"
    return site.host.run(command).stdout.split()


def psql(site, sql):
    site.host.run(f"runuser -u postgres -- psql -qAtX posting -c {shlex.quote(sql)}")


def visit(site):
    """Ask for a new password as a visitor; return the status and the seconds."""
    told = site.host.run(VISIT.format(name=NAME, path=RESET)).stdout
    return int(told.split()[0]), float(told.split()[1])


def queue(site, to, number=1):
    """Let the site write mails, with the subjects 0, 1 and so on."""
    code = shlex.quote(SEND.format(to=to, n=range(number)))
    site.host.run(f"{IN_RELEASE} shell -v0 -c {code}", user="posting")


def send_now(site):
    """Send what waits, as cron does."""
    site.host.run(f"{IN_RELEASE} send_queued_mail", user="posting")


def mail_row(site, mark):
    return re.search(rf"^{mark} mail: .*", site.status(), re.M)[0]


def test_without_a_mail_server_plan_deploy_status_and_visitors_say_so(site):
    line = "Mail is not configured: EMAIL_HOST names no mail server"
    assert site.told.count("The site cannot send mail (EMAIL_HOST localhost, port 25: ") == 1
    assert f"{line}; type fab secret EMAIL_HOST" in site.fab("plan")
    assert line in mail_row(site, "✓")
    assert line in site.fab("mail", "ann@example.com", status=1)
    assert visit(site)[0] == 200
    assert "Please ask for a new password" in (site.host.root / "opt/mail/page").read_text()
    site.fab("mail", "ann", status=2)


def test_a_test_mail_shows_each_step_and_no_password(site):
    serve(site, delay=2)
    give(site, "2525", "EMAIL_PORT")
    give(site, MAIL_PASSWORD, "EMAIL_HOST_PASSWORD", "--yes")
    output = site.fab("mail", "ann@example.com")
    for line in ("<- 220 here", "<- 235 let in", "-> rcpt to:<ann@example.com>", "<- 354 go on"):
        assert line in output.lower()
    assert MAIL_PASSWORD not in output
    assert len(taken(site)) == 1
    serve(site, "does not take the password")
    assert "Not sent: 535 5.7.8 Wrong password" in site.fab("mail", "a@example.com", status=1)


def test_no_visitor_waits_for_a_mail_server_and_cron_sends_later(site):
    before = len(taken(site))
    serve(site, delay=15)
    status, seconds = visit(site)
    assert status in (200, 302)
    assert seconds < 5
    assert states(site) in (["waiting"], ["sending"])  # cron may have begun
    serve(site)
    wait_for(lambda: states(site) == ["sent"], 130)
    wait_for(lambda: len(taken(site)) > before, 10)
    text = taken(site)[-1]
    assert f"https://{NAME}/" in text.replace("=\n", "")
    assert f"<webmaster@{NAME}>" in text or "<webmaster@" in text


def test_two_runs_at_once_send_each_mail_once(site):
    before = len(taken(site))
    queue(site, "zoe@example.com", 8)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send_now, [site, site]))
    wait_for(lambda: set(states(site)) == {"sent"}, 60)
    wait_for(
        lambda: len(taken(site)) >= before + 8, 10
    )  # it writes them down twenty times a second
    subjects = [re.search("^Subject: (.*)", text, re.M)[1].strip() for text in taken(site)[before:]]
    assert sorted(subjects) == [str(number) for number in range(8)]


def test_what_was_being_sent_when_the_process_was_killed_is_shown_and_not_sent_twice(site):
    before = len(taken(site))
    psql(site, "DELETE FROM mail_queuedmail")
    serve(site, "is silent after the text")
    queue(site, "bob@example.com")
    with site.host.popen(f"{IN_RELEASE} send_queued_mail", user="posting"):
        wait_for(lambda: states(site) == ["sending"], 90)  # by this run, or by cron's
        site.host.run("pkill -KILL -u posting -f manage.py.send_queued_mail")
    serve(site)
    send_now(site)
    assert states(site) == ["sending"]
    psql(site, "UPDATE mail_queuedmail SET changed_at = changed_at - interval '16 minutes'")
    send_now(site)
    assert states(site) == ["doubtful"]
    assert len(taken(site)) == before


def test_what_a_server_refuses_for_good_is_wrong_with_its_words(site):
    serve(site, "does not take the address")
    queue(site, "nobody@example.com")
    send_now(site)
    wait_for(lambda: states(site) == ["doubtful", "failed"], 60)
    row = mail_row(site, "✗")
    assert "2 not delivered, see E-mails in the admin" in row
    assert f"the last, of {NAME}: 550 5.1.1 No such mailbox" in row


def test_what_waited_in_a_backup_that_is_loaded_is_not_sent_again(site):
    psql(site, "UPDATE mail_queuedmail SET state = 'waiting', not_before = now() + '1 hour'")
    program = "import sys; sys.path.insert(0, '/srv/posting/shared/on_host.pyz')"
    hold = f"{program}; from on_host.restore import databases, hold_mail"
    hold += "; hold_mail(databases.here(databases.Site('posting', '/')), 'posting')"
    site.host.run(f"python3 -c {shlex.quote(hold)}")
    assert states(site) == ["doubtful", "doubtful"]
