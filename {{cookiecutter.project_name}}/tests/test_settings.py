"""The settings, here and as they are on a server."""

import ast
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
        "root": "/srv/site",
        "environment": "staging",
        "live_hostname": "www.example.com",
        "secret_key": "a-secret-key-that-is-long-enough-and-has-many-different-letters-0123456789",
        "nevercache_key": "another",
        "project_name": settings.PROJECT_APP,
        "project_app": settings.PROJECT_APP,
        "db_pass": NASTY,
    }
    (project / settings.PROJECT_APP / "local_settings.py").write_text(template % values, "utf-8")

    def manage(*arguments):
        """Run manage.py there; return what it printed, a str."""
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": f"{settings.PROJECT_APP}.settings"}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=project,
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
    places = re.split(r"^(?:server|    location) ", text, flags=re.M)[1:]
    servers = [place for place in places if place.startswith("{")]
    assert len(servers) == 2
    for place in [*servers, *(place for place in places if "add_header" in place)]:
        assert "add_header X-Robots-Tag " in place


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
