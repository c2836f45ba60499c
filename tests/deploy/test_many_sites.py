"""Three sites of one project on a deployed host: added, renamed and removed while it serves."""

import ssl
import subprocess

import pytest
from faults import wait_for
from load import Load
from sites import HOST, Site
from support import Baker


@pytest.fixture(scope="module")
def site(up_with_packages, template, tmp_path_factory):
    """A project that is alone on its host."""
    project = Baker(template, tmp_path_factory.mktemp("sites")).bake(live_hostname=HOST)
    host = up_with_packages("sites", suite="bookworm")
    site = Site(project, host, SSH_USER="root", ADMIN_PASS="adminadmin")
    site.fab("all")
    yield site
    host.down()


def certificate_names(site):
    """Return the names that the certificate of the site is for."""
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-ext", "subjectAltName"],
        input=ssl.get_server_certificate((site.host.address, 443)),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {word.removeprefix("DNS:").strip(",") for word in shown.split() if "DNS:" in word}


def all_answer(site, host, status):
    """Whether all processes know it: each has heard of a change within a second."""
    return all(site.get("/", host=host)[0] == status for _ in range(20))


def test_a_site_that_is_added_answers_at_once(site):
    with Load(site, HOST) as load:
        assert site.get("/", host="www.two.example")[0] == 404
        site.fab("manage", "addsite two.example --alias zwei.example")
        wait_for(lambda: all_answer(site, "two.example", 200), 10)
        assert site.get("/", host="TWO.example.:443")[0] == 200
        assert site.get("/", host="zwei.example")[0] == 301
    assert load.failures == []


def test_the_second_site_shows_nothing_of_the_first(site):
    site.fab("psql", "UPDATE pages_page SET title = 'First only' WHERE site_id = 1 AND slug = '/'")
    assert "First only" in site.get("/")[1]
    assert "First only" not in site.get("/", host="two.example")[1]


@pytest.mark.parametrize(
    "host", ["three.example", "two.example.evil.example", "10.0.0.1", "two.example@one.example"]
)
def test_a_stranger_gets_no_site(site, host):
    assert site.get("/", host=host)[0] in (400, 404)


def test_fab_sites_brings_names_and_certificate_up_to_date(site):
    output = site.fab("sites")
    assert "zwei.example" in output
    wanted = {HOST, "two.example", "www.two.example", "zwei.example"}
    wait_for(lambda: wanted <= certificate_names(site), 10)  # a reload is only a signal
    assert "two.example" in site.host.run("nginx -T 2>/dev/null | grep server_name").stdout
    assert site.fab("sites").count("✓") == output.count("✓")


LONG = f"{'a' * 63}.{'b' * 28}.example"  # 100 characters: Django's sites hold no more

# The server's own certificate, as it is a day before its end: its key is there, and all its names.
EXPIRE = """
cd /etc/nginx/ssl
names=$(openssl x509 -in mysite.crt -noout -ext subjectAltName | sed -n '/DNS:/s/ //gp')
openssl req -x509 -key mysite.key -days 1 -subj /CN=mysite -addext "subjectAltName=$names" \\
    -out mysite.crt
"""


def test_a_site_with_the_longest_name_answers(site):
    site.fab("manage", f"addsite {LONG}")
    site.fab("sites")
    assert site.get("/", host=LONG)[0] == 200
    assert site.get("/", host=f"www.{LONG}")[0] == 301
    wait_for(lambda: LONG in certificate_names(site), 10)
    assert "✓ nginx" in site.fab("status")


def test_a_certificate_of_the_server_that_ends_is_signed_anew_for_all_names(site):
    before = certificate_names(site)
    site.host.run(EXPIRE)
    output = site.fab("status", status=1)
    assert "✗ certificate: until" in output
    assert "type fab create" in output
    site.fab("deploy")
    assert "✓ certificate" in site.fab("status")
    assert certificate_names(site) == before
    assert LONG in before
    site.fab("manage", f"removesite {LONG} --force")
    site.fab("sites")


def add_sites(site, numbers):
    """Add sites to the database, whose names take about 70 bytes each."""
    site.fab(
        "psql",
        "INSERT INTO django_site (domain, name)"
        " SELECT 'site-' || n || '.customers.agency.example', 'site ' || n"
        f" FROM generate_series({numbers.start}, {numbers.stop - 1}) n",
    )


def test_a_thousand_sites_are_under_one_certificate_and_more_than_it_bears_are_refused(site):
    add_sites(site, range(1000, 2000))
    site.fab("sites")
    wait_for(lambda: "site-1999.customers.agency.example" in certificate_names(site), 10)
    assert site.get("/", host="site-1999.customers.agency.example")[0] in (200, 404)
    add_sites(site, range(2000, 2600))
    output = site.fab("sites", status=1)
    assert "names take" in output
    assert "remove sites, or put your own certificate" in output
    assert "site-2000" not in site.host.run("nginx -T 2>/dev/null | grep server_name").stdout
    assert site.get("/")[0] == 200
    site.fab("psql", "DELETE FROM django_site WHERE name LIKE 'site %'")
    site.fab("sites")
    wait_for(lambda: "site-1999.customers.agency.example" not in certificate_names(site), 10)
    assert HOST in certificate_names(site)


def test_a_rollback_keeps_the_names(site):
    site.fab("deploy", "--force")
    site.fab("rollback")
    assert "zwei.example" in site.host.run("nginx -T 2>/dev/null | grep server_name").stdout
    assert site.get("/", host="two.example")[0] == 200


def test_a_site_that_is_removed_is_a_stranger_again(site):
    with Load(site, HOST) as load:
        site.fab("manage", "removesite two.example --force")
        for host in ("two.example", "zwei.example"):
            wait_for(lambda host=host: all_answer(site, host, 404), 10)
    assert load.failures == []
