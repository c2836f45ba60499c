"""Production and staging of one project, on one host: each with its name, data and settings."""

import re

import pytest
from faults import wait_for
from load import Connection
from sites import BY_PASSWORD, PASSWORD, Site, run_jobs
from support import Baker

NAME, STAGING = "www.envs.example", "staging.envs.example"
ENVIRONMENTS = f"""FABRIC_ENVIRONMENTS = {{
    "staging": {{
        "PROJECT_NAME": "rehearsal",
        "GUNICORN_PORT": 8042,
        "LIVE_HOSTNAME": "{STAGING}",
    }},
}}
"""
LOG_IN = "/admin/login/"
PATHS = ["/", "/", "/blog/", "/robots.txt", LOG_IN, "/no/such/", "/media/none.gif", "/favicon.ico"]
ASK = "from django.conf import settings as s; print(s.ENVIRONMENT, s.DATABASES['default']['NAME'])"

NAMES = """
from django.contrib.sites.models import Site
print(*Site.objects.order_by("pk").values_list("domain", flat=True))
"""
VISITOR = """
from mezzanine.blog.models import BlogPost
post = BlogPost.objects.create(title="Post", slug="post", user_id=1, content="x")
post.comments.create(user_name="Eve", user_email="eve@example.com", comment="{}")
"""
CONTENT = """
from django.contrib.auth import get_user_model
from django.core.management import call_command
from mezzanine.blog.models import BlogPost
from mezzanine.pages.models import RichTextPage
from multisite.models import SiteAlias
call_command("addsite", "two.example", verbosity=0)
SiteAlias.objects.create(site_id=1, host="alias.example")
ann = get_user_model().objects.create_user("ann", "ann@example.com", "secret of ann")
RichTextPage.objects.create(title="Bread", slug="bread", content="Rye, made here")
BlogPost.objects.create(title="By Ann", slug="by-ann", user=ann, content="x")
""" + VISITOR.format("said in production")
KEYS_OF_X = """
INSERT INTO conf_setting (site_id, name, value) VALUES (1, 'TWITTER_BEARER_TOKEN', 'key of staging')
"""
UPLOADS = """
cd /srv/{0}/shared && runuser -u {0} -- sh -c '
mkdir -p media/uploads; echo {1} >media/uploads/a.txt; echo {1} >private/letter'
"""
PEOPLE = """
from django.contrib.auth.models import User
print(*User.objects.order_by("id").values_list("username", "email", "is_active"))
"""
# Runs what cron runs each minute without a pause, until /root/enough is there.
MINUTELY = r"""
cat >/root/minutely <<'EOF'
sed -n '/job\.sh/s/^\* \* \* \* \* //p' /etc/cron.d/rehearsal | while read -r user line; do
    while [ ! -e /root/enough ]; do
        echo "$line" | runuser -u "$user" -- sh >/root/said 2>&1 || echo "$line" >>/root/failed
        sleep 0.1
    done &
done
EOF
rm -f /root/enough; touch /root/failed
systemd-run --quiet --unit=minutely --property=RemainAfterExit=yes sh /root/minutely
"""
DUMP = "runuser -u postgres -- pg_dump --data-only rehearsal"


@pytest.fixture(scope="module")
def site(installed, template, tmp_path_factory):
    """A project whose production and staging are live on the same host.

    It has .before, what status said of staging when production alone was live.
    """
    folder = tmp_path_factory.mktemp("environments")
    project = Baker(template, folder).bake(project_name="envs", live_hostname=NAME)
    settings = project / "envs/settings.py"
    before, _, after = re.split(
        r"(^FABRIC_ENVIRONMENTS = \{.*?^\}\n)", settings.read_text("utf-8"), flags=re.M | re.S
    )
    settings.write_text(before + ENVIRONMENTS + after, "utf-8")
    site = Site(project, installed, name=NAME, **BY_PASSWORD | {"GUNICORN_PORT": 8041})
    site.configure(ADMIN_PASS=PASSWORD)
    site.commit()
    site.fab("create", "deploy")
    site.before = site.fab("staging", "status", status=1)
    site.live = site.fab("staging", "create", "deploy")
    yield site
    for words in (["staging", "remove", "--yes", "rehearsal"], ["remove", "--yes", "envs"]):
        site.start(*words).communicate(timeout=300)


