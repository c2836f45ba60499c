"""The jobs of the workflows do on a fresh Debian what they say: its lines are typed as they stand.

A machine of GitHub has a user with sudo, one of GitLab is a container with root alone.
"""

import re
import subprocess
from types import SimpleNamespace

import pytest
import yaml
from rig import SUITES
from sites import HOST
from support import Baker

CHECKOUT = "/var/tmp/checkout"
WITH_SUDO = """
apt-get -qq update && apt-get -qq install --no-install-recommends sudo >/dev/null
useradd --create-home --shell /bin/bash runner
echo 'runner ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/runner
"""


def lines_of_github(project, job):
    workflow = yaml.safe_load((project / ".github/workflows/ci.yml").read_text("utf-8"))
    return [step["run"] for step in workflow["jobs"][job]["steps"] if "run" in step]


def lines_of_gitlab(project, job):
    workflow = yaml.safe_load((project / ".gitlab-ci.yml").read_text("utf-8"))
    return workflow["default"]["before_script"] + workflow[job]["script"]


def configure(project, old, new):
    settings = project / "mysite/settings.py"
    text = settings.read_text("utf-8")
    assert old in text
    settings.write_text(text.replace(old, new), "utf-8")


def git(project, *words):
    author = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    command = ["git", *author, *words]
    return subprocess.run(command, cwd=project, check=True, capture_output=True, text=True).stdout


def commit(project):
    git(project, "add", ".")
    git(project, "commit", "-qm", "Change")


def head(project):
    return git(project, "rev-parse", "HEAD").strip()


@pytest.fixture
def machine(make_host, request):
    """A machine of a forge: `check_out` brings a project, `run` types the lines of a job there."""
    suite, user, lines_of = request.param
    host = make_host("ci", suite=suite)
    if user != "root":
        host.run(WITH_SUDO)

    def check_out(project):
        (project / "mysite/local_settings.py").unlink()  # which git ignores
        host.copy_in(project, CHECKOUT, user=user)

    def run(project, job, **variables):
        """Return what the job has printed."""
        printed = ""
        for line in lines_of(project, job):
            result = host.run(f"cd {CHECKOUT} && {line}", user=user, env=variables, check=False)
            printed += result.stdout + result.stderr
            assert result.returncode == 0, f"{line}\n{printed[-5000:]}"
        return printed

    return SimpleNamespace(run=run, check_out=check_out)


GITHUB = pytest.param((SUITES[0], "runner", lines_of_github), id="github")
GITLAB = pytest.param((SUITES[-1], "root", lines_of_gitlab), id="gitlab")


@pytest.mark.long  # it installs all that the tests need
@pytest.mark.parametrize("machine", [GITHUB, GITLAB], indirect=True)
def test_a_new_project_passes_its_tests_on_a_new_machine(machine, template, tmp_path):
    project = Baker(template, tmp_path).bake()
    machine.check_out(project)
    printed = machine.run(project, "test", CI="true", PYTEST_ADDOPTS="-k settings")
    assert re.search(r"\d passed", printed)
    assert "Session lint was successful" in printed


@pytest.mark.parametrize("machine", [GITLAB], indirect=True)
def test_a_commit_goes_live_from_a_machine_of_gitlab(machine, site, template, tmp_path):
    project = Baker(template, tmp_path).bake(live_hostname=HOST)
    configure(project, f'"HOSTS": ["{HOST}"]', f'"HOSTS": ["{site.host.address}"]')
    configure(project, '"SSH_USER": ""', '"SSH_USER": "root"')
    (project / ".cruft.json").write_text('{"commit": "1a2b3c4d"}')
    commit(project)
    machine.check_out(project)
    printed = machine.run(
        project,
        "production",
        CI="true",
        SSH_PRIVATE_KEY=site.host.key.read_text(),
        SSH_KNOWN_HOSTS=site.host.known_hosts.read_text(),
    )
    assert f"Live: https://{HOST}/" in printed
    assert site.host.run("cat /srv/mysite/current/REVISION").stdout.strip() == head(project)
    assert re.search(r"^template: +1a2b3c4d$", site.status(), re.M)
    site.fab("deploy")  # what the other tests expect there
