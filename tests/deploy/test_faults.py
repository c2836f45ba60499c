"""Deploys that nobody notices, and that nothing can break half-way: each fault on a real host.

All of it happens under the load of visitors who read and write, over kept connections and new ones,
and count every answer: see load.py. A run with --full makes each fault at each point.
"""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from line import Line
from load import Connection, Load
from sites import HOST, Site
from support import Baker

CUT_FAB = Path(__file__).with_name("cut_fab.py")
VIEWS = """
import time
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

@csrf_exempt
def slow(request):
    time.sleep(float(request.GET.get("seconds", 0)))
    return HttpResponse(str(sum(map(len, iter(lambda: request.read(2**16), b"")))))
"""

# Before a step that a test wants to harm, the switch waits for the harm.
NOTE = "        write_journal(self.journal)\n"
HOLD = """        hold = ROOT / "state/hold"
        while hold.exists() and hold.read_text() == step:
            time.sleep(0.01)
"""


@pytest.fixture(scope="module")
def site(rig, template, tmp_path_factory):
    """A live site, with a view that takes its time, and a relay that can be held in each step."""
    project = Baker(template, tmp_path_factory.mktemp("faults")).bake(live_hostname=HOST)
    edit(project / "deploy/on_host/switch.py", "HEALTH_SECONDS = 30", "HEALTH_SECONDS = 15")
    edit(project / "deploy/on_host/switch.py", NOTE, NOTE + HOLD)
    (project / "theme/views.py").write_text(VIEWS)
    urls = project / "mysite/urls.py"
    edit(urls, "from multisite", "from theme.views import slow\nfrom multisite")
    edit(urls, "urlpatterns = [", 'urlpatterns = [path("slow/", slow),')
    host = rig.up("faults", suite="trixie")
    site = Site(project, host, SSH_USER="root", ADMIN_PASS="adminadmin")
    site.commit()
    site.root = host.root / "srv/mysite"
    site.fab("all")
    yield site
    host.down()


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def live(site):
    return os.readlink(site.root / "current").rpartition("/")[2]


def journal(site):
    path = site.root / "state/switch.json"
    return json.loads(path.read_text()) if path.exists() else {}


def change(site, text):
    """Commit a change of the style sheet, which a deploy then brings live."""
    css = site.project / "theme/static/css/theme.css"
    css.write_text(f"/* {text} */\n")
    site.commit()


def is_live(site, text):
    static = site.root / "current/project/static/css/theme.css"
    return static.read_text() == f"/* {text} */\n"


@contextmanager
def edited(site, path, old, new):
    """Commit an edit of a file of the project for the block, and its contrary afterwards."""
    file = site.project / path
    before = file.read_text("utf-8")
    edit(file, old, new)
    site.commit()
    yield
    file.write_text(before, "utf-8")
    site.commit()


