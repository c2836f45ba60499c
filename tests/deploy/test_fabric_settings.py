"""FABRIC is checked as a whole, before any server is asked for anything."""

import dataclasses
import re
import sys

import idna
import pytest
from sites import PASSWORD
from support import TEMPLATE

PROJECT = TEMPLATE / "{{cookiecutter.project_name}}"
sys.path.insert(0, str(PROJECT))
sys.dont_write_bytecode = True  # cookiecutter would take it for a part of the template
from deploy import config  # noqa: E402

REFUSED = {
    "SSH_USER": [None, 1, "a b", "-x", "x" * 33, "a:b", "é"],
    "SSH_PASS": [None, 1, b"x", "two\nlines", "tab\tin it", "\ud800"],
    "SSH_KEY_PATH": [None, 1, "two\nlines"],
    "HOSTS": [
        *[None, "one.example", [], (), {}, [1], [None], [[]], ["a", "a"], ["a b"], ["http://a"]],
        *[["a:0"], ["a:65536"], ["a:x"], ["a:"], ["@a"], ["a@"], ["x@y@z"], ["-oProxyCommand=x"]],
        *[["$(id)"], ["a;b"], ["fe80::1"], ["a\n"], [""], ["u:p@a"]],
    ],
    "VIRTUALENV_HOME": [None, "srv", "~/x", "/", "/a/../b", "/a b", "/a;b", "/$HOME", "/é"],
    "PROJECT_NAME": [
        *[None, "", "a-b", "1x", "A", "a.b", "x y", "../x", "x" * 64, "_x", "é", "a\n"],
        *["postgres", "template1", "root", "www", "sudo", "default"],
    ],
    "REQUIREMENTS_PATH": [None, "", "/etc/passwd", "../mysite/fabfile.py"],
    "GUNICORN_PORT": [None, "", 80, 99999, -1, 8000.0, "8000 ", "eight", True, [8000]],
    "LOCALE": [None, "", "xx_XX", "en_US", "en_US.latin1", "C", "en_US.utf8; id", "é_US.utf8"],
    "LIVE_HOSTNAME": [
        *[None, "", "http://one.example", "one.example:80", "a_b.example", "-a.example", "a..b"],
        *["1.2.3", "300.1.1.1", "fe80::1%eth0", "*.example", "One.example", "a b", "a;b"],
    ],
    "REPO_URL": [None, "site", "ext::sh -c id", "-x", "https://me:secret@one.example/x", "a b"],
    "DB_PASS": [None, "two\nlines", "nul\0"],
    "ADMIN_PASS": [None, "two\nlines"],
    "MEMCACHED_MEGABYTES": [None, "64", 0, 7, -64, 64.0, True, 10**9],
    "PROXIES": [
        *[None, "10.0.0.5", [""], [None], ["cloudfront"], ["10.0.0.5/8"], ["0.0.0.0/0"]],
        *[["::/0"], ["10.0.0.1; deny all"], ["10.0.0.5:80"]],
    ],
    "BACKUP_TO": [
        *[None, "/mnt", "sftp://nas", "sftp:me@nas:/x", "rest:nas/x", "s3:https://nas", "gs:b:/x"],
        *["rest:https://me:secret@nas/x", "sftp://-oProxyCommand=x/y", "s3:https://nas/a b"],
    ],
    "DATABASE": [
        *[None, "garden", "mysql://me@db.example/garden", "postgresql://db.example/garden"],
        *["postgresql://me:secret@db.example/garden", "postgresql://me@db.example/postgres"],
        *["postgresql://me@db.example/garden?sslmode=disable", "postgresql://me@a b/garden"],
        *["postgresql://me@db.example/garden?sslmode=prefer", "postgresql://me@db.example/g?a=b"],
    ],
    "UPLOADS": [
        *[None, ["s3://garden"], "s3://garden", "gs://garden?endpoint=https://s3.example"],
        *["s3://?endpoint=https://s3.example", "s3://A_b?endpoint=https://s3.example"],
        *["s3://garden/one?endpoint=https://s3.example", "s3://garden?endpoint=http://s3.example"],
        *["s3://garden?endpoint=http://8.8.8.8", "s3://garden?endpoint=https://s3.example/x"],
        *["s3://garden?endpoint=https://s3.example&acl=public", "s3://garden?endpoint=https://a b"],
        *[
            "s3://me:secret@garden?endpoint=https://s3.example",
            "s3://[?endpoint=https://s3.example",
        ],
        *[
            "s3://garden?endpoint=https://s3.example&secret_key=x",
            "s3://garden?endpoint=https://%s",
        ],
        *["s3://garden?endpoint=https://s3.example:99999", "s3://garden?endpoint=https://[::1"],
        *["s3://garden?endpoint=https://s3.example:443", "s3://garden?endpoint=http://10.0.0.5:80"],
        *["s3://garden?endpoint=https://10.0.0.5:9000", "s3://garden?endpoint=https://[::1]:9000"],
        *["s3://garden?endpoint=http://localhost:9000", "s3://garden?endpoint=https://LOCALHOST"],
    ],
    "NETWORK": [None, "10.0.0.1/24", "8.8.8.0/24", "0.0.0.0/0", "private", ["10.0.0.0/24"]],
    "METRICS_DIRECTORY": [None, "node-exporter", "~/x", "/", "/a/../b", "/a b", "/a;b", "/%s"],
    "ACME_DIRECTORY": [
        None,
        "",
        "http://ca.example/dir",
        "https://a b",
        "https://a/%s",
        "https://'",
    ],
}
TAKEN = {
    "SSH_USER": ["", "deploy", "first.last", "x_1-y"],
    "SSH_PASS": ["", PASSWORD, "x" * 200],
    "SSH_KEY_PATH": ["", __file__],
    "HOSTS": [
        ["one.example"],
        ("a", "b"),
        ["me@a:2222"],
        ["10.0.0.1"],
        ["[fe80::1]:22"],
        ["alias"],
    ],
    "VIRTUALENV_HOME": ["", "/srv", "/home/me/.sites"],
    "PROJECT_NAME": ["a", "my_site2", "x" * 31],
    "REQUIREMENTS_PATH": ["requirements/project.txt"],
    "GUNICORN_PORT": [8000, "8000", 1024, 65535],
    "LOCALE": ["en_US.utf8", "en_US.UTF-8", "de_DE@euro.utf8", "C.UTF-8"],
    "LIVE_HOSTNAME": ["www.one.example", "10.0.0.1", "xn--mnchen-3ya.example", "localhost"],
    "REPO_URL": ["", "git@one.example:a/b.git", "https://one.example/a", "ssh://hg@a//srv/x"],
    "DB_PASS": ["", PASSWORD],
    "ADMIN_PASS": ["", PASSWORD],
    "MEMCACHED_MEGABYTES": [8, 64, 4096],
    "PROXIES": [[], ("10.0.0.5",), ["cloudflare", "10.0.0.0/8", "2001:db8::/32"]],
    "BACKUP_TO": [
        *["", "sftp://me@nas.example:2222//srv/x", "sftp://nas/x", "rest:http://10.0.0.1:8000/me/"],
        "s3:https://s3.eu-central-1.example.com/bucket/folder",
    ],
    "DATABASE": [
        *["", "postgresql://me@db.example/garden", "postgres://me@db.example:5433/garden"],
        "postgresql://me@10.0.0.5/garden?sslmode=disable",
    ],
    "UPLOADS": [
        *["", "s3://garden?endpoint=https://s3.example.com&region=eu-central-1"],
        *["s3://a.garden-2?endpoint=https://s3.example.com:9000"],
        *[
            "s3://garden?endpoint=http://10.0.0.5:9000",
            "s3://garden?endpoint=http://127.0.0.1:9000",
        ],
    ],
    "NETWORK": ["", "10.0.0.0/24", "fd00::/64"],
    "METRICS_DIRECTORY": ["", "/var/lib/prometheus/node-exporter"],
    "ACME_DIRECTORY": ["https://acme.zerossl.com/v2/DV90", "https://10.0.0.1:14000/dir"],
}


