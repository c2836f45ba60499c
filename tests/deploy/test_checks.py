"""What is wrong with a live site is told by status, and mended by the command that it names."""

import json
import re

import pytest
from faults import change, edit, edited, held, is_live, live, wait_for
from sites import HOST, PASSWORD, Site, run_jobs
from support import Baker

MARKED = re.compile(r"^([✓✗]) ([\w ]+): +(.*)", re.M)

# A certificate that ran out a day ago, with the key that is there.
EXPIRE = """
cd /etc/nginx/ssl
cat >/tmp/ca.cnf <<END
[ca]
default_ca = own
[own]
new_certs_dir = /tmp
database = /tmp/index.txt
serial = /tmp/serial
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
END
: >/tmp/index.txt
echo 01 >/tmp/serial
openssl req -new -key mysite.key -subj /CN=mysite -addext subjectAltName=DNS:www.one.example \
    -out /tmp/csr
openssl ca -batch -config /tmp/ca.cnf -selfsign -keyfile mysite.key -in /tmp/csr \
    -startdate 20200101000000Z -enddate 20200201000000Z -notext -out mysite.crt 2>&1
systemctl reload nginx
"""

# As after an upgrade of Debian: the packages are for another Python than the one that is there.
OTHER_PYTHON = """
set -eu
cd $(readlink -f /srv/mysite/current/venv)
mv lib/python3.* lib/python3.9
sed -i 's/^version_info = 3[.][0-9]*/version_info = 3.9/' pyvenv.cfg
supervisorctl restart mysite || true
"""

NO_IPV6 = """
mkdir -p /etc/systemd/system/service.d
echo '[Service]\nRestrictAddressFamilies=AF_UNIX AF_INET AF_NETLINK AF_PACKET' \
    >/etc/systemd/system/service.d/no-ipv6.conf
systemctl daemon-reload
systemctl restart ssh
"""
IPV6 = """
rm /etc/systemd/system/service.d/no-ipv6.conf
systemctl daemon-reload
systemctl restart ssh nginx
"""

# The rounds of cron write down what they know when they end.
FORGET = """
set -eu
systemctl stop cron
while pgrep -f '[j]ob.sh mysite watch'; do sleep 0.1; done
rm -f /run/mysite-watch/alarms.json /srv/mysite/state/alarms.json
systemctl start cron
"""


@pytest.fixture(scope="module", autouse=True)
def forgotten(site):
    """The tests before may have shown errors to visitors of this host within ten minutes."""
    site.host.run(FORGET)


def told(site):
    """Return the rows of fab status that are wrong, a dict of name and words."""
    rows = MARKED.findall(site.status())
    assert len(rows) > 15
    return {name: words for mark, name, words in rows if mark == "✗"}


def is_well(site):
    """A job of cron that failed while something was wrong is told until it has run again."""
    run_jobs(site)
    wrong = told(site)
    print(wrong)
    return not wrong


def as_json(site, status):
    with site.start("status", "--json", stderr=None) as process:
        printed = process.communicate(timeout=120)[0]
    assert process.returncode == status
    return json.loads(printed)


def is_down(site):
    return "RUNNING" not in site.host.run("supervisorctl status mysite", check=False).stdout


def test_of_a_live_site_nothing_is_wrong(site):
    site.fab("deploy")
    wait_for(lambda: is_well(site), 120)
    document = as_json(site, 0)
    assert document["release"] == live(site)
    assert all(row["ok"] and row["answer"] and row["since"] for row in document["checks"])


def test_all_that_is_wrong_is_told_at_once_with_what_to_type(site):
    broken = site.root / "current/project/mysite/wsgi.py"
    broken.write_text("import no_such_module\n" + broken.read_text())
    site.host.run(
        "supervisorctl restart mysite; systemctl stop cron; echo due >/run/reboot-required"
    )
    site.host.run(EXPIRE)
    wait_for(lambda: is_down(site))
    wrong = told(site)
    assert "type fab deploy" in wrong["processes"]
    assert "cron" in wrong["services"]
    assert "type fab install" in wrong["services"]
    assert "it has expired, since 2020-02-01T00:00Z; type fab create" in wrong["certificate"]
    assert f"https://{HOST}/ answers 502" in wrong["home page"]
    assert "type fab sudo reboot" in wrong["reboot"]
    rows = as_json(site, 1)["checks"]
    assert {row["name"] for row in rows if not row["ok"]} == set(wrong)


def test_what_a_deploy_cannot_mend_is_told_before_anything_is_changed(site):
    before = live(site)
    output = site.fab("deploy", status=1)
    assert "services: not running: cron; type fab install" in " ".join(output.split())
    assert "Nothing was changed" in output
    assert live(site) == before
    site.host.run("systemctl start cron; rm /run/reboot-required")


