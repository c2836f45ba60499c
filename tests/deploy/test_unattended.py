"""Where nobody can answer, as in CI or under cron, each question ends fab with one line."""

import os
import re
import subprocess
import sys

import pytest
from process import tool
from sites import PASSWORD, typed, who

# The user has to answer more than a key, as where a server wants a code as well.
MORE_THAN_A_KEY = """cat >/etc/ssh/sshd_config.d/more.conf <<end
Match User typist
    AuthenticationMethods publickey,keyboard-interactive
    KbdInteractiveAuthentication yes
end
systemctl reload ssh"""


@pytest.fixture
def site(site_of_two_servers):
    return site_of_two_servers


@pytest.fixture
def more_than_a_key(web):
    web.run(MORE_THAN_A_KEY)
    yield
    web.run("rm /etc/ssh/sshd_config.d/more.conf && systemctl reload ssh")


@pytest.fixture(params=["nothing to read", "a pipe in which nothing comes", "closed"])
def unattended(request, site):
    """A function that runs fab with such a standard input; it returns what was told of a failure.

    One line on the standard error, after those that name the command and the host.
    """
    reader, writer = os.pipe()
    inputs = {"nothing to read": subprocess.DEVNULL, "a pipe in which nothing comes": reader}
    options = {"stdin": inputs.get(request.param, subprocess.DEVNULL), "stderr": subprocess.PIPE}
    if request.param == "closed":
        options["preexec_fn"] = lambda: os.close(0)

    def run(*words, status):
        with site.start(*words, start_new_session=True, **options) as process:
            try:
                output, told = process.communicate(timeout=60)
            finally:
                process.kill()  # it may wait for an answer for ever
        assert (process.returncode, output) == (status, ""), output + told
        (line,) = (x for x in told.splitlines() if not re.fullmatch(r"\S+ on \S+", x))
        return line

    yield run
    os.close(reader)
    os.close(writer)


def test_each_question_ends_with_one_line(site, web, unattended, more_than_a_key, tmp_path):
    assert "not confirmed; type mysite" in unattended("remove", status=2)
    for option in ("login-password", "passphrase", "sudo-password"):
        line = unattended(f"--prompt-for-{option}", "sudo", "true", status=2)
        assert line.startswith(f"--prompt-for-{option} asks on a terminal, and there is none;")

    site.configure(SSH_USER="typist")
    assert "asks more than for a key" in unattended("sudo", "true", status=3)
    web.run("sed -i s/typist/guest/ /etc/ssh/sshd_config.d/more.conf && systemctl reload ssh")
    assert "sudo wants a password; set SSH_PASS" in unattended("sudo", "true", status=3)

    locked = tmp_path / "locked"
    tool("ssh-keygen", "-qt", "ed25519", "-N", "secret", "-f", locked)
    site.configure(SSH_KEY_PATH=str(locked))
    assert "cannot be read without its passphrase" in unattended("sudo", "true", status=3)

    (site.home / ".ssh/known_hosts").write_text("")
    assert "is not known; connect once with ssh" in unattended("sudo", "true", status=3)


def test_on_a_terminal_they_are_answered_or_left_with_ctrl_d(site, web, more_than_a_key):
    site.configure(SSH_USER="typist")
    assert "typist root" in typed(site, [PASSWORD] * 2, "sudo", "echo $SUDO_USER $(id -un)")
    output = typed(site, ["\x04"], "remove", status=2)
    assert "not confirmed" in output


def agree(site, stdin):
    code = "from deploy.plans import agree; agree('Go on', False)"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=site.project, stdin=stdin, capture_output=True, text=True)


def test_a_question_of_a_deploy_is_refused_too(site):
    run = agree(site, subprocess.DEVNULL)
    assert run.returncode != 0
    assert "Go on: not agreed to; type yes when asked, or --yes" in run.stderr.splitlines()[-1]


def test_the_key_and_the_known_hosts_may_come_from_files_that_ci_writes(site, web):
    """What .ci/fabric.sh writes: here without its installation of Fabric."""
    ssh = site.home / ".ssh"
    known = (ssh / "known_hosts").read_text()
    script = (site.project / ".ci/fabric.sh").read_text("utf-8").partition("python3 -m venv")[0]
    secrets = {
        "text": (web.key.read_text().replace("\n", "\r\n"), known),
        "files": (str(web.key), str(ssh / "hosts")),
    }
    (ssh / "hosts").write_text(known)
    site.configure(SSH_KEY_PATH="")
    for key, hosts in secrets.values():
        for name in ("id_ed25519", "known_hosts"):
            (ssh / name).unlink(missing_ok=True)
        variables = {"HOME": str(site.home), "CI": "true"}
        variables |= {"SSH_PRIVATE_KEY": key, "SSH_KNOWN_HOSTS": hosts}
        subprocess.run(["sh", "-c", script], env=os.environ | variables, check=True)
        assert (ssh / "id_ed25519").stat().st_mode & 0o777 == 0o600
        assert who(site) == "deploy root"
    for missing in ("SSH_PRIVATE_KEY", "SSH_KNOWN_HOSTS"):
        run = subprocess.run(
            ["sh", "-c", script],
            env=os.environ | variables | {missing: ""},
            capture_output=True,
            text=True,
        )
        assert run.returncode == 2
        assert run.stderr == f'{missing} is empty: see "Deploy from CI" in README.md\n'
