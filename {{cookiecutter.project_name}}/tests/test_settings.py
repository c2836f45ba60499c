"""The settings, here and as they are on a server."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from feeds.credentials import NAMES

NASTY = "a'b\"c $HOME \\ é中 %(x)s ;{y}"


def not_of_a_release(directory, names):
    """Return those of the names that only a machine for developing has."""
    made = {"__pycache__", "node_modules"}
    if directory == str(settings.BASE_DIR):
        made |= {"media", "static", "dev.db"}
    return {
        name
        for name in names
        if name in made or name[0] == "." or Path(directory, name, "pyvenv.cfg").exists()
    }


@pytest.fixture
def live(tmp_path):
    """Copy the project, with the settings of a server; return a function that runs manage.py."""
    project = tmp_path / "project"
    shutil.copytree(settings.BASE_DIR, project, ignore=not_of_a_release)
    template = (settings.BASE_DIR / "deploy/local_settings.py.template").read_text("utf-8")
    values = {
        "root": str(tmp_path),
        "environment": "staging",
        "live_hostname": "www.example.com",
        "secret_key": "a-secret-key-that-is-long-enough-and-has-many-different-letters-0123456789",
        "nevercache_key": "another",
        "bucket": None,
        "several_hosts": False,
        "project_name": settings.PROJECT_APP,
        "project_app": settings.PROJECT_APP,
        "db_pass": NASTY,
        "database_name": settings.PROJECT_APP,
        "database_user": settings.PROJECT_APP,
        "database_host": "/run/postgresql",
        "database_port": "",
        "database_options": {},
    }
    (project / settings.PROJECT_APP / "local_settings.py").write_text(template % values, "utf-8")

    (tmp_path / "shared").mkdir()

    def manage(*arguments, input=None):
        """Run manage.py there, or Python with an input; return what it printed, a str."""
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": f"{settings.PROJECT_APP}.settings"}
        return subprocess.run(
            [sys.executable, *(["manage.py"] if input is None else []), *arguments],
            cwd=project,
            input=input,
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        ).stdout

    return manage


def test_the_live_settings_pass_every_check_for_deployment(live):
    live("check", "--deploy", "--fail-level", "WARNING")


def test_the_live_settings_know_the_environment(live):
    code = "from django.conf import settings; print(settings.ENVIRONMENT)"
    assert live("shell", "-v0", "-c", code) == "staging\n"


def test_nginx_keeps_robots_out_wherever_it_adds_a_header():
    """A location with an add_header of its own has none of its server."""
    text = (settings.BASE_DIR / "deploy/nginx.conf.template").read_text("utf-8")
    public = "\nserver {" + text.rpartition("\nserver {")[2]  # the last one, which visitors meet
    places = re.split(r"^(?:server|    location) ", public, flags=re.M)[1:]
    servers = [place for place in places if place.startswith("{")]
    assert len(servers) == 1
    for place in [*servers, *(place for place in places if "add_header" in place)]:
        assert "add_header X-Robots-Tag " in place


@pytest.fixture
def secrets(live, tmp_path):
    """A function that lets the server keep values of settings, a dict."""

    def keep(values):
        texts = {name: repr(value) for name, value in values.items()}
        (tmp_path / "shared/settings.json").write_text(json.dumps(texts), "utf-8")

    return keep


@pytest.fixture
def ask(live):
    """A function that asks the project there about a setting: see in_release/setting.py."""
    script = (settings.BASE_DIR / "deploy/on_host/in_release/setting.py").read_text("utf-8")

    def ask(name, **request):
        return json.loads(live("-c", script, input=json.dumps({"name": name} | request)))

    return ask


def test_the_live_settings_have_the_secrets_of_the_server(live, secrets):
    values = {"EMAIL_PORT": 587, "API_KEY": NASTY, "ADMINS": [("Ann", "ann@example.com")]}
    secrets(values | {"ALLOWED_HOSTS": ["x"], "SESSION_COOKIE_SECURE": False})
    code = "from django.conf import settings as s; print(s.SESSION_COOKIE_SECURE); "
    code += "print(ascii((s.EMAIL_PORT, s.API_KEY, s.ADMINS)))"
    lines = live("shell", "-v0", "-c", code).splitlines()
    assert lines == ["True", ascii(tuple(values.values()))]  # what a deploy sets has the last word


def test_a_mail_about_an_error_has_no_setting_in_it(live, secrets):
    secrets({"PAYMENTS": "sk_live_1234", "ADMINS": [("Ann", "ann@example.com")]})
    code = """