def test_a_process_that_is_down_is_brought_up_by_the_deploy_of_what_is_live(site):
    output = site.fab("deploy")
    assert "is live already" not in output
    assert site.get("/")[0] == 200
    wait_for(lambda: is_well(site), 120)
    assert "is live already" in site.fab("deploy")


def test_packages_for_another_python_are_told_in_a_line_and_a_deploy_mends_that(site):
    site.host.run(OTHER_PYTHON)
    problem = re.compile(r"its packages are for Python 3\.9, and here is 3\.\d+; type fab deploy")
    for command, status in (
        (["plan"], 0),
        (["restart"], 1),
        (["manage", "check"], 1),
        (["pip", "list"], 1),
        (["sites"], 1),
        (["rollback", "--release", live(site)], 1),
    ):
        output = site.fab(*command, status=status)
        assert problem.search(output), (command, output)
        assert "Traceback" not in output
    wrong = told(site)
    assert "its packages are for Python 3.9" in wrong["packages"]
    assert "migrations" not in wrong
    assert "is live already" not in site.fab("deploy")
    assert site.get("/")[0] == 200
    wait_for(lambda: is_well(site), 120)


def test_during_a_deploy_nothing_is_advised_that_would_harm_it(site):
    change(site, "asked meanwhile")
    with held(site, "use_main"):
        output = site.status()
    assert re.search(r"^✓ work: +\S+ is at work here, deploy of ", output, re.M)
    assert "fab restart" not in output
    assert is_live(site, "asked meanwhile")


# What visitors see

GONE = {
    "home": (
        "mysite/urls.py",
        'path("", page, {"slug": "/"}, name="home")',
        'path("", page_not_found, name="home")',
        "https://www.one.example/ answers 404",
    ),
    "menu": (
        "mysite/urls.py",
        'path("", page, {',
        'path("blog/", page_not_found),\n    path("", page, {',
        "https://www.one.example/blog/ answers 404, and was 200 before",
    ),
    "error": (
        "mysite/urls.py",
        'path("", page, {',
        'path("blog/", lambda request: 1 / 0),\n    path("", page, {',
        "https://www.one.example/blog/ answers 500, and was 200 before",
    ),
    "second style sheet": (
        "theme/templates/base.html",
        "</head>",
        "<link href=/static/css/gone.css rel='stylesheet'></head>",
        "https://www.one.example/static/css/gone.css answers 404",
    ),
}


@pytest.mark.parametrize("fault", GONE)
def test_a_deploy_by_which_visitors_would_miss_something_is_undone(site, fault):
    path, old, new, words = GONE[fault]
    before = live(site)
    with edited(site, path, old, new):
        output = site.fab("deploy", status=1)
    assert words in output
    assert "is live as before" in output
    assert live(site) == before
    assert site.get("/blog/")[0] == 200


def test_what_was_missing_before_is_told_and_no_reason_to_refuse(site):
    site.fab("psql", "UPDATE pages_page SET slug = 'elsewhere' WHERE slug = '/'")
    change(site, "without a home page")
    assert f"https://{HOST}/ answers 404, and was 404 before" in site.fab("deploy")
    assert is_live(site, "without a home page")
    site.fab("psql", "UPDATE pages_page SET slug = '/' WHERE slug = 'elsewhere'")


def test_the_first_deploy_has_to_show_a_home_page(site, template, tmp_path):
    project = Baker(template, tmp_path).bake(live_hostname="first.example")
    first = Site(project, site.host, "first.example", SSH_USER="root", ADMIN_PASS=PASSWORD)
    first.configure(PROJECT_NAME="first", GUNICORN_PORT=8010)
    _, old, new, _ = GONE["home"]
    edit(project / "mysite/urls.py", old, new)
    first.commit()
    output = first.fab("create", "deploy", status=1)
    assert "https://first.example/ answers 404" in output
    assert "nothing is live" in output
    edit(project / "mysite/urls.py", new, old)
    first.commit()
    first.fab("deploy")
    assert first.get("/")[0] == 200
    first.fab("remove", "--yes", "first")


def test_without_ipv6_the_site_answers_at_ipv4(site):
    site.host.run(NO_IPV6)
    site.fab("deploy")
    site.host.run("systemctl restart nginx")
    assert site.get("/")[0] == 200
    wait_for(lambda: is_well(site), 120)
    site.host.run(IPV6)
    site.fab("deploy")
    assert "[::]:443" in site.host.run("ss -Hltn").stdout
