"""Three sites of one project on a deployed host: added, renamed and removed while it serves."""

import re
import time

import pytest
from faults import wait_for
from load import Load
from sites import HOST, Site
from support import Baker
from trust import told, workers


@pytest.fixture(scope="module")
def site(up_with_packages, template, tmp_path_factory):
    """A project that is alone on its host."""
    project = Baker(template, tmp_path_factory.mktemp("sites")).bake(live_hostname=HOST)
    host = up_with_packages("sites", suite="bookworm")
    site = Site(project, host, SSH_USER="root", ADMIN_PASS="adminadmin")
    site.certificates = host.root / "srv/mysite/certificates"
    site.fab("all")
    yield site
    host.down()


def all_answer(site, host, status):
    """Whether all processes know it: each has heard of a change within a second."""
    return all(site.get("/", host=host)[0] == status for _ in range(20))


def test_a_site_that_is_added_answers_at_once(site):
    with Load(site, HOST) as load:
        assert site.get("/", host="www.two.example")[0] == 404
        site.fab("manage", "addsite two.example --alias zwei.example")
        wait_for(lambda: all_answer(site, "two.example", 200), 30)
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


def test_fab_sites_tells_of_each_name(site):
    names = (HOST, "two.example", "www.two.example", "zwei.example")
    # The server looks at them each minute.
    wait_for(lambda: all(told(site, name).startswith("waiting: ") for name in names), 150)
    output = site.fab("sites")
    assert all(re.search(rf"^    {name}  waiting: ", output, re.M) for name in names)


LONG = f"{'a' * 63}.{'b' * 28}.example"  # 100 characters: Django's sites hold no more


def test_a_site_with_the_longest_name_answers(site):
    site.fab("manage", f"addsite {LONG}")
    wait_for(lambda: all_answer(site, LONG, 200), 30)
    assert site.get("/", host=f"www.{LONG}")[0] == 301
    assert "✓ nginx" in site.status()
    site.fab("manage", f"removesite {LONG} --force")


# The server's own certificate, as it is a day before its end: its key is there, and all its names.
EXPIRE = """
cd /etc/nginx/ssl
openssl req -x509 -key mysite.key -days 1 -subj /CN=mysite \\
    -addext "subjectAltName=DNS:www.one.example" -out mysite.crt
"""


def test_a_certificate_of_the_server_that_ends_is_signed_again(site):
    site.host.run(EXPIRE)
    output = site.fab("status", status=1)
    assert "✗ certificate: until" in output
    assert "type fab create" in output
    site.fab("deploy")
    assert "✓ certificate" in site.status()
    assert site.get("/")[0] == 200


MEMORY = "ps -C nginx -o rss= | awk '{ sum += $1 } END { print sum }'"


def test_twenty_thousand_names_cost_nginx_nothing(site, figures):
    before = int(site.host.run(MEMORY).stdout)
    at_work = workers(site)
    site.fab(
        "psql",
        "INSERT INTO django_site (domain, name)"
        " SELECT 'site-' || n || '.customers.agency.example', 'site ' || n"
        " FROM generate_series(1, 10000) n",
    )
    started = time.monotonic()
    output = site.fab("sites")
    seconds = time.monotonic() - started
    assert "\n    www.site-10000.customers.agency.example" in output
    assert workers(site) == at_work
    after = int(site.host.run(MEMORY).stdout)
    figures(f"fab sites, 20,000 names: {seconds:.0f} s; memory of NGINX × {after / before:.2f}")
    assert site.get("/", host="site-9999.customers.agency.example")[0] in (200, 404)
    site.fab("psql", "DELETE FROM django_site WHERE name LIKE 'site %'")


def test_a_rollback_keeps_the_names(site):
    site.fab("deploy", "--force")
    site.fab("rollback")
    assert site.get("/", host="two.example")[0] == 200


def test_a_site_that_is_removed_is_a_stranger_again(site):
    with Load(site, HOST) as load:
        site.fab("manage", "removesite two.example --force")
        for host in ("two.example", "zwei.example"):
            wait_for(lambda host=host: all_answer(site, host, 404), 30)
    assert load.failures == []
