"""--site and --all-sites on the command line of manage.py, and the commands about sites."""

import json
import os
import shlex
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib.sites.models import Site

from multisite import all_sites
from multisite.command_line import choose_site

SHOW = 'shell -v0 -c "from mezzanine.utils.sites import current_site_id; print(current_site_id())"'
DATABASE = f"""
from {settings.PROJECT_APP}.settings import *

DEBUG = True
SITE_ID = 1
DATABASES = dict(default=dict(ENGINE="django.db.backends.sqlite3", NAME=__file__ + ".db"))
"""


class Project:
    """The project with a database of its own, and its command line."""

    def __init__(self, directory):
        (directory / "own_settings.py").write_text(DATABASE, "utf-8")
        self.environment = {**os.environ, "PYTHONPATH": str(directory)}
        self.environment["DJANGO_SETTINGS_MODULE"] = "own_settings"

    def manage(self, arguments, **variables):
        """Run manage.py with the arguments, as a shell reads them; return the finished process."""
        command = f"{sys.executable} manage.py {arguments}"
        environment = {**self.environment, **variables}
        pipes = {"stdin": subprocess.DEVNULL, "capture_output": True, "encoding": "utf-8"}
        return subprocess.run(command, shell=True, cwd=settings.BASE_DIR, env=environment, **pipes)

    def lines(self, arguments, **variables):
        """Return what a command that must succeed prints, a list of lines."""
        process = self.manage(arguments, **variables)
        assert process.returncode == 0, process.stderr
        return process.stdout.splitlines()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Two sites: 127.0.0.1:8000 with the ID 1, two.example with the ID 2 and an alias."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.lines("createdb --noinput --nodata -v0")
    project.lines("addsite two.example --alias zwei.example -v0")
    return project


@pytest.fixture
def choose(monkeypatch, add_site):
    """Return a function that does with arguments what manage.py does before it runs a command.

    It returns the site that was chosen, a str or None, and what is left of the arguments.
    """
    add_site("two.example", alias=["zwei.example"])

    def choose(arguments, variable):
        monkeypatch.setenv("MEZZANINE_SITE_ID", variable)
        argv = ["manage.py", *shlex.split(arguments)]
        choose_site(argv)
        return os.environ.get("MEZZANINE_SITE_ID"), " ".join(argv[1:])

    return choose


@pytest.mark.parametrize(
    ("arguments", "variable", "site", "rest"),
    [
        ("check", "", None, "check"),
        ("check --site={two}", "", "two", "check"),
        ("--site={two} check", "", "two", "check"),
        ("check --site {two} -v0", "", "two", "check -v0"),
        ("check --site=' {two}'", "", "two", "check"),
        ("check --site={two} --site={two}", "", "two", "check"),
        ("check --site=TWO.example.", "", "two", "check"),
        ("check --site=www.two.example", "", "two", "check"),
        ("check --site=zwei.example", "", "two", "check"),
        ("check --site=127.0.0.1:8000", "{two}", "1", "check"),
        ("check", "{two}", "two", "check"),
        ("check", " {two} ", "two", "check"),
        ("check --site=1", "bad", "1", "check"),
        ("check --sites=all --site-id=3", "", None, "check --sites=all --site-id=3"),
        ("check --sitemap-uses-https", "", None, "check --sitemap-uses-https"),
        ("check -- --site=2 --all-sites", "", None, "check -- --site=2 --all-sites"),
    ],
)
def test_a_site_is_taken_from_the_command_line(choose, arguments, variable, site, rest):
    two = str(Site.objects.get(domain="two.example").pk)
    chosen = choose(arguments.replace("{two}", two), variable.replace("{two}", two))
    assert chosen == (two if site == "two" else site, rest)


@pytest.mark.parametrize(
    ("arguments", "variable", "status", "named"),
    [
        *[("--site", "", 2, "value"), ("--site -v0", "", 2, "value"), ("--site=", "", 2, "value")],
        *[("--site=abc", "", 2, "'abc'"), ("--site='1;rm'", "", 2, "'1;rm'")],
        *[("--site=２", "", 2, "'２'"), ("--site=-1", "", 2, "'-1'"), ("--site=0", "", 2, "'0'")],
        *[("--site=1=2", "", 2, "'1=2'"), ("--site=1 --site=2", "", 2, "'2'")],
        *[("--site=../two", "", 2, "'../two'"), ("--site='2\n2'", "", 2, "'2\\n2'")],
        *[("", "abc", 2, "'abc'"), ("", "two.example", 2, "'two.example'"), ("", "0", 2, "'0'")],
        ("--site=999", "", 1, "999. Sites: 1 127.0.0.1:8000, "),
        ("--site=three.example", "", 1, "three.example. Sites: 1 127.0.0.1:8000, "),
        *[("--site=1.5", "", 1, "1.5"), ("--site=10.0.0.1", "", 1, "10.0.0.1")],
        ("--site=" + "9" * 100, "", 1, "999. Sites: 1 127.0.0.1:8000, "),
        ("", "999", 1, "999. Sites: 1 127.0.0.1:8000, "),
        ("--all-sites --site=2", "", 2, "--site"),
    ],
)
def test_what_is_no_site_is_told_in_one_line(choose, capsys, arguments, variable, status, named):
    with pytest.raises(SystemExit) as stopped:
        choose(f"check {arguments}", variable)
    assert stopped.value.code == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(("--site: ", "--all-sites: ", "MEZZANINE_SITE_ID: "))
    assert named in line