import logging
from django.conf import settings
from django.core import mail
settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
mail.outbox = []
logging.getLogger("django.request").error("Fault", exc_info=ValueError("x"))
print("ValueError" in mail.outbox[0].body, settings.PAYMENTS in mail.outbox[0].body)
"""
    assert live("shell", "-v0", "-c", code) == "True False\n"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("EMAIL_PORT", "int"),
        ("EMAIL_USE_TLS", "bool"),
        ("EMAIL_TIMEOUT", "int"),  # None of Django, a number of the project
        ("EMAIL_SSL_KEYFILE", "str"),  # None
        ("TWITTER_DAILY_BUDGET", "float"),  # of an app, by Mezzanine's registry
        ("NO_SUCH_SETTING", "str"),
    ],
)
def test_a_release_tells_the_type_of_a_default(ask, secrets, name, kind):
    secrets({name: object})  # nothing that is kept can keep it from telling
    assert ask(name) == {"kind": kind, "refused": "", "reads": True}


def test_what_the_deploy_decides_can_be_no_secret(ask, live, tmp_path):
    local = tmp_path / "project" / settings.PROJECT_APP / "local_settings.py"
    set_there = {line.split(" ")[0] for line in local.read_text("utf-8").splitlines()}
    names = {name for name in set_there if name.isupper()}
    assert {"SECRET_KEY", "DATABASES", "CACHES", "ENVIRONMENT", "FABRIC", "LOGGING"} <= names
    assert "local_settings.py.template" in ask("DATABASES")["refused"]
    script = (settings.BASE_DIR / "deploy/on_host/in_release/setting.py").read_text("utf-8")
    code = script.replace("\nmain()\n", "\nprint(sorted(written(source_of(sys.argv[1]))))\n")
    assert names <= set(ast.literal_eval(live("-c", code, settings.PROJECT_APP, input="")))


@pytest.mark.parametrize("name", ["DEBUG", "ALLOWED_HOSTS", "SITE_ID"])
def test_what_all_servers_share_can_be_no_secret(ask, name):
    assert "settings.py" in ask(name)["refused"]


def test_a_release_tells_whether_its_site_starts_with_a_value(ask, secrets):
    assert ask("API_KEY", **{"try": "'x'"}) == {"problem": ""}
    assert "no such" in ask("LANGUAGE_CODE", **{"try": "'no such'"})["problem"]
    secrets({"LANGUAGE_CODE": "no such"})
    assert ask("LANGUAGE_CODE", **{"try": None}) == {"problem": ""}
    assert ask("LANGUAGE_CODE", **{"try": "'en'"}) == {"problem": ""}


def test_any_password_of_the_database_arrives_as_it_is(live):
    code = (
        "from django.conf import settings; print(ascii(settings.DATABASES['default']['PASSWORD']))"
    )
    assert live("shell", "-v0", "-c", code).strip() == ascii(NASTY)


def test_static_files_get_names_that_change_with_their_content(live):
    live("collectstatic", "--noinput", "-v0")
    code = "from django.templatetags.static import static; print(static('css/theme.css'))"
    assert live("shell", "-v0", "-c", code).strip().startswith("/static/css/theme.")
    assert not live("shell", "-v0", "-c", code).strip().endswith("/theme.css")


def test_the_live_cache_keeps_the_sites_apart(live):
    code = "from django.core.cache import cache; print(cache.make_key('x'))"
    key = live("shell", "-v0", "-c", code)
    assert re.fullmatch(rf"{settings.PROJECT_APP}:1:site-\d+:x\n", key)


def test_the_settings_can_be_read_without_django():
    code = f"import {settings.PROJECT_APP}.settings, sys; sys.exit('django' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=settings.BASE_DIR, check=True)


@pytest.mark.parametrize("line", ["FABRIC = None", "FABRIC_ENVIRONMENTS = {'staging': None}"])
def test_a_wrong_type_of_what_fab_reads_stops_nothing_else(live, tmp_path, line):
    local = tmp_path / "project" / settings.PROJECT_APP / "local_settings.py"
    local.write_text(f"{local.read_text('utf-8')}\n{line}\n", "utf-8")
    live("check")


def test_mezzanines_page_cache_is_not_installed():
    assert not [
        name for name in settings.MIDDLEWARE if name.startswith("mezzanine") and "Cache" in name
    ]


def written(source):
    """Return what Python code writes out under a name: pairs of the name and a constant."""
    for node in ast.walk(ast.parse(source)):
        pairs = []
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
        elif isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        for name, value in pairs:
            if isinstance(value, ast.Constant):
                yield getattr(name, "id", getattr(name, "value", None)), value.value


def test_nothing_secret_is_committed():
    source = (settings.PROJECT_APP_PATH / "settings.py").read_text("utf-8")
    names = {"SSH_PASS", "DB_PASS", "ADMIN_PASS", "PASSWORD", "EMAIL_HOST_PASSWORD"}
    names |= {"SECRET_KEY", "NEVERCACHE_KEY", *NAMES}
    assert {name for name, value in written(source) if name in names and value} == set()
