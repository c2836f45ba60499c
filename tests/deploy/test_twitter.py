"""The cron job of a deployed site polls X: a small one, on the host itself."""

import time

import pytest
from rig import SUITES
from sites import HOST, PASSWORD, Site
from support import Baker

# What a site would have in its settings in the admin, and where the small X answers.
SETTINGS = """
TWITTER_API_URL = "http://127.0.0.1:8099"
TWITTER_BEARER_TOKEN = "bearer-of-the-tests"
TWITTER_DEFAULT_QUERY_TYPE = "user"
TWITTER_DEFAULT_QUERY = "example_org"
"""
UNIT = "systemd-run --quiet --unit=fake-x --property=DynamicUser=yes"


@pytest.fixture(scope="module", params=SUITES[:1])
def site(request, up_with_packages, template, tmp_path_factory):
    """A site that has just been brought to a new host, on which the small X is at work."""
    project = Baker(template, tmp_path_factory.mktemp("twitter")).bake(live_hostname=HOST)
    host = up_with_packages(f"twitter-{request.param}", suite=request.param)
    site = Site(project, host, SSH_USER="root", DB_PASS=PASSWORD, ADMIN_PASS=PASSWORD)
    settings = project / project.name / "settings.py"
    settings.write_text(settings.read_text("utf-8") + SETTINGS, "utf-8")
    site.commit()
    site.fab("all")
    host.copy_in(project / "tests/twitter", "/opt/twitter")
    host.run(f"{UNIT} python3 /opt/twitter/fake_x.py 8099")
    yield site
    host.down()


def cron_line(site):
    """Return the line of the cron job, and the file that has it."""
    found = site.host.run("grep -H poll_twitter /etc/cron.d/*").stdout
    file, _colon, line = found.strip().partition(":")
    return file, line


def wait_until(condition, limit=180):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit} seconds in vain"
        time.sleep(1)


def test_every_ten_minutes_the_user_of_the_site_polls(site):
    _file, line = cron_line(site)
    assert line.startswith(f"*/10 * * * * {site.project.name} ")


def test_cron_brings_tweets_to_the_page(site):
    assert "Spring fair" not in site.get("/")[1]
    file, _line = cron_line(site)
    site.host.run(f"sed -i '/poll_twitter/s,^[*]/10,*,' {file}")  # not to wait for ten minutes
    wait_until(lambda: "Spring fair on Saturday!" in site.get("/")[1])
    asked = "curl --silent http://127.0.0.1:8099/requests"
    assert "users/by/username/example_org" in site.host.run(asked).stdout


def test_the_job_has_nothing_to_mail(site):
    _file, line = cron_line(site)
    command = line.split(maxsplit=6)[6]
    lines = site.host.run("grep -hE '^[A-Za-z_]+=' /etc/cron.d/*").stdout.splitlines()
    variables = dict(line.split("=", 1) for line in lines)
    result = site.host.run(command, user=site.project.name, env=variables)
    assert (result.stdout, result.stderr) == ("", "")
