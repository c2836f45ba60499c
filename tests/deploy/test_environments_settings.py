"""FABRIC_ENVIRONMENTS is checked as FABRIC is, and the first word after fab chooses of it.

No server is asked for anything.
"""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from invoke import Exit
from sites import PASSWORD
from support import TEMPLATE
from test_fabric_settings import REFUSED

sys.path.insert(0, str(TEMPLATE / "{{cookiecutter.project_name}}"))
sys.dont_write_bytecode = True  # cookiecutter would take it for a part of the template
from deploy import config, environments  # noqa: E402

FABRIC = {
    "SSH_USER": "deploy",
    "SSH_PASS": "",
    "SSH_KEY_PATH": "",
    "HOSTS": ["www.one.example"],
    "VIRTUALENV_HOME": "",
    "PROJECT_NAME": "mysite",
    "REQUIREMENTS_PATH": "requirements/project.txt",
    "GUNICORN_PORT": 8000,
    "LOCALE": "en_US.utf8",
    "LIVE_HOSTNAME": "www.one.example",
    "REPO_URL": "",
    "DB_PASS": "",
    "ADMIN_PASS": "",
}
STAGING = {"HOSTS": ["two.example"], "LIVE_HOSTNAME": "staging.one.example"}
BESIDE = {"PROJECT_NAME": "staging", "GUNICORN_PORT": 8001, "LIVE_HOSTNAME": "staging.one.example"}


@pytest.fixture
def load(monkeypatch):
    """A function that returns the Configs of a FABRIC_ENVIRONMENTS, and of keys for FABRIC."""

    def load(others, **fabric):
        settings = SimpleNamespace(__file__="settings.py", FABRIC=FABRIC | fabric)
        settings.FABRIC_ENVIRONMENTS = others
        monkeypatch.setattr(environments, "read_settings", lambda app: settings)
        return environments.load("mysite")

    return load


@pytest.fixture
def refusal(load):
    """A function that returns the lines with which a FABRIC_ENVIRONMENTS is refused."""

    def refusal(others, **fabric):
        with pytest.raises(Exit) as refused:
            load(others, **fabric)
        assert refused.value.code == 2
        return refused.value.message.splitlines()

    return refusal


# What an environment has


def test_an_environment_has_its_own_keys_and_the_others_of_FABRIC(load):
    configs = load({"staging": STAGING | {"SSH_PASS": PASSWORD, "DB_PASS": "x"}}, ADMIN_PASS="y")
    production, staging = configs["production"], configs["staging"]
    assert list(configs) == ["production", "staging"]
    assert (production.hosts, staging.hosts) == (["www.one.example"], ["two.example"])
    assert (staging.ssh_pass, staging.db_pass, staging.admin_pass) == (PASSWORD, "x", "y")
    assert (production.ssh_pass, production.db_pass) == ("", "")
    assert (staging.ssh_user, staging.project_name, staging.project_app) == (
        *("deploy", "mysite"),
        "mysite",
    )
    assert (production.environment, staging.environment) == ("production", "staging")


def test_settings_of_an_earlier_time_have_no_environments(monkeypatch):
    settings = SimpleNamespace(FABRIC=FABRIC)
    monkeypatch.setattr(environments, "read_settings", lambda app: settings)
    assert list(environments.load("mysite")) == ["production"]


def test_what_to_type_is_told_for_the_environment(load):
    configs = load({"staging": STAGING})
    told = "nothing is live yet; type fab all, or fab -v status; fabulous"
    assert configs["production"].typed(told) == told
    assert configs["staging"].typed(told) == (
        "nothing is live yet; type fab staging all, or fab -v status; fabulous"
    )


# What is refused


@pytest.mark.parametrize(("key", "value"), [(key, v) for key in REFUSED for v in REFUSED[key]])
def test_a_wrong_value_is_told_where_it_stands(refusal, key, value):
    (line,) = refusal({"staging": STAGING | {key: value}})
    assert line.startswith(f'FABRIC_ENVIRONMENTS["staging"]["{key}"]: ')