def answers(site, name, path):
    """Return the status, the X-Robots-Tag and the text of a page."""
    connection = Connection(site.host.address, name)
    connection.request("GET", path, headers={"Host": name})
    response = connection.getresponse()
    text = response.read().decode("utf-8", "replace")
    return response.status, response.headers["X-Robots-Tag"], text


def processes(site):
    return site.host.run(
        "supervisorctl pid envs; readlink -q /srv/envs/current /home/deploy/envs/current || true"
    ).stdout


def test_before_it_is_there_what_to_type_is_told_for_it(site):
    assert site.before.splitlines()[0] == f"status on {site.host.address} (staging)"
    assert re.search("fab staging (all|create|deploy)", site.before)
    assert not re.search("fab (?!staging)[a-z]", site.before)


def test_each_runs_with_its_own_settings_user_and_data(site):
    assert f"deploy on {site.host.address} (staging)\n" in site.live
    assert f"\nLive: https://{STAGING}/\n" in site.live
    assert site.answer("python", ASK) == "production envs\n"
    assert site.answer("staging", "python", ASK) == "staging rehearsal\n"
    assert site.answer("staging", "run", "id -un") == "rehearsal\n"
    site.fab("staging", "psql", "UPDATE pages_page SET title = 'Rehearsed' WHERE slug = 'blog'")
    assert "Rehearsed" not in site.answer("psql", "SELECT title FROM pages_page")
    assert "Rehearsed" in site.answer("staging", "psql", "SELECT title FROM pages_page")


def test_by_another_name_of_the_host_nobody_comes_to_the_site_of_production(site):
    (site.home / ".ssh/config").write_text(f"Host second\n    HostName {site.host.address}\n")
    local = site.project / "envs/local_settings.py"
    text, before = local.read_text("utf-8"), processes(site)
    local.write_text(f'{text}\nFABRIC_ENVIRONMENTS = {{"second": {{"HOSTS": ["second"]}}}}\n')
    told = (
        "envs is the production site here, and this is second: give second a PROJECT_NAME of its"
        " own\n"
    )
    for words in ("psql DELETE", "run id", "status", "maintenance on", "remove --yes envs"):
        assert told in site.fab("second", *words.split(" "), status=1), words
    assert "a deploy makes it the second site" in site.fab("second", "deploy", status=2)
    local.write_text(text)
    assert processes(site) == before
    assert answers(site, NAME, "/")[0] == 200


def test_robots_are_kept_out_of_staging_alone(site):
    css = re.search(r'href="(/static/css/theme\.\w+\.css)"', answers(site, NAME, "/")[2])[1]
    for path in [*PATHS, css]:
        status, robots, _ = answers(site, NAME, path)
        assert robots is None, path
        told, kept_out, _ = answers(site, STAGING, path)
        assert (told, kept_out) == (status, "noindex, nofollow"), path
    assert "Disallow: /admin/\n" in answers(site, NAME, "/robots.txt")[2]
    assert "Disallow: /\n" in answers(site, STAGING, "/robots.txt")[2]
    site.fab("staging", "maintenance", "on")
    assert answers(site, STAGING, "/")[:2] == (503, "noindex, nofollow")
    assert answers(site, NAME, "/")[0] == 200
    site.fab("staging", "maintenance", "off")
    ask = "curl -sI --resolve {0}:80:127.0.0.1 http://{0}/ | tr -d '\\r'"
    assert "X-Robots-Tag: noindex, nofollow\n" in site.host.run(ask.format(STAGING)).stdout
    assert "X-Robots-Tag" not in site.host.run(ask.format(NAME)).stdout


def test_the_admin_says_which_it_is(site):
    label = '<p class="environment">'
    assert label not in answers(site, NAME, LOG_IN)[2]
    assert f"{label}staging</p>" in answers(site, STAGING, LOG_IN)[2]


def test_a_certificate_of_staging_lies_in_a_folder_of_its_own(site):
    folder = site.project / "deploy/staging"
    folder.mkdir()
    (folder / "own.crt").touch()
    assert "deploy/staging/ has to hold one *.crt" in site.fab("staging", "create", status=2)
    assert "own.crt" not in site.fab("create")
    (folder / "own.crt").unlink()