def test_there_is_a_rule_for_every_key():
    fields = {field.name.upper() for field in dataclasses.fields(config.Config)}
    fields -= {"PROJECT_APP", "ENVIRONMENT"}
    assert fields == set(config.RULES) == set(REFUSED) == set(TAKEN)
    settings = (PROJECT / "{{cookiecutter.project_name}}/settings.py").read_text("utf-8")
    (block,) = re.findall(r"^FABRIC = \{\n(.*?)^\}", settings, re.M | re.S)
    assert set(re.findall(r'^    (?:# )?"(\w+)":', block, re.M)) | config.DEFAULTS.keys() == fields


# What the hook of cookiecutter refuses as well, which has no way to read deploy/config.py


@pytest.fixture(scope="module")
def hook():
    """The functions of the hook, by their names."""
    text = (TEMPLATE / "hooks/pre_gen_project.py").read_text("utf-8")
    functions, names = text.partition('\nANSWERS["project_name"] =')[0], {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        exec(functions.replace("{{ cookiecutter | tojson }}", "{}"), names)
    return names


def fab_refuses(key, value):
    try:
        config.RULES[key](value)
    except ValueError as error:
        return str(error)
    return None


NAMES = ["a", "order", "x" * 31, "x" * 32, "", "A", "1a", "_a", "a-b", "é", "pg_x", "a\n", "www"]


def test_cookiecutter_and_fab_refuse_the_same_names_of_the_system(hook):
    assert hook["ON_SERVERS"].split() == config.TAKEN_NAMES
    for name in [*NAMES, *config.TAKEN_NAMES]:
        assert bool(hook["project_name"](name)) == bool(fab_refuses("PROJECT_NAME", name)), name


# As a browser sends them, and what is none: https://www.unicode.org/reports/tr46/
HOSTS = {
    "www.one.example": "www.one.example",
    "straße.de": "xn--strae-oqa.de",
    "Straße.DE": "xn--strae-oqa.de",
    "münchen.example": "xn--mnchen-3ya.example",
    "MÜNCHEN.example": "xn--mnchen-3ya.example",
    "mu\u0308nchen.example": "xn--mnchen-3ya.example",
    "βόλος.com": "xn--nxasmm1c.com",
    "例え.テスト": "xn--r8jz45g.xn--zckzah",
    "例え。テスト": "xn--r8jz45g.xn--zckzah",
    "ｅｘａｍｐｌｅ.com": "example.com",
    "One.example": "one.example",
    "localhost": "localhost",
    "10.0.0.1": "10.0.0.1",
    **dict.fromkeys(["", "1.2.3", "300.1.1.1", "a_b.example", "-a.example", "a..b", "a b.example"]),
    **dict.fromkeys(["x" * 64 + ".example", ".".join(["x" * 63] * 4) + ".example", "*.example"]),
    **dict.fromkeys(["one.example:80", "http://one.example", "one.example/"]),
}


@pytest.mark.parametrize(("host", "wanted"), HOSTS.items())
def test_a_host_has_one_form_for_the_hook_for_fab_and_for_the_sites(hook, host, wanted):
    told, refused = hook["live_hostname"](host), fab_refuses("LIVE_HOSTNAME", host)
    if wanted == host:
        assert (told, refused) == (None, None)
    elif wanted:
        assert told == f"type it as browsers send it: {wanted}"
        assert refused == f"{host!r} is in browsers {wanted}: type that"
    else:
        assert "such as www.example.com" in told
        assert "such as www.example.com" in refused
    if wanted and not host.isascii():  # as multisite/hosts.py has it
        assert idna.encode(host.lower(), uts46=True).decode() == wanted


@pytest.mark.parametrize(("length", "refused"), [(100, False), (101, True)])
def test_a_host_that_the_sites_cannot_hold_is_refused_by_the_hook_and_by_fab(hook, length, refused):
    host = f"{'x' * 40}.{'y' * 40}.{'z' * (length - 82)}"
    told = [hook["live_hostname"](host), fab_refuses("LIVE_HOSTNAME", host)]
    assert ["Django's sites hold" in str(words) for words in told] == [refused, refused]


@pytest.mark.parametrize(("key", "value"), [(key, v) for key in REFUSED for v in REFUSED[key]])
def test_a_wrong_value_is_refused(key, value):
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        config.RULES[key](value)


@pytest.mark.parametrize(("key", "value"), [(key, v) for key in TAKEN for v in TAKEN[key]])
def test_a_right_value_is_taken(key, value):
    config.RULES[key](value)


def test_a_wrong_name_comes_with_one_that_would_do():
    for name in ("a.b", "1x", "x" * 64, "postgres", "Été"):
        with pytest.raises(ValueError, match="; try ") as refusal:
            config.RULES["PROJECT_NAME"](name)
        config.RULES["PROJECT_NAME"](str(refusal.value).rpartition("; try ")[2])


# What is shown


@pytest.fixture
def site(site_of_no_server):
    return site_of_no_server


def test_all_wrong_values_are_told_at_once_and_no_secret_is(site):
    site.configure(
        HOSTS="one.example", LOCALE="xx_XX", GUNICORN_PORT=80, PROJECT_NAME="a.b", NO_SUCH=1
    )
    site.configure(DB_PASS="secret\n", REPO_URL="https://me:secret@one.example/x y")
    lines = site.fab("status", status=2).splitlines()
    keys = [re.match(r'FABRIC\["(\w+)"\]: \S', line)[1] for line in lines]
    assert keys == sorted(
        "DB_PASS GUNICORN_PORT HOSTS LOCALE NO_SUCH PROJECT_NAME REPO_URL".split()
    )
    assert 'FABRIC["HOSTS"]: \'one.example\' is not a list; write ["one.example"]' in lines
    assert "secret" not in "".join(lines)


def test_the_site_may_not_run_as_a_user_with_sudo(site):
    site.configure(SSH_USER="mysite")
    assert site.fab("status", status=2).startswith('FABRIC["SSH_USER"]: mysite is PROJECT_NAME too')
    site.configure(SSH_USER="", HOSTS=["mysite@one.example"])
    assert site.fab("status", status=2).startswith('FABRIC["HOSTS"]: mysite is PROJECT_NAME too')


@pytest.mark.parametrize("key", ["/none", "~/none", "/tmp", "~no-such-user/key"])
def test_a_file_that_is_not_there_is_told(site, key):
    site.configure(SSH_KEY_PATH=key)
    assert site.fab("status", status=2).startswith('FABRIC["SSH_KEY_PATH"]: there is no file ')
    site.configure(SSH_KEY_PATH="", REQUIREMENTS_PATH="none.txt")
    line = "FABRIC[\"REQUIREMENTS_PATH\"]: there is no file 'none.txt' in the project\n"
    assert site.fab("status", status=2) == line
    assert "status" in site.fab("--list")


def test_a_missing_key_is_told(site):
    settings = site.project / "mysite/settings.py"
    settings.write_text(settings.read_text().replace('    "LOCALE"', '    "LOKALE"'))
    lines = site.fab("status", status=2).splitlines()
    assert lines[0] == 'FABRIC["LOCALE"]: missing'
    assert lines[1].startswith('FABRIC["LOKALE"]: no such key; the keys are SSH_USER, ')


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("import json\njson.loads('{')", "JSONDecodeError: "),
        ("raise SystemExit('set SECRET')", "SystemExit: set SECRET"),
        ("x = (", "SyntaxError: '(' was never closed"),
        ("import os\nos.environ['NO_SUCH']", "KeyError: 'NO_SUCH'"),
    ],
)
def test_settings_that_cannot_be_imported_are_told_with_file_and_line(site, text, reason):
    file = site.project / "mysite/local_settings.py"
    file.write_text(f"{file.read_text()}\n{text}\n")
    number = len(file.read_text().splitlines())
    (line,) = site.fab("status", status=2).splitlines()
    assert line.startswith(f"The settings cannot be imported: {file}, line {number}: {reason}")


@pytest.mark.parametrize("value", [[], None, "x", {"A"}])
def test_a_FABRIC_that_is_no_dict_is_told_as_that(site, value):
    file = site.project / "mysite/local_settings.py"
    file.write_text(f"{file.read_text()}\nFABRIC = {value!r}\n")
    settings = site.project / "mysite/settings.py"
    told = f"{settings} has no FABRIC, a dict with the keys of a deploy\n"
    assert site.fab("status", status=2) == told


def test_settings_without_FABRIC_are_told_as_that(site):
    settings = site.project / "mysite/settings.py"
    settings.write_text("DEBUG = True\n")
    assert site.fab("status", status=2).startswith(f"{settings} has no FABRIC")