def test_all_that_is_wrong_is_told_at_once_and_each_thing_once(refusal):
    wrong = STAGING | {"HOSTS": "two.example", "DB_PASS": "secret\n", "NO_SUCH": 1, 2: 3}
    lines = refusal({"staging": wrong, "a-b": {}, "test": {"LOCALE": "xx"}}, LOCALE="C", DB_PASS=1)
    assert [line.partition(": ")[0] for line in lines] == [
        'FABRIC["DB_PASS"]',
        'FABRIC["LOCALE"]',
        'FABRIC_ENVIRONMENTS["staging"]["2"]',
        'FABRIC_ENVIRONMENTS["staging"]["DB_PASS"]',
        'FABRIC_ENVIRONMENTS["staging"]["HOSTS"]',
        'FABRIC_ENVIRONMENTS["staging"]["NO_SUCH"]',
        'FABRIC_ENVIRONMENTS["a-b"]',
        'FABRIC_ENVIRONMENTS["test"]["GUNICORN_PORT"]',
        'FABRIC_ENVIRONMENTS["test"]["LIVE_HOSTNAME"]',
        'FABRIC_ENVIRONMENTS["test"]["LOCALE"]',
        'FABRIC_ENVIRONMENTS["test"]["PROJECT_NAME"]',
    ]
    assert "secret" not in "".join(lines)


@pytest.mark.parametrize(
    "name", ["", "a-b", "a b", "1st", "é", "-v", "a.b", 1, None, ("a",), "a\n"]
)
def test_a_name_that_cannot_be_typed_is_refused(refusal, name):
    (line,) = refusal({name: STAGING})
    assert "letters, digits and underscores" in line


@pytest.mark.parametrize("name", ["production", "Production", "development"])
def test_names_that_mean_something_else_are_refused(refusal, name):
    (line,) = refusal({name: STAGING})
    assert line.startswith(f'FABRIC_ENVIRONMENTS["{name}"]: {name.lower()} is ')


FOLDERS = [path.name for path in Path(config.__file__).parent.iterdir() if path.is_dir()]


@pytest.mark.parametrize("name", [*FOLDERS, "Keys", "__pycache__"])
def test_a_name_of_a_folder_of_deploy_is_refused(refusal, name):
    (line,) = refusal({name: STAGING})
    assert line == (
        f'FABRIC_ENVIRONMENTS["{name}"]: deploy/{name.lower()}/ is there for something else, and'
        " not for certificates; take another name"
    )


@pytest.mark.parametrize("keys", [None, ["two.example"], "two.example", 1])
def test_keys_that_are_no_dict_are_refused(refusal, keys):
    (line,) = refusal({"staging": keys})
    assert line.startswith('FABRIC_ENVIRONMENTS["staging"]: is not a dict of keys, such as {"HOSTS')


@pytest.mark.parametrize("others", [None, ["staging"], "staging"])
def test_environments_that_are_no_dict_are_refused(refusal, others):
    (line,) = refusal(others)
    assert line == "settings.py: FABRIC_ENVIRONMENTS is not a dict of names and dicts"


def test_no_environment_runs_as_a_user_with_sudo(refusal):
    (line,) = refusal({"staging": STAGING | {"PROJECT_NAME": "deploy"}})
    assert line.startswith('FABRIC_ENVIRONMENTS["staging"]["SSH_USER"]: deploy is PROJECT_NAME too')


# Two on one host


SAME = [
    ["www.one.example."],
    ["www.one.example"],
    ["me@WWW.one.example:2222"],
    ["two.example", "www.one.example"],
]


@pytest.mark.parametrize("hosts", SAME)
def test_on_a_host_of_FABRIC_an_environment_has_to_have_its_own_names(refusal, load, hosts):
    lines = refusal({"staging": {"HOSTS": hosts}})
    taken = {"GUNICORN_PORT": 8000, "LIVE_HOSTNAME": "www.one.example", "PROJECT_NAME": "mysite"}
    assert lines == [
        f'FABRIC_ENVIRONMENTS["staging"]["{key}"]: {value} is that of production on'
        " www.one.example; give it its own"
        for key, value in taken.items()
    ]
    (line,) = refusal({"staging": {"HOSTS": hosts} | BESIDE | {"GUNICORN_PORT": "8000"}})
    assert '["GUNICORN_PORT"]' in line
    assert load({"staging": {"HOSTS": hosts} | BESIDE})["staging"].gunicorn_port == 8001


def test_without_HOSTS_an_environment_is_on_those_of_FABRIC(refusal, load):
    assert len(refusal({"staging": {}})) == 3
    assert load({"staging": BESIDE})["staging"].hosts == ["www.one.example"]


