"""The table of checks, without a server."""

import fcntl
import json
import socket
from types import SimpleNamespace

import pytest

from deploy.on_host import (
    checks,
    checks_of_server,
    checks_of_site,
    configuration,
    files,
    lease,
    ports,
    virtualenv,
)
from deploy.on_host.checks import Check, Server, Wrong
from deploy.on_host.site import Refused, Site

FACTS = {"port": 8000, "hostname": "garden.example", "app": "garden", "clock": None}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site with one release, which is live."""
    monkeypatch.setattr(files.os, "fchown", lambda *_: None)
    site = Site("garden", tmp_path / "garden")
    for directory in ("state", "releases/1", "backups"):
        (site.root / directory).mkdir(parents=True)
    (site.root / "current").symlink_to("releases/1")
    return site


@pytest.fixture
def server(site):
    return Server(site, FACTS)


@pytest.fixture
def table(monkeypatch):
    """A table of two checks; a test sets what the second answers."""
    answers = SimpleNamespace(roof=lambda server: "tight")

    def walls(server):
        return "upright"

    def roof(server):
        return answers.roof(server)

    rows = [Check(walls, "Do they stand?", ()), Check(roof, "Is it tight?", ("deploy",))]
    monkeypatch.setattr(checks, "TABLE", rows)
    return answers


def wrong(words, *arguments):
    def answer(server):
        raise Wrong(words, *arguments)

    return answer


# The table


def test_each_check_is_a_row_with_a_question_an_answer_and_a_name_of_its_own():
    names = [check.name for check in checks.TABLE]
    assert len(set(names)) == len(names) > 20
    assert all(check.question.endswith("?") for check in checks.TABLE)
    commands = {command for check in checks.TABLE for command in check.before}
    assert commands == {"install", "create", "deploy"}


def test_a_row_says_what_is_wrong_and_what_to_type(server, table):
    table.roof = wrong("it leaks", "fab mend")
    walls, roof = checks.rows(server)
    assert (walls["ok"], walls["answer"]) == (True, "upright")
    assert (roof["ok"], roof["answer"], roof["type"]) == (False, "it leaks", "fab mend")
    assert checks.line(roof) == "roof: it leaks; type fab mend"


def test_what_does_not_apply_has_no_row(server, table):
    table.roof = lambda server: None
    assert [row["name"] for row in checks.rows(server)] == ["walls"]


def test_a_check_that_fails_is_a_row_of_one_line_and_hides_no_other(server, table):
    table.roof = lambda server: 1 / 0
    walls, roof = checks.rows(server)
    assert walls["ok"]
    assert (roof["ok"], roof["answer"]) == (False, "cannot be told: division by zero")


def test_a_command_asks_what_it_needs_and_is_refused_with_all_of_it(site, table):
    table.roof = wrong("it leaks")
    assert checks.prerequisites(site, FACTS, "install") == {}
    with pytest.raises(Refused, match="^roof: it leaks$"):
        checks.prerequisites(site, FACTS, "deploy")


def test_since_is_when_an_answer_was_first_seen(site, table):
    def since():
        return {row["name"]: row["since"] for row in checks.status(site, FACTS)["checks"]}

    kept = site.state / "checks.json"
    since()
    long_ago = {name: {"ok": True, "since": "2026-01-01T00:00Z"} for name in ("walls", "roof")}
    kept.write_text(json.dumps(long_ago))
    assert set(since().values()) == {"2026-01-01T00:00Z"}
    table.roof = wrong("it leaks")
    assert since()["walls"] == "2026-01-01T00:00Z"
    assert since()["roof"] > "2026-01-01T00:00Z"
    table.roof = wrong("it leaks", "", "2025-12-24T18:00Z")  # it knows better
    assert since()["roof"] == "2025-12-24T18:00Z"


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ('{"commit": "1a2b3c4d5e", "template": "https://one.example/t"}', "1a2b3c4d5e"),
        *[('{"commit": null}', ""), ("{}", ""), ("[]", ""), ("<<<<<<< ours", ""), (None, "")],
    ],
)
def test_the_revision_of_the_template_is_told_where_it_is_known(site, table, record, told):
    (site.current / "project").mkdir()
    if record is not None:
        (site.current / "project/.cruft.json").write_text(record)
    assert checks.status(site, FACTS)["template"] == told


def test_while_a_command_is_at_work_no_other_is_advised(site, table):
    table.roof = wrong("it leaks", "fab mend")
    (site.state / "lease.json").write_text(json.dumps({"who": "ann@desk", "command": "deploy"}))
    with (site.state / "lease.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        roof = checks.rows(Server(site, FACTS))[1]
        assert roof["type"] == ""
        assert roof["answer"].startswith("it leaks (ann@desk is at work here, deploy since")
    assert checks.rows(Server(site, FACTS))[1]["type"] == "fab mend"


def test_to_ask_who_is_at_work_leaves_the_lease_free(site):
    (site.state / "lease.lock").touch()
    assert lease.holder(site.state) is None
    assert lease.take(site.state)


# Checks


@pytest.mark.parametrize(
    ("asked", "free", "inodes", "words"),
    [
        ("deploy", 0.1e9, 10**6, "100 MB are free, and 200 MB"),
        ("deploy", 0.5e9, 10**6, None),
        ("install", 0.5e9, 10**6, "500 MB are free, and 1000 MB"),
        ("deploy", 1e12, 9000, "9000 inodes are free"),
        ("deploy", 1e12, None, None),
    ],
)
def test_the_disk_has_to_have_bytes_and_inodes(site, monkeypatch, asked, free, inodes, words):
    full = SimpleNamespace(f_files=0 if inodes is None else 10**7, f_favail=inodes or 0)
    monkeypatch.setattr(checks_of_server.os, "statvfs", lambda path: full)
    usage = SimpleNamespace(free=int(free))
    monkeypatch.setattr(checks_of_server.shutil, "disk_usage", lambda path: usage)
    server = Server(site, FACTS, asked)
    if words is None:
        assert checks_of_server.disk(server).endswith("GB free")
    else:
        with pytest.raises(Wrong, match=words):
            checks_of_server.disk(server)


@pytest.mark.parametrize(
    ("hours", "words"), [(0, None), (0.5, None), (-48, "48 hours ahead"), (48, "48 hours behind")]
)
def test_a_clock_that_is_far_off_is_told(site, hours, words):
    now = checks_of_server.time.time()
    server = Server(site, FACTS | {"clock": now + hours * 3600})
    if words is None:
        assert checks_of_server.clock(server).endswith("UTC")
    else:
        with pytest.raises(Wrong, match=words):
            checks_of_server.clock(server)


def test_a_clock_of_before_the_last_deploy_is_wrong_by_itself(server, monkeypatch):
    deployed = server.site.current.lstat().st_mtime
    monkeypatch.setattr(checks_of_server.time, "time", lambda: deployed - 86400)
    with pytest.raises(Wrong, match="24 hours behind"):
        checks_of_server.clock(server)


def test_each_port_of_the_stack_is_asked_for(server, monkeypatch):
    holders = {
        80: ports.Holder("nginx", "/usr/sbin/nginx", "root"),
        443: ports.Holder("haproxy", "/usr/sbin/haproxy", "root", "haproxy"),
        5432: ports.Holder("docker-proxy", "/usr/bin/docker-proxy", "root", "docker"),
    }
    monkeypatch.setattr(checks_of_server, "holder", holders.get)
    with pytest.raises(Wrong) as told:
        checks_of_server.ports(server)
    assert str(told.value) == (
        "port 443 is taken by haproxy (user root), port 5432 is taken by docker-proxy (user root)"
    )
    assert told.value.type == 'fab sudo "systemctl disable --now haproxy docker"'
    holders.pop(443), holders.pop(5432)
    assert checks_of_server.ports(server) == "80, 443, 5432"


def test_the_holder_of_a_port_is_found_without_tools():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        found = ports.holder(listener.getsockname()[1])
        assert found == ports.described(ports.Path("/proc/self"))
        assert ports.holder(listener.getsockname()[1], ["127.0.0.1"]) is None
        assert ports.holder(listener.getsockname()[1], ["127.0.0.2"]) == found
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert ports.holder(free.getsockname()[1]) is None


@pytest.mark.parametrize(
    ("version", "made_for", "problem"),
    [
        ("3.13", "3.11", "its packages are for Python 3.11, and here is 3.13"),
        ("3.13", "3.13", "its Python fails"),
    ],
)
def test_packages_for_another_python_are_a_problem(site, monkeypatch, version, made_for, problem):
    venv = site.release("1") / "venv"
    venv.mkdir()
    (venv / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion_info = {made_for}.2\n")
    monkeypatch.setattr(virtualenv, "version_of", lambda python: version)
    failed = SimpleNamespace(returncode=1, stderr="")
    monkeypatch.setattr(virtualenv.subprocess, "run", lambda *_, **__: failed)
    assert virtualenv.problem_of(site, "1") == problem


def test_a_process_is_told_by_its_state_and_its_answer(server, monkeypatch):
    def ask(self, connection, path):
        return answer

    monkeypatch.setattr(checks_of_site.Processes, "ask", ask)
    server.programs = {"garden": ("RUNNING", "RUNNING pid 1")}
    answer = 200, "1\n"
    assert checks_of_site.processes(server) == "RUNNING pid 1"
    answer = 200, "another release"
    with pytest.raises(Wrong, match="/healthz answers 200 another release"):
        checks_of_site.processes(server)
    for state in ("FATAL", "STOPPED", "BACKOFF"):
        server.programs = {"garden": (state, f"{state} Exited too quickly")}
        with pytest.raises(Wrong, match=f"{state} Exited too quickly"):
            checks_of_site.processes(server)
    server.programs = {}
    with pytest.raises(Wrong, match="supervisor does not know it"):
        checks_of_site.processes(server)


def test_where_a_kernel_has_no_ipv6_nginx_is_not_told_to_listen_there(monkeypatch):
    assert configuration.has_ipv6() in (True, False)

    def refuse(*_):
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(configuration.socket, "socket", refuse)
    assert not configuration.has_ipv6()


@pytest.mark.parametrize(
    ("by", "type"), [("hand", None), ("deploy", "fab deploy"), ("restore", "fab restore, or")]
)
def test_a_maintenance_that_a_deploy_or_a_restore_has_left_is_wrong(server, by, type):
    path = server.site.state / "maintenance"
    assert checks_of_site.maintenance(server) is None
    path.write_text(f"{by}\n")
    if not type:
        assert "fab maintenance off" in checks_of_site.maintenance(server)
        return
    with pytest.raises(Wrong, match=f"503 since .* by a {by} that was cut off") as wrong:
        checks_of_site.maintenance(server)
    assert wrong.value.type.startswith(type)
    with files.alone(server.site.state / "lease.lock"):
        assert checks_of_site.maintenance(Server(server.site, FACTS)).startswith("on, since")