def cut_fab(site, number, fault, *arguments, **environment):
    """Run fab with a fault at its Nth remote command; return its status and what it printed."""
    result = subprocess.run(
        [sys.executable, str(CUT_FAB), str(number), fault, *arguments],
        cwd=site.project,
        env=os.environ | {"HOME": str(site.home), "SSH_AUTH_SOCK": ""} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return result.returncode, result.stdout + result.stderr


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not so after {seconds} s"
        time.sleep(0.002)


def count_commands(site):
    """Return how many remote commands a deploy of a new commit takes."""
    change(site, "counted")
    status, output = cut_fab(site, 0, "list", "deploy")
    assert status == 0, output
    return output.count("\ncommand ") + output.startswith("command ")


# Nobody notices


def test_nobody_notices_deploys_rollbacks_and_restarts(site, figures, full):
    deploys, rollbacks = (100, 20) if full else (6, 3)
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
    assert load.failures == []


def test_requests_that_take_longer_than_the_relay_are_answered(site):
    slow_answer, upload = [], []

    def ask_slowly():
        connection = Connection(site.host.address, HOST)
        connection.request("POST", "/slow/?seconds=6", b"x" * 10, {"Host": HOST})
        slow_answer.append(connection.getresponse().read())

    def send_slowly():
        connection = Connection(site.host.address, HOST)
        connection.putrequest("POST", "/slow/", skip_host=True)
        connection.putheader("Host", HOST)
        connection.putheader("Content-Length", str(10 * 2**20))
        connection.endheaders()
        before = live(site)
        for part in range(10):
            if part == 5:  # half of it before the relay, half of it after
                wait_for(lambda: live(site) != before and "result" in journal(site))
            connection.send(b"x" * 2**20)
        upload.append(connection.getresponse().read())

    change(site, "slow requests")
    threads = [threading.Thread(target=target) for target in (ask_slowly, send_slowly)]
    with held(site, "start_standby") as process:
        for thread in threads:
            thread.start()
    assert process.returncode == 0
    for thread in threads:
        thread.join(120)
    assert slow_answer == [b"10"]
    assert upload == [str(10 * 2**20).encode()]


def test_pages_of_the_release_before_keep_their_look(site):
    _, page = site.get("/")
    path = page.partition('href="/static/css/theme.')[2].partition('"')[0]
    change(site, "another look")
    site.fab("deploy")
    _, page = site.get("/")
    assert path not in page
    assert site.get(f"/static/css/theme.{path}")[0] == 200


# Faults of the line, and of whoever deploys


def test_a_deploy_cut_at_any_command_harms_nothing_and_the_next_one_works(site, figures, full):
    commands = count_commands(site)
    survived = 0
    for number in range(1, commands + 1):
        for fault in ("line", "kill") if full else (["line", "kill"][number % 2],):
            change(site, f"{fault} {number}")
            with Load(site, HOST) as load:
                status, output = cut_fab(site, number, fault, "deploy")
                site.fab("deploy")
            assert load.failures == [], (fault, number, output)
            assert is_live(site, f"{fault} {number}"), (fault, number, output)
            survived += 1
    figures(f"a deploy cut at each of its {commands} commands: {survived} of {survived} survived")


def test_a_second_deploy_is_told_who_is_at_work(site):
    change(site, "two at once")
    with held(site, "start_standby") as first:
        output = site.fab("deploy", status=75)
        assert "is at work here, deploy" in output
    assert first.returncode == 0
    assert is_live(site, "two at once")


def test_the_lease_is_free_soon_after_its_holder_was_killed(site):
    change(site, "killed holder")
    status, _ = cut_fab(site, 8, "kill", "deploy")
    assert status == -9
    site.fab("deploy")
    assert is_live(site, "killed holder")
    assert "cut off" in site.fab("history")


def test_a_line_that_goes_dead_frees_the_lease_within_a_minute_or_so(site, figures):
    change(site, "dead line")
    with Line(site.host.address) as line, Load(site, HOST) as load:
        know(site, line)
        with site.start("-H", f"127.0.0.1:{line.port}", "deploy") as process:
            lease = site.root / "state/lease.json"
            wait_for(lambda: json.loads(lease.read_text()).get("step") == "Python packages")
            line.dead.set()
            assert "is at work here" in site.fab("deploy", status=75)
            started = time.monotonic()
            while site.start("deploy").wait(300):
                assert time.monotonic() - started < 300
            process.kill()
        figures(
            f"a dead line: the next deploy was through after {time.monotonic() - started:.0f} s"
        )
    assert load.failures == []
    assert is_live(site, "dead line")


def know(site, line):
    """Let ssh know the host behind a line."""
    known = site.home / ".ssh/known_hosts"
    keys = site.host.known_hosts.read_text().replace(site.host.address, f"[127.0.0.1]:{line.port}")
    known.write_text(site.host.known_hosts.read_text() + keys)


def test_a_deploy_of_what_is_live_is_four_commands_at_the_most(site, figures):
    site.fab("deploy")
    with Line(site.host.address, delay=0.025) as line:
        know(site, line)
        started = time.monotonic()
        status, output = cut_fab(site, 0, "list", "-H", f"127.0.0.1:{line.port}", "deploy")
    assert (status, "is live already" in output) == (0, True), output
    commands = output.count("command ")
    assert commands <= 4
    seconds = time.monotonic() - started
    figures(f"a deploy of what is live, 50 ms away: {commands} commands, {seconds:.1f} s")


# Faults of the server


def is_at(site, step):
    noted = journal(site)
    return noted.get("steps", [])[-1:] == [step] and "result" not in noted


@contextmanager
def held(site, step):
    """Start a deploy and hold its switch before a step; it is let go after the block."""
    hold = site.root / "state/hold"
    hold.write_text(step)
    with site.start("deploy") as process:
        wait_for(lambda: is_at(site, step))
        yield process
        hold.unlink()


STEPS = "repair configure start_standby use_standby restart_main use_main stop_standby".split()


def switch_process(site):
    """Return the process id, on this machine, of the switch on the host."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            mine = site.host._machine in (path.parent / "cgroup").read_text()
            if mine and b"/srv/mysite/state/switch.py" in path.read_bytes().split(b"\0"):
                return int(path.parent.name)
        except OSError:  # it has just ended
            continue
    return None


@pytest.mark.parametrize("step", STEPS)
def test_a_switch_killed_in_any_step_harms_nothing_and_the_next_deploy_works(site, step):
    change(site, f"killed in {step}")
    with Load(site, HOST) as load:
        with held(site, step) as process:
            os.kill(switch_process(site), 9)
            assert process.wait(120) == 1
        site.fab("deploy")
    assert load.failures == []
    assert is_live(site, f"killed in {step}")
    assert not (site.host.root / "run/mysite/use-standby").exists()


@pytest.mark.parametrize("step", STEPS)
def test_after_a_power_cut_in_any_step_the_site_is_back_and_the_next_deploy_works(site, step):
    change(site, f"power cut in {step}")
    with held(site, step) as process:
        site.host.kill()
        process.kill()
    site.host.start()
    wait_for(lambda: answers(site))
    with Load(site, HOST) as load:
        site.fab("deploy")
    assert load.failures == []
    assert is_live(site, f"power cut in {step}")


def answers(site):
    try:
        return site.get("/")[0] == 200
    except OSError:
        return False


def test_a_disk_that_is_full_is_foreseen(site):
    change(site, "full disk")
    edit(site.project / "deploy/releases.py", "needed=$((200000", "needed=$((900000000000")
    assert "disk full: " in site.fab("deploy", status=1)
    edit(site.project / "deploy/releases.py", "needed=$((900000000000", "needed=$((200000")
    site.fab("deploy")


def test_a_database_that_restarts_meanwhile_harms_only_that_deploy(site):
    commands = count_commands(site)
    restart = f"ssh -o BatchMode=yes -o UserKnownHostsFile={site.host.known_hosts}"
    restart += f" -i {site.host.key} root@{site.host.address} systemctl restart postgresql"
    for number in (commands - 6, commands - 4):
        change(site, f"database restarts {number}")
        cut_fab(site, number, "shell", "deploy", ON_HOST=restart)
        wait_for(lambda: answers(site))
        site.fab("deploy")
        assert is_live(site, f"database restarts {number}")


def test_without_memcached_a_deploy_works(site):
    site.host.run("systemctl stop memcached")
    change(site, "no memcached")
    site.fab("deploy")
    assert site.get("/")[0] == 200
    site.host.run("systemctl start memcached")


# Faults of the code


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


@pytest.mark.parametrize("fault", BROKEN)
def test_code_that_is_not_well_never_gets_a_visitor(site, fault):
    path, old, new, told = BROKEN[fault]
    before = live(site)
    with edited(site, path, old, new), Load(site, HOST) as load:
        output = site.fab("deploy", status=1)
    assert told in output
    assert "is live as before" in output
    assert load.failures == [] if fault != "page" else True
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


def test_where_the_port_is_taken_meanwhile_the_standby_goes_on_serving(site):
    thief = (
        "import socket, time\n"
        "while True:\n"
        "    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
        "    try: s.bind(('127.0.0.1', 8000)); s.listen(); time.sleep(600)\n"
        "    except OSError: s.close(); time.sleep(0.001)\n"
    )
    site.host.run(f"systemd-run --quiet --unit=thief python3 -c {json.dumps(thief)!r}")
    change(site, "port taken")
    with Load(site, HOST) as load:
        output = site.fab("deploy", status=1)
        assert "the standby serves" in output
        assert "the standby serves" in site.fab("status")
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


def test_a_switch_that_was_cut_after_it_put_new_files_in_place_needs_no_hand(site):
    crontab = site.project / "deploy/crontab.template"
    edit(crontab, "40 3 * * *", "41 3 * * *")
    change(site, "new files")
    with held(site, "start_standby") as process:
        os.kill(switch_process(site), 9)
        process.wait(120)
    edit(crontab, "41 3 * * *", "42 3 * * *")
    change(site, "newer files")
    site.fab("deploy")
    assert "42 3 * * *" in (site.host.root / "etc/cron.d/mysite").read_text()