def test_on_a_host_of_another_environment_too(refusal, load):
    first, second = STAGING, STAGING | {"HOSTS": ["me@two.example:22"]}
    lines = refusal({"staging": first, "demo": second})
    assert len(lines) == 3
    assert lines[0] == (
        'FABRIC_ENVIRONMENTS["demo"]["GUNICORN_PORT"]: 8000 is that of staging on two.example;'
        " give it its own"
    )
    own = {"PROJECT_NAME": "demo", "GUNICORN_PORT": 8002, "LIVE_HOSTNAME": "demo.example"}
    load({"staging": first, "demo": second | own})


def test_hosts_of_no_other_environment_need_no_names_of_their_own(load):
    assert load({"staging": {"HOSTS": ["two.example"]}})["staging"].project_name == "mysite"


# What is typed


@pytest.fixture
def site(site_of_no_server):
    """A project with environments, for servers that answer nothing."""
    settings = site_of_no_server.project / "mysite/settings.py"
    others = {
        "staging": {"HOSTS": ["127.0.0.1:2"], "LIVE_HOSTNAME": "staging.example"},
        "pre_prod": {"HOSTS": ["localhost:3"], "LIVE_HOSTNAME": "pre.example"},
    }
    given(settings, others)
    site_of_no_server.configure(HOSTS=["[::1]:1"])
    return site_of_no_server


def given(settings, others):
    pattern = re.compile(r"^FABRIC_ENVIRONMENTS = \{.*?^\}", re.M | re.S)
    block = f"FABRIC_ENVIRONMENTS = {{**{others}\n}}"
    text, count = pattern.subn(block, settings.read_text("utf-8"))
    assert count == 1
    settings.write_text(text, "utf-8")


def asked(site, *words):
    """Return what the first line says, with the server that was then asked in vain."""
    first, last = site.fab(*words, status=3).splitlines()
    where = re.search(r"nothing answers at (\S+) port (\d+)", last)
    assert where, last
    return f"{first}; {where[2]}"


def test_the_first_word_chooses_the_environment(site):
    assert asked(site, "status") == "status on ::1:1; 1"
    assert asked(site, "production", "status") == "status on ::1:1; 1"
    assert asked(site, "staging", "status", "--json") == "status on 127.0.0.1:2 (staging); 2"
    assert asked(site, "pre_prod", "plan") == "plan on localhost:3 (pre_prod); 3"
    assert asked(site, "staging", "-H", "127.0.0.2:4", "plan") == (
        "plan on 127.0.0.2:4 (staging); 4"
    )
    assert asked(site, "-H", "127.0.0.1", "staging", "plan") == "plan on 127.0.0.1:2 (staging); 2"


def test_an_argument_may_be_the_name_of_an_environment(site):
    assert asked(site, "run", "staging") == "run on ::1:1; 1"
    assert asked(site, "staging", "run", "staging") == "run on 127.0.0.1:2 (staging); 2"
    assert asked(site, "rollback", "--release", "staging") == "rollback on ::1:1; 1"


def test_words_in_another_order_are_one_line(site):
    for words, line in {
        "staging": "staging is an environment: add a command, as in fab staging status",
        "deploy staging": "staging: an environment comes first, and there is one at most: type fab"
        " staging deploy",
        "staging deploy production": "production: an environment comes first, and there is one at"
        " most: type fab production deploy",
        "staging pre_prod": "pre_prod: an environment comes first, and there is one at most: type"
        " fab pre_prod status",
    }.items():
        assert site.fab(*words.split(), status=2) == f"{line}\n"
    assert site.fab("stagin", "deploy", status=1) == "No idea what 'stagin' is!\n"


def test_a_host_of_another_environment_is_refused(site):
    for words, other in {
        "-H 127.0.0.1 deploy": "staging",
        "-H me@LOCALHOST:3 staging deploy": "pre_prod",
        "-H localhost. staging deploy": "pre_prod",
        "-H ::1,[::1] staging deploy": None,
        "-H [::1] staging deploy": "production",
    }.items():
        (line,) = site.fab(*words.split(), status=2).splitlines()
        assert line.startswith("-H: ")
        if other:
            assert f" is a host of {other}, and " in line
            assert line.endswith(f" {other} and a command")