def test_a_deploy_of_staging_leaves_production_alone(site):
    before = processes(site)
    file = site.project / "theme/static/rehearsed.txt"
    file.write_text("rehearsed", "utf-8")
    site.commit()
    assert "Environment: staging\n" in site.answer("staging", "plan")
    site.host.run(MINUTELY)
    site.fab("staging", "deploy")
    site.host.run("touch /root/enough")
    assert site.host.run("cat /root/failed").stdout == ""
    assert answers(site, STAGING, "/static/rehearsed.txt")[::2] == (200, "rehearsed")
    assert answers(site, NAME, "/static/rehearsed.txt")[0] == 404
    assert processes(site) == before
    assert "environment: staging\n" in site.answer("staging", "status")
    assert '"environment": "staging"' in site.answer("staging", "status", "--json")
    assert "environment" not in site.answer("status")
    assert '"environment": "production"' in site.answer("production", "status", "--json")


@pytest.fixture(scope="module")
def backup_of_production(site):
    """A backup at home, of production with a second site, accounts and what visitors have sent."""
    site.fab("python", CONTENT)
    site.host.run(UPLOADS.format("envs", "picture"))
    site.host.run(UPLOADS.format("rehearsal", "another"))
    site.fab("staging", "python", VISITOR.format("said in staging"))
    site.fab("staging", "psql", KEYS_OF_X)
    return site.project / site.answer("backup", "--get").split()[-1]


def restore(site, path, *options):
    """Let staging have the backup; return what fab shows."""
    name = path.name.removesuffix(".tar.gz")
    return site.fab("staging", "restore", str(path), "--yes", name, *options)


def kept(site):
    """Return what is secret in staging, and all of production."""
    people = "SELECT domain FROM django_site; SELECT username, email FROM auth_user"
    secrets = site.host.run("cat /srv/rehearsal/shared/secrets.json").stdout
    return secrets, site.answer("psql", people)


def test_content_of_production_comes_to_staging_without_anybody_s_data(site, backup_of_production):
    before = kept(site)
    output = restore(site, backup_of_production, "--anonymous")
    assert "Accounts and what visitors have sent stay those that are there now" in output
    assert kept(site) == before
    assert "Rye" in answers(site, STAGING, "/bread/")[2]
    assert answers(site, STAGING, "/media/uploads/a.txt")[2] == "picture\n"
    assert site.answer("staging", "python", NAMES).split() == [STAGING, f"two.example.{STAGING}"]
    people = site.answer("staging", "python", PEOPLE)
    assert people.endswith("('ann', '', False)\n")
    assert "('admin', " in people
    dump = site.host.run(DUMP).stdout
    assert "ann@example.com" not in dump
    assert "said in production" not in dump
    assert "key of staging" in dump
    assert site.host.run("cat /srv/rehearsal/shared/private/letter").stdout == "another\n"


def is_known(site, name):
    run_jobs(site, "rehearsal", "follow_names")
    return answers(site, name, "/")[0] == 200


def test_all_of_production_comes_to_staging_but_for_its_secrets(site, backup_of_production):
    before = kept(site)
    output = restore(site, backup_of_production)
    assert "Of the server that is lost" not in output
    assert kept(site) == before
    assert site.answer("staging", "python", NAMES).split() == [STAGING, f"two.example.{STAGING}"]
    # Where projects share a server, a job of each minute lets NGINX know of it.
    wait_for(lambda: is_known(site, f"two.example.{STAGING}"), 100)
    dump = site.host.run(DUMP).stdout
    assert "ann@example.com" in dump
    assert "said in production" in dump
    assert "said in staging" not in dump
    assert "key of staging" in dump
    assert site.host.run("cat /srv/rehearsal/shared/private/letter").stdout == "picture\n"
    assert answers(site, NAME, "/bread/")[0] == 200


def test_a_backup_of_another_project_is_refused(site, backup_of_production):
    site.configure(PROJECT_NAME="other")
    name, path = backup_of_production.name.removesuffix(".tar.gz"), str(backup_of_production)
    output = site.fab("staging", "restore", path, "--yes", name, status=1)
    site.configure(PROJECT_NAME="envs")
    assert f"{name} is a backup of another project, envs; " in output


def test_staging_goes_and_production_stays(site):
    before = processes(site)
    site.fab("staging", "remove", "--yes", "rehearsal")
    assert processes(site) == before
    assert answers(site, NAME, "/")[0] == 200
    left = "ls /etc/cron.d /etc/supervisor/conf.d /etc/nginx/sites-enabled; getent passwd"
    assert "rehearsal" not in site.host.run(left).stdout
    site.fab("deploy")
    assert answers(site, NAME, "/static/rehearsed.txt")[0] == 200
