"""`fab secure` on real hosts that know passwords only."""

import contextlib
import re

import paramiko
import pytest
from rig import SUITES
from securing import DROP_IN, UGLY, Printed, Server, fingerprint, server, stopped

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", params=SUITES)
def by_password(rig, developers_home, request):
    """A server that knows passwords only and has its sshd at port 2222, secured and watched."""
    host = rig.up(f"pw-{request.param}", suite=request.param, password=UGLY)
    host.run("rm -r ~/.ssh; echo Port 2222 >/etc/ssh/sshd_config.d/port.conf")
    host.run("systemctl restart ssh")
    this = server(host, port=2222, ssh_pass=UGLY)
    host.run("mkdir -p /watch")
    watch = "while :; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; sleep 0.05; done"
    watcher = host.popen(f"({watch}) 2>/dev/null | tr '\\0' '\\n' >/watch/seen")
    output = Printed()
    with contextlib.redirect_stdout(output):
        this.secure()
    watcher.terminate()
    watcher.wait(timeout=10)
    this.output = output.text
    yield this
    host.down()


def test_where_only_a_password_is_configured_passwords_stay_allowed_and_that_is_said(by_password):
    assert "passwords stay allowed: deploy logged in with one" in by_password.output
    assert by_password.log_in(password=UGLY, key=False) == "deploy\n"
    with pytest.raises(paramiko.AuthenticationException):
        by_password.log_in(password=UGLY, key=False, user="root")
    lines = (by_password.rig.root / DROP_IN).read_text().splitlines()
    assert "PermitRootLogin no" in lines
    assert not any("Authentication" in line for line in lines)


def test_sudo_asks_for_that_password(by_password):
    command = "sudo -kS -p '' id -un 2>/dev/null"
    assert by_password.log_in(password=UGLY, key=False, command=command) == "root\n"
    command = f"echo wrong | {command}"
    assert by_password.log_in(password=UGLY, key=False, command=command) == ""
    assert "a password is required" in by_password.log_in(
        password=UGLY, key=False, command="sudo -n true"
    )


def test_ssh_is_let_in_and_guarded_at_the_port_that_it_has(by_password):
    rules = by_password.rig.run("ufw status").stdout
    assert set(re.findall(r"^(\S+) .*ALLOW", rules, re.M)) == {"2222/tcp", "80/tcp", "443/tcp"}
    assert "port = 2222" in by_password.rig.run("cat /etc/fail2ban/jail.d/mysite.local").stdout


def test_the_password_is_in_no_list_of_processes_and_no_log(by_password):
    seen = (by_password.rig.root / "watch/seen").read_bytes()
    # The watcher saw what ran, as the user and as root: where it is read from, not what it is.
    assert b"unattended-upgrades" in seen
    assert b'eval "$(head -c ' in seen
    journal = by_password.rig.run("journalctl --no-pager").stdout.encode()
    assert b"sshd" in journal
    grep = by_password.rig.run(
        "grep -rlF -f - /var/log /etc /home /tmp /run/systemd", input=UGLY + "\n", check=False
    )
    assert grep.stdout == ""
    for piece in (UGLY, r"b\"c\\d", "`id` %(x)s", "{{ y }} #"):
        assert piece.encode() not in seen + journal


def test_a_second_run_with_a_password_changes_nothing(by_password, capsys):
    before = fingerprint(by_password.rig)
    by_password.secure()
    output = capsys.readouterr().out
    assert output.count("already so") == 9
    assert fingerprint(by_password.rig) == before


def test_a_key_that_is_added_later_closes_passwords(by_password):
    host = by_password.rig
    this = Server(host, {"ssh_pass": UGLY, "ssh_key_path": str(host.key)}, 2222)
    this.secure()
    assert this.log_in(password=UGLY, command="sudo -kS -p '' id -un").endswith("root\n")
    with pytest.raises(paramiko.BadAuthenticationType):
        this.log_in(password=UGLY, key=False)
    this.options["ssh_pass"] = ""
    with stopped("sudo wants a password"):
        this.secure()
