"""Deploys that nobody notices, and code that is not well never gets a visitor.

All of it happens under the load of visitors who read and write, over kept connections and new ones,
and count every answer: see load.py. In nox -s faults it goes on for an hour.
"""

import shlex
import statistics
import threading

import pytest
from faults import answers, change, edited, held, history, is_live, journal, live, wait_for
from load import Connection, Load
from sites import HOST, multipart

UPLOAD = 10 * 2**20  # bytes


@pytest.mark.parametrize(
    ("deploys", "rollbacks"), [(3, 2), pytest.param(100, 20, marks=pytest.mark.long)]
)
def test_nobody_notices_deploys_rollbacks_and_restarts(site, figures, deploys, rollbacks):
    before_all = len(history(site))
    with Load(site, HOST) as load:
        for number in range(deploys):
            change(site, f"deploy {number}")
            site.fab("deploy")
            assert is_live(site, f"deploy {number}")
        for _ in range(rollbacks // 2):
            before = live(site)
            site.fab("rollback")
            assert live(site) < before
            site.fab("rollback", "--release", before)
            assert live(site) == before
        site.fab("restart")
    figures(
        f"{deploys} deploys, {rollbacks // 2 * 2} rollbacks, a restart: {len(load.failures)} failed"
        f" of {load.answers.total()} requests; the slowest took {load.slowest:.1f} s"
    )
    for command in "deploy", "rollback":
        took = [
            line["seconds"] for line in history(site)[before_all:] if line["command"] == command
        ]
        figures(f"{command}: {statistics.median(took):.1f} s (median), {max(took)} s at the most")
    assert load.failures == []


def test_the_same_load_notices_the_stock_way(site, figures):
    """A restart of gunicorn with code that does not import: what other deploys are measured by."""
    wsgi = site.root / "current/project/mysite/wsgi.py"
    well = wsgi.read_text()
    with Load(site, HOST) as load:
        wait_for(lambda: load.answers.total() > 20)
        wsgi.write_text(f"import no_such_module\n{well}")
        site.host.run("supervisorctl restart mysite", check=False)
        wait_for(lambda: len(load.failures) > 100)
        wsgi.write_text(well)
        site.host.run("supervisorctl restart mysite")
        wait_for(lambda: answers(site))
    figures(
        f"the stock way, a restart with code that does not import: {len(load.failures)} failed of"
        f" {load.answers.total()} requests"
    )


def test_requests_that_take_longer_than_the_relay_are_answered(site):
    slow_answer, upload = [], []

    def ask_slowly():
        connection = Connection(site.host.address, HOST)
        connection.request("POST", "/slow/?seconds=6", b"x" * 10, {"Host": HOST})
        slow_answer.append(connection.getresponse().read())

    def send_slowly():
        body, kind = multipart({"upload": b"x" * UPLOAD})
        connection = Connection(site.host.address, HOST)
        connection.putrequest("POST", "/slow/", skip_host=True)
        for name, value in {
            "Host": HOST,
            "Content-Type": kind,
            "Content-Length": len(body),
        }.items():
            connection.putheader(name, value)
        connection.endheaders()
        before = live(site)
        connection.send(body[: UPLOAD // 2])
        wait_for(lambda: live(site) != before and "result" in journal(site), 120)
        connection.send(body[UPLOAD // 2 :])
        upload.append(connection.getresponse().read())

    change(site, "slow requests")
    threads = [threading.Thread(target=target) for target in (ask_slowly, send_slowly)]
    with held(site, "start_standby") as process:
        for thread in threads:
            thread.start()
    assert process.returncode == 0
    for thread in threads:
        thread.join(120)
    assert slow_answer == [b"0"]
    assert upload == [str(UPLOAD).encode()]


def test_pages_of_the_release_before_keep_their_look(site):
    _, page = site.get("/")
    path = page.partition('href="/static/css/theme.')[2].partition('"')[0]
    change(site, "another look")
    site.fab("deploy")
    _, page = site.get("/")
    assert path not in page
    assert site.get(f"/static/css/theme.{path}")[0] == 200


BROKEN = {
    "import": (
        "mysite/wsgi.py",
        "application =",
        "import no_such_module\napplication =",
        "no_such_module",
    ),
    "500": (
        "mysite/middleware.py",
        "    try:\n        executor",
        '    raise RuntimeError("sick")\n    try:\n        executor',
        "500",
    ),
    "hang": (
        "mysite/middleware.py",
        "    try:\n        executor",
        "    import time; time.sleep(60)\n    try:\n        executor",
        "timed out",
    ),
    "page": (
        "mysite/urls.py",
        'path("", page, {"slug": "/"}, name="home")',
        'path("", lambda request: 1 / 0, name="home")',
        "/ answers 500",
    ),
}


@pytest.mark.parametrize(
    "fault", ["import", "hang", "page", pytest.param("500", marks=pytest.mark.long)]
)
def test_code_that_is_not_well_never_gets_a_visitor(site, fault):
    path, old, new, told = BROKEN[fault]
    before = live(site)
    with edited(site, path, old, new), Load(site, HOST) as load:
        output = site.fab("deploy", status=1)
    assert told in output
    assert "is live as before" in output
    assert load.failures == []
    assert live(site) == before


def test_code_that_is_well_at_the_third_try_goes_live(site):
    third = (
        "    from pathlib import Path\n"
        '    tries = Path(f"/tmp/tries-{settings.BASE_DIR.parent.name}")\n'
        '    with tries.open("a") as file:\n        file.write("x")\n'
        '    if tries.stat().st_size < 3:\n        return "not yet"\n'
    )
    old = "    try:\n        executor"
    with edited(site, "mysite/middleware.py", old, third + old):
        with Load(site, HOST) as load:
            site.fab("deploy")
        assert load.failures == []


@pytest.mark.long
def test_where_the_port_is_taken_meanwhile_the_standby_goes_on_serving(site):
    thief = (
        "import socket, time\n"
        "while True:\n"
        "    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
        "    try: s.bind(('127.0.0.1', 8000)); s.listen(); time.sleep(600)\n"
        "    except OSError: s.close(); time.sleep(0.001)\n"
    )
    site.host.run(f"systemd-run --quiet --unit=thief python3 -c {shlex.quote(thief)}")
    change(site, "port taken")
    with Load(site, HOST) as load:
        output = site.fab("deploy", status=1)
        assert "the standby serves" in output
        assert "the standby serves" in site.fab("status", status=1)
        site.host.run("systemctl stop thief")
        site.fab("deploy")
    assert load.failures == []
    assert is_live(site, "port taken")


def test_files_changed_by_hand_are_shown_and_not_overwritten_unasked(site):
    site.host.run("echo '# by hand' >>/etc/cron.d/mysite")
    change(site, "by hand")
    output = site.fab("deploy", status=1)
    assert "+# by hand" in output
    site.fab("deploy", "--yes")
    assert is_live(site, "by hand")
    assert "by hand" not in (site.host.root / "etc/cron.d/mysite").read_text()
    assert "by hand" in (site.root / "state/edited/mysite").read_text()


def test_a_configuration_that_nginx_refuses_is_put_back(site):
    installed = site.host.root / "etc/nginx/sites-enabled/mysite.conf"
    before = installed.read_text()
    template = "deploy/nginx.conf.template"
    with edited(site, template, "client_max_body_size 101m;", "no_such_directive;"):
        with Load(site, HOST) as load:
            output = site.fab("deploy", status=1)
        assert "no_such_directive" in output
        assert "is live as before" in output
    assert load.failures == []
    assert installed.read_text() == before
    site.host.run("nginx -t")
