"""Making faults happen in the deploys of a live site, and seeing what came of them."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

CUT_FAB = Path(__file__).with_name("cut_fab.py")
STEPS = """
    repair bring_uploads configure start_standby use_standby restart_main use_main stop_standby
""".split()

VIEWS = """
import time
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

@csrf_exempt
def slow(request):
    time.sleep(float(request.GET.get("seconds", 0)))
    return HttpResponse(str(sum(file.size for file in request.FILES.values())))
"""

# Before a step that a test wants to harm, the switch waits for the harm.
NOTE = "        self.write_journal()\n"
HOLD = """        hold = self.site.state / "hold"
        while hold.exists() and hold.read_text() == step:
            time.sleep(0.01)
"""


def make_harmable(project):
    """Give a project a view that takes its time, and a relay that can be held in each step."""
    edit(project / "deploy/on_host/processes.py", "HEALTH_SECONDS = 30", "HEALTH_SECONDS = 15")
    edit(project / "deploy/on_host/switch.py", NOTE, NOTE + HOLD)
    (project / "theme/slow.py").write_text(VIEWS)
    urls = project / "mysite/urls.py"
    edit(urls, "from multisite", "from theme.slow import slow\nfrom multisite")
    edit(urls, "urlpatterns = [", 'urlpatterns = [path("slow/", slow),')


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def live(site):
    return os.readlink(site.root / "current").rpartition("/")[2]


def journal(site):
    path = site.root / "state/switch.json"
    return json.loads(path.read_text()) if path.exists() else {}


def history(site):
    lines = (site.root / "state/history.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


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
    try:
        yield
    finally:
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
        time.sleep(0.01)


def count_commands(site):
    """Return how many remote commands a deploy of a new commit takes."""
    change(site, "counted")
    status, output = cut_fab(site, 0, "list", "deploy")
    assert status == 0, output
    return output.count("\ncommand ") + output.startswith("command ")


def is_at(site, step):
    noted = journal(site)
    return noted.get("steps", [])[-1:] == [step] and "result" not in noted


@contextmanager
def held(site, step):
    """Start a deploy and hold its switch before a step; it is let go after the block."""
    hold = site.root / "state/hold"
    hold.write_text(step)
    with site.start("deploy") as process:
        try:
            wait_for(lambda: is_at(site, step), 180)
            yield process
        finally:  # or it would wait for ever
            hold.unlink()
            process.communicate(timeout=180)  # or it would lose its standard output


def switch_process(site):
    """Return the process id, on this machine, of the switch on the host."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            mine = site.host._machine in (path.parent / "cgroup").read_text()
            if mine and b'{"command": "switch"' in path.read_bytes().partition(b"python3")[2]:
                return int(path.parent.name)
        except OSError:  # it has just ended
            continue
    return None


def answers(site):
    try:
        return site.get("/")[0] == 200
    except OSError:
        return False


def know(site, line):
    """Let ssh know the host behind a line."""
    known = site.home / ".ssh/known_hosts"
    keys = site.host.known_hosts.read_text().replace(site.host.address, f"[127.0.0.1]:{line.port}")
    known.write_text(site.host.known_hosts.read_text() + keys)
