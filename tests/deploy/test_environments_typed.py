"""The first word after fab chooses an environment; no server answers here."""

import re

import pytest

STAGING = {"HOSTS": ["two.example"], "LIVE_HOSTNAME": "staging.one.example"}


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
