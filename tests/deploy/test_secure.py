"""`fab secure` on real hosts: a new server becomes safe, and nobody is locked out."""

import contextlib
import re
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest
import rootfs
from cgroup import wait_for
from fabric import Connection
from invoke import Exit
from rig import SUITES
from support import TEMPLATE

sys.path.insert(0, str(TEMPLATE / "{{cookiecutter.project_name}}"))
sys.dont_write_bytecode = True  # cookiecutter would take it for a part of the template
from deploy import hardening  # noqa: E402
from deploy.config import Config  # noqa: E402
from deploy.hardening import secure  # noqa: E402
from deploy.host import Host  # noqa: E402

UGLY = r"""a'b"c\d $HOME `id` %(x)s {{ y }} #é中;&|"""
DROP_IN = "etc/ssh/sshd_config.d/00-mysite.conf"


# The lock that a new server's own first update of its package lists holds.
HOLD_LOCK = """
exec perl -e 'use Fcntl;
    open(F, ">>", "/var/lib/apt/lists/lock");
    my $whole = pack("s s l! l! i", F_WRLCK, 0, 0, 0, 0);
    fcntl(F, F_SETLK, $whole) or die;
    sleep 8'
"""


@dataclass
class Server:
    """A host of the rig, and how the project's settings lead to it."""

    rig: object
    options: dict
    port: int = 22
    name: str = ""

    def fabric_host(self):
        values = dict.fromkeys(Config.__annotations__, "") | {
            "ssh_user": "deploy",
            "project_name": "mysite",
            "hosts": [self.rig.address],
        }
        config = Config(**values | self.options)
        key = {"key_filename": config.ssh_key_path} if config.ssh_key_path else {}
        connection = Connection(
            self.name or self.rig.address,
            user=None if "@" in self.name else config.ssh_user,
            port=self.port,
            connect_kwargs={"look_for_keys": False, "allow_agent": False, **key},
        )
        return Host(connection, config)

    def secure(self, **kw):
        secure(self.fabric_host(), **kw)

    def log_in(self, user="deploy", password=None, key=True, command="id -un"):
        """Return what a command prints in a new session, opened in one way only."""
        client = paramiko.SSHClient()
        client.load_host_keys(str(Path.home() / ".ssh/known_hosts"))
        way = {"key_filename": str(self.rig.key)} if key else {"password": password}
        with client:
            client.connect(
                self.rig.address,
                self.port,
                user,
                look_for_keys=False,
                allow_agent=False,
                timeout=5,
                **way,
            )
            stdin, stdout, stderr = client.exec_command(command)
            with contextlib.suppress(OSError):  # the command has ended without reading
                stdin.write(f"{password}\n")
                stdin.channel.shutdown_write()
            return (stdout.read() + stderr.read()).decode()


def server(rig_host, port=22, name="", **options):
    """Return the Server, whose keys the developer's known_hosts has."""
    folder = Path.home() / ".ssh"
    folder.mkdir(parents=True, exist_ok=True)
    lines = rig_host.known_hosts.read_text()
    lines += lines.replace(f"{rig_host.address} ", f"[{rig_host.address}]:{port} ")
    (folder / "known_hosts").write_text(lines)
    return Server(rig_host, options, port, name)