def test_the_list_of_commands_has_the_environments(site):
    shown = " ".join(site.fab("--list").split())
    assert " pre_prod Let what follows be for pre.example, as in fab pre_prod deploy." in shown
    assert " production Let what follows be for www.example.com, as without this word." in shown
    assert " staging Let what follows be for staging.example, as in fab staging deploy." in shown


def test_local_settings_add_keys_and_environments(site):
    local = site.project / "mysite/local_settings.py"
    own = {"staging": {"HOSTS": ["127.0.0.3:5"]}, "mine": {"HOSTS": ["127.0.0.4:6"]}}
    local.write_text(f"{local.read_text('utf-8')}\nFABRIC_ENVIRONMENTS = {own}\n", "utf-8")
    assert asked(site, "staging", "status") == "status on 127.0.0.3:5 (staging); 5"
    assert asked(site, "pre_prod", "status") == "status on localhost:3 (pre_prod); 3"
    assert asked(site, "mine", "status") == "status on 127.0.0.4:6 (mine); 6"
    assert "for staging.example" in site.fab("--list")  # its LIVE_HOSTNAME is still that of git


def test_a_file_that_one_environment_lacks_stops_that_one_alone(site):
    missing = {"SSH_KEY_PATH": "~/.ssh/staging", "REQUIREMENTS_PATH": "requirements/none.txt"}
    others = {
        "staging": {"HOSTS": ["127.0.0.1:2"], "LIVE_HOSTNAME": "staging.example"} | missing,
        "demo": {"HOSTS": ["127.0.0.5:3"]},
    }
    given(site.project / "mysite/settings.py", others)
    assert asked(site, "status") == "status on ::1:1; 1"
    assert asked(site, "demo", "status") == "status on 127.0.0.5:3 (demo); 3"
    assert "for staging.example" in site.fab("--list")
    lines = site.fab("staging", "status", status=2).splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        f'FABRIC_ENVIRONMENTS["staging"]["{key}"]' for key in missing
    ]
    site.configure(SSH_KEY_PATH="/none")
    assert (
        site.fab("demo", "status", status=2) == 'FABRIC["SSH_KEY_PATH"]: there is no file /none\n'
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "FABRIC_ENVIRONMENTS is not a dict of names and dicts"),
        (["staging"], "FABRIC_ENVIRONMENTS is not a dict of names and dicts"),
        ({"staging": None}, 'FABRIC_ENVIRONMENTS["staging"]: is not a dict of keys'),
        ({"mine": ["a"]}, 'FABRIC_ENVIRONMENTS["mine"]: is not a dict of keys'),
        ({1: {}}, 'FABRIC_ENVIRONMENTS["1"]: a name has letters'),
    ],
)
def test_a_wrong_type_in_local_settings_is_told_as_one_of_the_settings(site, value, told):
    local = site.project / "mysite/local_settings.py"
    local.write_text(f"{local.read_text('utf-8')}\nFABRIC_ENVIRONMENTS = {value}\n", "utf-8")
    (line,) = site.fab("status", status=2).splitlines()
    assert told in line


@pytest.mark.parametrize("name", ["deploy", "all", "maintenance"])
def test_a_command_of_that_name_is_told(site, name):
    given(site.project / "mysite/settings.py", {name: STAGING})
    assert site.fab("status", status=2) == (
        f'FABRIC_ENVIRONMENTS["{name}"]: a command of fab has that name; take another\n'
    )


def test_all_of_it_is_told_before_a_server_is_asked(site):
    given(site.project / "mysite/settings.py", {"staging": {"LOCALE": "xx"}})
    for words in (["status"], ["staging", "status"], ["--list"]):
        lines = site.fab(*words, status=2).splitlines()
        assert [line.partition(": ")[0] for line in lines] == [
            f'FABRIC_ENVIRONMENTS["staging"]["{key}"]'
            for key in ("GUNICORN_PORT", "LIVE_HOSTNAME", "LOCALE", "PROJECT_NAME")
        ]


def test_the_example_in_the_settings_is_right_when_its_marks_are_removed(site_of_no_server):
    settings = site_of_no_server.project / "mysite/settings.py"
    text = settings.read_text("utf-8")
    before, block, after = re.split(r"(^FABRIC_ENVIRONMENTS = \{.*?^\})", text, flags=re.M | re.S)
    block = block.replace("    # ", "    ")
    settings.write_text(before + block + after, "utf-8")
    assert "for staging.example.com, as in" in site_of_no_server.fab("--list")
    assert config.PRODUCTION == "production"
