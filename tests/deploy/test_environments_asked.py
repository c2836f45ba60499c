"""What a server is asked, and what it says, in an environment: another stands in for it."""

import ast
import json
import re
import sys
from types import SimpleNamespace

import pytest
from invoke import Exit
from support import TEMPLATE
from test_environments_settings import FABRIC, STAGING

sys.path.insert(0, str(TEMPLATE / "{{cookiecutter.project_name}}"))
sys.dont_write_bytecode = True  # cookiecutter would take it for a part of the template
from deploy import certificates, checks, environments, files, plans, relay, server  # noqa: E402
from deploy.host import CommandFailed, Host, Result  # noqa: E402


@pytest.fixture
def configs(monkeypatch):
    """The Configs of a project with a staging, by their names."""
    settings = SimpleNamespace(FABRIC=FABRIC, FABRIC_ENVIRONMENTS={"staging": STAGING})
    monkeypatch.setattr(environments, "read_settings", lambda app: settings)
    return environments.load("mysite")


# Whose site is there: two names of one host are seen by the server alone


class Server(Host):
    """Host as it is, on a server that stands for the one that runs: it has production's site.

    It has .asked, the commands that came as far as the server, in words.
    """

    def __init__(self, config, has_site=True):
        given = SimpleNamespace(sudo=SimpleNamespace(password=None))
        connection = SimpleNamespace(
            port=22, original_host="localhost", user="root", config=given, connect_kwargs={}
        )
        super().__init__(connection, config)
        self.asked, self.has_site, self._sudo = [], has_site, ("", b"")

    def _execute(self, command, stdin, verbose=False, shown=False):
        request = re.search(rb'\{"command": .*\}\n', stdin)
        if not request:
            self.asked.append("a script")
            return Result("", "", 0)
        self.asked.append(json.loads(request[0])["command"])
        if not self.has_site:
            return Result("", "", 0)
        if json.loads(request[0])["environment"] not in ("production", ""):
            return Result("", "envs is the production site here\n", 1)
        return Result('{"root": "/srv/mysite"}\n', "", 0)


def test_what_runs_on_a_server_runs_after_it_has_compared_the_environment(configs):
    for use in (
        lambda host: host.as_root("id"),
        lambda host: host.as_site("id"),
        lambda host: host.as_site("ls $root"),
        lambda host: host.start("cat x"),
        lambda host: host.call("remove"),
        lambda host: host.call("unpack", as_site=True),
    ):
        host = Server(configs["staging"])
        with pytest.raises(CommandFailed) as refused:
            use(host)
        assert refused.value.output == "envs is the production site here\n"
        assert "a script" not in host.asked
        assert len(host.asked) == 1


def test_the_server_is_asked_for_that_once_and_a_call_asks_too(configs):
    production = configs["production"]
    host = Server(production)
    host.as_root("id")
    host.as_site("id")
    host.call("live")
    assert host.asked == ["where", "a script", "a script", "live"]
    host = Server(production)
    host.call("live")
    host.as_root("id")
    assert host.asked == ["live", "a script"]
    host = Server(production, has_site=False)
    host.as_root("id")
    host.as_root("id")
    assert host.asked == ["where", "a script", "a script"]


def test_a_deploy_asks_before_a_site_becomes_another_environments(configs):
    host = Server(configs["staging"])
    same, other = (
        {"fabric": [("LOCALE", "a", "b")]},
        {"fabric": [("ENVIRONMENT", "production", "staging")]},
    )
    plans.agree_to_environment(host, same, False)
    plans.agree_to_environment(host, other, True)
    with pytest.raises(Exit) as refused:
        plans.agree_to_environment(host, other, False)
    assert refused.value.code == 2
    assert refused.value.message == (
        "mysite is the production site here; a deploy makes it the staging site. Go on: not agreed"
        " to; type yes when asked, or --yes"
    )


# What the server says to do

SAID = "your certificate has expired: put one into deploy/, and type fab create"
ROW = {"name": "certificate", "ok": True, "since": "", "type": "fab maintenance off"}
ANSWERS = {
    "sign": {"told": SAID},
    "status": dict.fromkeys(["release", "revision", "since", "template"], ""),
    "relay": {"result": "done", "told": [SAID]},
    "fetch": {"revision": "1", "unpushed": 0, "uncommitted": 0},
}


class Answering:
    """Stands in for Host: the server says of everything what to type, and where a file belongs."""

    lease, work, verbose, beside = None, None, False, False
    connection = SimpleNamespace(original_host="two.example", port=22)
    name, root = "two.example", "/srv/mysite"

    def __init__(self, config):
        self.config = config
        self.app_user = config.project_name

    def sudo_prefix(self):
        return "", b""

    def call(self, command, **_):
        return ANSWERS.get(command, {}) | {"checks": [ROW | {"answer": SAID}]}

    def as_root(self, *_, **__):
        return Result(f"{SAID}\n", "", 0)


TELLING = {
    "certificate": certificates.create,
    "status": lambda host: checks.status(host, False),
    "status, json": lambda host: checks.status(host, True),
    "relay": lambda host: relay.switch(host, "1"),
    "user": lambda host: server.create_user(host),
}


@pytest.mark.parametrize("telling", TELLING.values(), ids=TELLING)
def test_what_the_server_says_to_do_is_told_for_the_environment(
    configs, telling, capsys, monkeypatch
):
    monkeypatch.setattr(checks, "facts", lambda host: {})
    monkeypatch.setattr(files, "read_settings", lambda app: SimpleNamespace())
    telling(Answering(configs["production"]))
    assert "into deploy/, and type fab create" in capsys.readouterr().out
    telling(Answering(configs["staging"]))
    shown = capsys.readouterr().out
    assert "into deploy/staging/, and type fab staging create" in shown
    assert not re.search("fab (?!staging )", shown)


def test_where_certificates_belong_is_always_said_in_the_words_that_are_told_for_it():
    said = []
    for path in (TEMPLATE / "{{cookiecutter.project_name}}/deploy/on_host").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        comments = [node.value for node in nodes if isinstance(node, ast.Expr)]
        texts = [node for node in nodes if isinstance(node, ast.Constant) and node not in comments]
        # All environments have the keys of colleagues and the templates in common.
        own = r"deploy/(?!keys|[\w.]+\.template)"
        said += [text.value for text in texts if re.search(own, str(text.value))]
    assert said
    assert [text for text in said if "into deploy/," not in text] == []


def test_a_line_of_the_history_that_a_full_disk_has_cut_is_passed_over():
    shown = '{"who": "ann"}\n{"who": "bo{"who": "bob"}\n\n{"who": "eve"}\n'
    host = SimpleNamespace(as_root=lambda *_words, **_options: SimpleNamespace(stdout=shown))
    assert [line["who"] for line in server.history(host)] == ["ann", "eve"]
