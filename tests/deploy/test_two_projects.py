"""Two projects on one server, which do not know of each other."""

import re
import sys

import pytest
from faults import wait_for
from sites import BY_PASSWORD, Site
from support import TEMPLATE, Baker

sys.path.insert(0, str(TEMPLATE / "{{cookiecutter.project_name}}"))
sys.dont_write_bytecode = True  # cookiecutter would take it for a part of the template
from deploy import config  # noqa: E402

LONG = f"{'x' * 63}.order.example"  # no certificate has it as its subject, and no table of NGINX


def host_of(name):
    return LONG if name == "order" else f"www.{name}.example"


def project_on(host, template, folder, name, port):
    title = f"The {name} one"
    project = Baker(template, folder).bake(
        project_name=name, site_title=title, live_hostname=host_of(name)
    )
    site = Site(project, host, name=host_of(name), **BY_PASSWORD)
    site.configure(GUNICORN_PORT=port)
    return site


@pytest.fixture(scope="module")
def sites(installed, template, tmp_path_factory):
    """Two sites that are live on the same server, each from a project of its own.

    The name of the second is a word of SQL.
    """
    sites = []
    for name, port in (("first", 8031), ("order", 8032)):
        site = project_on(installed, template, tmp_path_factory.mktemp(name), name, port)
        site.fab("create", "deploy")
        sites.append(site)
    return sites


def titles(sites):
    pages = [site.get("/") for site in sites]
    assert [status for status, _ in pages] == [200] * len(pages)
    return [page.partition("<title>")[2].partition("<")[0] for _, page in pages]


def test_each_answers_under_its_own_name_and_none_under_another(sites):
    assert titles(sites) == ["Home | The first one", "Home | The order one"]
    status, page = sites[0].get("/", host="www.third.example")
    assert status == 404  # of the first, which is NGINX's default
    assert "one</title>" not in page


def test_each_has_a_database_uploads_and_logs_of_its_own(sites):
    first, second = sites
    first.fab("psql", "UPDATE pages_page SET title = 'Changed'")
    assert "Changed" not in second.fab("psql", "SELECT title FROM pages_page")
    assert (
        "permission denied"
        in second.fab("run", "cat /srv/first/shared/secrets.json 2>&1 || true").lower()
    )


def test_an_answer_has_nothing_in_it_of_how_fab_came_there(sites):
    for options in ([], ["-v"]):
        output = sites[0].fab("logs", *options)
        assert "Starting gunicorn" in output
        assert "password is required" not in output
    assert sites[0].answer("logs").splitlines()[-1] == output.splitlines()[-1]
    assert sites[0].answer("run", "printf 'no\\0line end'") == "no\0line end"


def test_no_name_that_a_server_has_for_itself_can_be_that_of_a_project(sites):
    lines = sites[0].host.accounts.splitlines()
    names = {line.partition(":")[0] for line in lines} - {"deploy"}
    assert len(names) > 30
    for name in names:
        if re.fullmatch("[a-z][a-z0-9_]{0,30}", name):
            assert name in config.TAKEN_NAMES


def test_what_one_does_the_other_does_not_notice(sites):
    first, second = sites
    before = second.host.run("supervisorctl pid order").stdout
    first.fab("restart")
    first.fab("maintenance", "on")
    assert (first.get("/")[0], second.get("/")[0]) == (503, 200)
    first.fab("maintenance", "off")
    assert second.host.run("supervisorctl pid order").stdout == before


def test_a_port_or_a_name_that_another_project_has_is_refused(sites, template, tmp_path):
    third = project_on(sites[0].host, template, tmp_path, "third", 8031)
    assert "  | GUNICORN_PORT 8031 is taken by first\n" in third.fab("create", status=1)
    third.configure(GUNICORN_PORT=8033, LIVE_HOSTNAME=LONG)
    output = third.fab("create", status=1)
    assert f"  | LIVE_HOSTNAME {LONG} is taken by order\n" in output


def test_a_site_that_is_added_to_either_answers_within_a_minute(sites):
    first, second = sites
    first.fab("manage", "addsite of-first.example")
    second.fab("manage", "addsite of-second.example")
    for site, name in ((first, "of-first.example"), (second, "of-second.example")):
        wait_for(lambda site=site, name=name: site.get("/", host=name)[0] == 200, 150)
    first.fab("manage", "removesite of-first.example --force")
    second.fab("manage", "removesite of-second.example --force")


def test_one_is_removed_and_the_other_stays(sites):
    first, second = sites
    first.fab("remove", "--yes", "first")
    assert titles([second]) == ["Home | The order one"]
    left = second.host.run(
        "find / -xdev -name '*first*' -path '*first' -not -path '/proc/*' -not -path '/sys/*'"
        " -not -path '/usr/*' -not -path '/var/lib/*'; ls /etc/cron.d /etc/supervisor/conf.d"
        " /etc/nginx/sites-enabled /etc/nginx/ssl; getent passwd first || true"
    ).stdout
    assert "first" not in left.replace("first-boot", "")
    assert "order.conf" in left
    assert "The first one" not in second.get("/", host=first.name)[1]
    second.fab("deploy")
    assert titles([second]) == ["Home | The order one"]