@pytest.fixture(autouse=True, scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("DEPLOY_RIG_CACHE", str(rootfs.cache_folder()))
        patch.setenv("HOME", str(folder))
        patch.delenv("SSH_AUTH_SOCK", raising=False)
        yield folder


@pytest.fixture(scope="module", params=SUITES)
def secured(rig, request):
    """A new server that has been secured with a key, and what that printed."""
    host = rig.up(f"key-{request.param}", suite=request.param)
    this = server(host, ssh_key_path=str(host.key))
    output = Printed()
    with contextlib.redirect_stdout(output):
        this.secure()
    this.output = output.text
    print(this.output)
    yield this
    host.down()


class Printed:
    """A file that keeps what is printed."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return False


@contextlib.contextmanager
def stopped(message):
    with pytest.raises(Exit) as stop:
        yield
    assert re.search(message, stop.value.message), stop.value.message


def refused(server, **way):
    with pytest.raises(paramiko.AuthenticationException):
        server.log_in(**way)
    return True


def fingerprint(host):
    """Return what a run of secure could change: files, rules, processes."""
    return host.run(
        """
        find /etc /home /root -type f ! -path '*/.cache/*' -exec stat -c '%n %a %U %Y' {} + | sort
        cat /etc/shadow; ufw status verbose; dpkg-query -W
        systemctl show -p MainPID,ActiveEnterTimestamp ssh fail2ban
        systemctl list-units --all 'secure-*' --no-legend
        """
    ).stdout


def test_the_user_logs_in_by_key_and_uses_sudo_without_a_password(secured):
    assert secured.log_in(command="id -un; sudo -n id -un; id -nG; stat -c %a ~") == (
        "deploy\nroot\ndeploy sudo\n711\n"
    )
    assert secured.log_in(command="getent passwd deploy | cut -d: -f7") == "/bin/bash\n"
    assert secured.rig.run("stat -c '%a %U' ~deploy/.ssh ~deploy/.ssh/authorized_keys").stdout == (
        "700 deploy\n600 deploy\n"
    )


def test_root_and_passwords_are_refused(secured):
    secured.rig.run("chpasswd", input="deploy:secret\nroot:secret\n")
    assert refused(secured, user="root")
    with pytest.raises(paramiko.BadAuthenticationType) as refusal:
        secured.log_in(password="secret", key=False)
    assert refusal.value.allowed_types == ["publickey"]
    secured.rig.run("passwd -qd root; passwd -qd deploy; passwd -ql root; passwd -ql deploy")


def test_the_firewall_lets_in_ssh_and_the_web_and_nothing_else(secured):
    rules = secured.rig.run("ufw status verbose").stdout
    assert "Status: active" in rules
    assert "deny (incoming)" in rules
    assert set(re.findall(r"^(\S+) .*ALLOW IN", rules, re.M)) == {"22/tcp", "80/tcp", "443/tcp"}
    listen = "import socket,time\nfor p in (80,443,8000): globals()[p]=socket.create_server(('',p))"
    listener = secured.rig.popen(f'python3 -c "{listen}\ntime.sleep(60)"')
    wait_for(lambda: ":8000" in secured.rig.run("ss -Hltn").stdout, 10)
    for port in (80, 443):
        socket.create_connection((secured.rig.address, port), timeout=5).close()
    with pytest.raises(TimeoutError):
        socket.create_connection((secured.rig.address, 8000), timeout=3)
    listener.terminate()
    listener.wait(timeout=10)


def test_updates_are_installed_unattended(secured):
    dump = secured.rig.run("apt-config dump APT::Periodic").stdout
    assert 'Update-Package-Lists "1"' in dump
    assert 'Unattended-Upgrade "1"' in dump
    assert "0 upgraded" in secured.rig.run("apt-get --simulate upgrade").stdout
    secured.rig.run("unattended-upgrade --dry-run")


def test_a_second_run_says_that_all_is_so_and_changes_nothing(secured, capsys):
    before = fingerprint(secured.rig)
    assert "00-mysite.conf" in before
    assert "already so" not in secured.output.partition("Automatic security updates")[0]
    started = time.monotonic()
    secured.secure()
    print(f"{secured.rig.suite}: second run {time.monotonic() - started:.1f} s")
    output = capsys.readouterr().out
    print(output)
    assert output.count("    ") == output.count("already so") == 7
    assert fingerprint(secured.rig) == before


def test_it_is_still_so_after_a_reboot(secured):
    secured.rig.reboot()
    assert secured.log_in(command="sudo -n id -un") == "root\n"
    assert refused(secured, user="root")
    assert "Status: active" in secured.rig.run("ufw status").stdout
    wait_for(lambda: jail(secured.rig), 20)


def jail(host):
    return host.run("fail2ban-client status sshd", check=False).stdout


def test_who_guesses_is_banned(secured):
    assert "Currently banned:\t0" in jail(secured.rig)
    for _ in range(6):
        with contextlib.suppress(paramiko.SSHException, OSError, EOFError):
            secured.log_in(user="oracle")
    wait_for(lambda: "Currently banned:\t1" in jail(secured.rig), 20)
    with pytest.raises((paramiko.SSHException, OSError)):
        secured.log_in()
    secured.rig.run("fail2ban-client unban --all")
    if secured.rig.suite == "trixie":
        secured.rig.run("systemctl restart ssh")  # its own penalties for an address
    assert secured.log_in() == "deploy\n"


# Passwords


@pytest.fixture(scope="module", params=SUITES)
def by_password(rig, request):
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
    assert (by_password.rig.root / DROP_IN).read_text() == "PermitRootLogin no\n"


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
    assert b"unattended-upgrades" in seen  # the watcher saw what ran
    assert b"getent passwd" in seen
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
    assert output.count("already so") == 7
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


# Nobody is locked out


def test_a_change_that_shuts_the_user_out_is_taken_back_by_the_server(make_host, capsys):
    host = make_host("shut", suite="trixie")
    this = server(host, ssh_key_path=str(host.key))
    (host.root / "etc/ssh/sshd_config.d/50-mistake.conf").write_text("AllowUser root\n")
    with stopped("stopped at: sshd"):
        this.secure()
    assert "Bad configuration option: AllowUser" in capsys.readouterr().out
    assert not (host.root / DROP_IN).exists()

    (host.root / "etc/ssh/sshd_config.d/50-mistake.conf").write_text("AllowUsers root\n")
    host.run("systemctl reload ssh")
    with stopped("deploy may not log in .*\nThat has to work first: nothing was closed"):
        this.secure()
    assert not (host.root / DROP_IN).exists()
    (host.root / "etc/ssh/sshd_config.d/50-mistake.conf").unlink()
    host.run("systemctl restart ssh")  # forgets trixie's penalties for our address

    # On disk only: sshd, which runs, learns of it when it is reloaded.
    (host.root / "etc/ssh/sshd_config.d/50-mistake.conf").write_text("AllowUsers root\n")
    with stopped("deploy may not log in .*\nsshd: the server takes it back, 12 s"):
        this.secure(revert_after=12)
    assert (host.root / DROP_IN).exists()
    wait_for(lambda: not (host.root / DROP_IN).exists(), 20)
    host.run("systemctl restart ssh")  # forgets trixie's penalties for our address
    assert this.log_in(user="root") == "root\n"

    (host.root / "etc/ssh/sshd_config.d/50-mistake.conf").write_text("PasswordAuthentication yes\n")
    (host.root / "etc/ssh/sshd_config.d/00-a.conf").write_text("PasswordAuthentication yes\n")
    host.run("systemctl reload ssh")
    with stopped("stopped at: sshd"):
        this.secure()
    assert "another file sets it first" in capsys.readouterr().out
    assert not (host.root / DROP_IN).exists()
    assert host.run("systemctl list-timers --no-legend 'secure-*'").stdout == ""

    (host.root / "etc/ssh/sshd_config.d/00-a.conf").unlink()
    us = ".".join([*host.address.split(".")[:3], "1"])
    host.run(f"ufw deny from {us}")
    this.options["project_name"] = "mysite"
    with stopped("Firewall: the server takes it back, 20 s"):
        this.secure(revert_after=20)
    assert "Status: active" in host.run("ufw status").stdout
    wait_for(lambda: "inactive" in host.run("ufw status").stdout, 30)
    assert this.log_in(command="sudo -n id -un") == "root\n"

    host.run(f"ufw delete deny from {us}")
    this.secure()
    assert "Status: active" in host.run("ufw status").stdout
    assert this.log_in(command="sudo -n id -un") == "root\n"


def test_a_run_that_was_killed_before_its_proof_is_made_good_by_the_next(make_host, monkeypatch):
    host = make_host("killed")
    this = server(host, ssh_key_path=str(host.key))
    with monkeypatch.context() as patch:
        real, calls = hardening.log_in_anew, []

        def killed_at_the_second(*arguments):
            calls.append(arguments)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*arguments)

        patch.setattr(hardening, "log_in_anew", killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            this.secure(revert_after=60)
    assert host.run("systemctl list-timers --no-legend 'secure-*'").stdout
    this.secure(revert_after=60)
    assert host.run("systemctl list-timers --no-legend 'secure-*'").stdout == ""
    assert (host.root / DROP_IN).exists()
    assert refused(this, user="root")


# Who logs in


def test_a_user_with_sudo_makes_the_user_of_deploys(make_host, tmp_path, capsys):
    host = make_host("cloud")
    host.run("apt-get -qq update && apt-get -qq install --no-install-recommends sudo")
    host.run("useradd --create-home --groups sudo --shell /bin/bash admin; mkdir ~admin/.ssh")
    host.run("echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/90-cloud")
    key = host.key.with_suffix(".pub").read_text().strip()
    host.run('printf %s "$KEY" >~admin/.ssh/authorized_keys', env={"KEY": key})
    host.run(f"""echo 'command="echo no" {key}' >~/.ssh/authorized_keys""")
    host.run("useradd --create-home --key HOME_MODE=0700 deploy")  # without sudo or key
    this = server(host, name=f"admin@{host.address}", ssh_key_path=str(host.key), ssh_pass=UGLY)
    this.secure()
    assert this.log_in(password=UGLY, command="sudo -kS -p '' id -un").endswith("root\n")
    assert host.run("stat -c %a ~deploy").stdout == "701\n"
    assert host.run("cat ~deploy/.ssh/authorized_keys").stdout == f"{key}\n"
    capsys.readouterr()
    this.name = ""
    this.secure()
    assert capsys.readouterr().out.count("already so") == 7


def test_where_nobody_may_log_in_it_says_who_was_tried(make_host, tmp_path):
    host = make_host("foreign", password="x")
    for kind, options in (("rsa", {}), ("ed25519", {}), ("ecdsa", {"ssh_pass": "wrong"})):
        other = tmp_path / kind
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", other], check=True)
        with pytest.raises(Exit) as stop:
            server(host, ssh_key_path=str(other), **options).secure()
        assert stop.value.code == 3
        assert re.findall(
            r": (\w+) may not log in with the key or password", stop.value.message
        ) == [
            "deploy",
            "root",
        ]
    with stopped("nothing answers at .* port 23"):
        server(host, port=23, ssh_key_path=str(other)).secure()


def test_a_key_without_its_public_half_is_installed_and_a_lock_of_apt_is_waited_for(
    make_host, tmp_path
):
    host = make_host("halfkey", password="first password")
    host.run("rm -r ~/.ssh")
    key = tmp_path / "key"
    shutil.copy(host.key, key)
    this = server(host, ssh_key_path=str(key), ssh_pass="first password")
    lock = host.popen(HOLD_LOCK)
    time.sleep(1)
    assert lock.poll() is None
    this.secure()
    assert lock.wait() == 0
    assert this.log_in(password="first password", command="sudo -kS -p '' id -un").endswith(
        "root\n"
    )
    with pytest.raises(paramiko.BadAuthenticationType):
        this.log_in(password="first password", key=False)


def test_where_deploys_log_in_as_root_root_may_still_log_in_by_key(make_host, capsys):
    host = make_host("asroot", suite="trixie", password="secret")
    this = server(host, ssh_key_path=str(host.key), ssh_user="root")
    this.secure()
    assert "root may still log in" in capsys.readouterr().out
    assert this.log_in(user="root") == "root\n"
    with pytest.raises(paramiko.BadAuthenticationType):
        this.log_in(user="root", password="secret", key=False)
    this.secure()
    assert capsys.readouterr().out.count("already so") == 6


def test_the_key_is_read_from_its_file_with_and_without_a_passphrase(tmp_path):
    for kind in ("ed25519", "rsa"):
        for phrase in ("", "a b"):
            path = tmp_path / f"{kind}{len(phrase)}"
            words = ["ssh-keygen", "-q", "-t", kind, "-N", phrase, "-C", "", "-f", path]
            subprocess.run(words, check=True)
            (key,) = hardening.private_keys(path, phrase or "the one of sudo")
            public = path.with_suffix(".pub").read_text().strip()
            assert f"{key.get_name()} {key.get_base64()}" == public
            if phrase:
                assert hardening.private_keys(path, "wrong") == []
                assert hardening.private_keys(path, None) == []