@pytest.mark.parametrize(
    ("option", "variable", "site"),
    [("", "", "1"), ("--site=zwei.example", "", "2"), ("", "2", "2"), ("--site 2", "bad", "2")],
)
def test_a_command_works_on_that_site(project, option, variable, site):
    assert project.lines(f"{SHOW} {option}", MEZZANINE_SITE_ID=variable) == [site]


@pytest.mark.parametrize(
    ("option", "variable", "status"),
    [("--site=x", "", 2), ("--site=999", "", 1), ("", "x", 2), ("", "999", 1)],
)
def test_without_a_site_a_command_does_not_start(project, option, variable, status):
    process = project.manage(f"{SHOW} {option}", MEZZANINE_SITE_ID=variable)
    assert (process.returncode, process.stdout) == (status, "")
    assert len(process.stderr.splitlines()) == 1


@pytest.mark.parametrize("site", ["2", "two.example"])
def test_without_a_database_what_needs_none_runs_for_any_site(tmp_path, site):
    Project(tmp_path).lines(f"check --site={site}")


def test_an_empty_database_is_made_for_a_site_by_its_id_only(tmp_path):
    project = Project(tmp_path)
    refused = project.manage("migrate -v0 --site=two.example")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    project.lines("migrate -v0 --site=1")


def test_a_command_runs_for_all_sites_and_each_line_says_for_which(project):
    process = project.manage(f"--all-sites {SHOW}")
    assert process.returncode == 0
    assert process.stdout == "[1 127.0.0.1:8000] 1\n[2 two.example] 2\n"
    assert process.stderr == "--all-sites: 2 of 2 done\n"


def test_one_site_that_fails_does_not_stop_the_others(project):
    code = "import os, sys; print('ran'); sys.exit(os.environ['MEZZANINE_SITE_ID'] == '1' and 'no')"
    process = project.manage(f'shell -v0 --all-sites -c "{code}"')
    assert process.returncode == 1
    assert process.stdout == "[1 127.0.0.1:8000] ran\n[2 two.example] ran\n"
    assert "[1 127.0.0.1:8000] no\n" in process.stderr
    assert "--all-sites: 1 of 2 done; failed: 1 127.0.0.1:8000 (1)\n" in process.stderr


def test_a_process_that_is_killed_is_one_site_that_fails(project):
    code = "import os; os.environ['MEZZANINE_SITE_ID'] == '1' and os.kill(os.getpid(), 9); print(2)"
    process = project.manage(f'--all-sites shell -v0 -c "{code}"')
    assert process.returncode == 1
    assert process.stdout == "[2 two.example] 2\n"
    assert process.stderr == "--all-sites: 1 of 2 done; failed: 1 127.0.0.1:8000 (-9)\n"


def test_the_project_is_loaded_once_and_nothing_is_left_for_the_next_site(project, tmp_path):
    (tmp_path / "counted.py").write_text("print('loaded')\nfrom own_settings import *\n")
    code = "import builtins; print(hasattr(builtins, 'left')); builtins.left = True"
    path = f"{project.environment['PYTHONPATH']}{os.pathsep}{tmp_path}"
    command = f'--all-sites shell -v0 --settings=counted -c "{code}"'
    process = project.manage(command, PYTHONPATH=path)
    assert process.stdout == "loaded\n[1 127.0.0.1:8000] False\n[2 two.example] False\n"


def test_lines_of_any_length_and_bytes_of_any_kind_are_shown(project):
    code = "import sys; sys.stdout.buffer.write(bytes([255, 10]) + 300000 * b'z')"
    process = project.manage(f'--all-sites shell -v0 -c "{code}" | tr -d "\\377"')
    assert process.stdout.count("z") == 600_000
    lines = process.stdout.splitlines()
    assert all(line.startswith(("[1 127.0.0.1:8000] ", "[2 two.example] ")) for line in lines)
    assert max(map(len, lines)) < 200_000


def test_where_no_process_can_be_forked_each_site_has_a_new_one(
    project, monkeypatch, capfdbinary, add_site
):
    add_site("two.example")
    monkeypatch.setattr(all_sites, "can_fork", lambda: False)
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(settings.BASE_DIR)
    assert all_sites.run(["manage.py", *shlex.split(SHOW)]) == 0
    assert capfdbinary.readouterr().out == b"[1 127.0.0.1:8000] 1\n[2 two.example] 2\n"


@pytest.mark.parametrize("command", ["migrate", "addsite x.net", "", "-v0"])
def test_what_is_not_for_one_site_is_not_run_for_all(project, command):
    process = project.manage(f"--all-sites {command}")
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr.startswith("--all-sites: ")


def test_sites_are_listed_for_people_and_for_programs(project):
    first, second = map(str.split, project.lines("listsites"))
    assert first[:2] == ["1", "127.0.0.1:8000"]
    assert second == "2 two.example 1 pages 0 posts 0 entries 0.0 MB zwei.example".split()
    rows = [json.loads(line) for line in project.lines("listsites --json")]
    named = {"id": 2, "domain": "two.example", "aliases": ["zwei.example"]}
    assert rows[1] == named | {"hosts": ["two.example", "zwei.example"]}
    assert rows[0]["hosts"] == ["127.0.0.1"]
