"""FABRIC_ENVIRONMENTS is checked as FABRIC is, on this machine alone."""

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
    own = {"HOSTS": hosts} | (IN_COMMON if len(hosts) > 1 else {})
    lines = refusal({"staging": own})
    taken = {"GUNICORN_PORT": 8000, "LIVE_HOSTNAME": "www.one.example", "PROJECT_NAME": "mysite"}
    assert lines == [
        f'FABRIC_ENVIRONMENTS["staging"]["{key}"]: {value} is that of production on'
        " www.one.example; give it its own"
        for key, value in taken.items()
    ]
    (line,) = refusal({"staging": own | BESIDE | {"GUNICORN_PORT": "8000"}})
    assert '["GUNICORN_PORT"]' in line
    assert load({"staging": own | BESIDE})["staging"].gunicorn_port == 8001


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


def test_a_bucket_of_uploads_is_of_one_environment_on_all_hosts(refusal, load):
    bucket, other = (f"s3://{name}?endpoint=https://s3.example" for name in ("garden", "another"))
    (line,) = refusal({"staging": STAGING}, UPLOADS=bucket)
    assert line == (
        f'FABRIC_ENVIRONMENTS["staging"]["UPLOADS"]: {bucket} is that of production;'
        " give it its own, or an empty one"
    )
    same = "s3://garden?region=eu-central-1&endpoint=https://S3.example"
    (line,) = refusal({"staging": STAGING | {"UPLOADS": same}}, UPLOADS=bucket)
    assert "is that of production" in line
    for own in ("", other):
        assert (
            load({"staging": STAGING | {"UPLOADS": own}}, UPLOADS=bucket)["staging"].uploads == own
        )


IN_COMMON = {
    "UPLOADS": "s3://garden?endpoint=https://s3.example",
    "DATABASE": "postgresql://me@db.example/garden",
}


@pytest.mark.parametrize("missing", [["DATABASE", "UPLOADS"], ["DATABASE"], ["UPLOADS"]])
def test_several_hosts_serve_one_site_by_what_they_have_in_common(refusal, load, missing):
    hosts = ["one.example", "me@two.example:22"]
    given = {key: value for key, value in IN_COMMON.items() if key not in missing}
    told = (
        f"several serve one site, and need {' and '.join(missing)}; for a site of its own on"
        " two.example, name that in FABRIC_ENVIRONMENTS, with its HOSTS and LIVE_HOSTNAME"
    )
    assert refusal({}, HOSTS=hosts, **given) == [f'FABRIC["HOSTS"]: {told}']
    mine = {"staging": STAGING | {"HOSTS": hosts, **given}}
    assert refusal(mine) == [f'FABRIC_ENVIRONMENTS["staging"]["HOSTS"]: {told}']
    configs = load({}, HOSTS=hosts[:1], **given)
    environments.check_given(configs, configs["production"], hosts[:1])
    with pytest.raises(Exit) as refused:
        environments.check_given(configs, configs["production"], hosts)
    assert refused.value.message == f"-H: {told}"
    configs = load({}, HOSTS=hosts, **IN_COMMON)
    environments.check_given(configs, configs["production"], hosts)
