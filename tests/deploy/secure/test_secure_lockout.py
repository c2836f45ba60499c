"""`fab secure` on real hosts: nobody is locked out, whoever logs in and whatever fails."""

import re
import shutil
import subprocess
import time

import paramiko
import pytest
from cgroup import wait_for
from invoke import Exit
from securing import DROP_IN, UGLY, hardening, refused, server, stopped

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("developers_home")]

# The lock that a new server's own first update of its package lists holds.
HOLD_LOCK = """
exec perl -e 'use Fcntl;
    open(F, ">>", "/var/lib/apt/lists/lock");
    my $whole = pack("s s l! l! i", F_WRLCK, 0, 0, 0, 0);
    fcntl(F, F_SETLK, $whole) or die;
    sleep 8'
"""


def test_a_change_that_shuts_the_user_out_is_taken_back_by_the_server(make_host, capsys):
    host = make_host("shut", suite="trixie")
    this = server(host, ssh_key_path=str(host.key))
    (host.root / "etc/ssh/sshd_config.d/50-mistake.conf").write_text("AllowUser root\n")
    with stopped("stopped at: sshd"):
        this.secure()
    assert "Bad configuration option: AllowUser" in capsys.readouterr().err
    assert not (host.root / DROP_IN).exists()

    (host.root / "etc/ssh/sshd_config.d/50-mistake.conf").write_text("AllowUsers root\n")
    host.run("systemctl restart ssh")  # unlike a reload, it ends when sshd listens again
    with stopped("deploy may not log in .*\nThat has to work first: nothing was closed"):
        this.secure()
    assert not (host.root / DROP_IN).exists()
    (host.root / "etc/ssh/sshd_config.d/50-mistake.conf").unlink()
    host.run("systemctl restart ssh")  # forgets trixie's penalties for our address

    # On disk only: sshd, which runs, learns of it when it is reloaded.
    (host.root / "etc/ssh/sshd_config.d/50-mistake.conf").write_text("AllowUsers root\n")
    with stopped("deploy may not log in .*\nsshd: the server takes it back, 40 s"):
        this.secure(revert_after=40)
    assert (host.root / DROP_IN).exists()
    wait_for(lambda: not (host.root / DROP_IN).exists(), 60)
    host.run("systemctl restart ssh")  # forgets trixie's penalties for our address
    assert this.log_in(user="root") == "root\n"

    (host.root / "etc/ssh/sshd_config.d/50-mistake.conf").write_text("PasswordAuthentication yes\n")
    (host.root / "etc/ssh/sshd_config.d/00-a.conf").write_text("PasswordAuthentication yes\n")
    host.run("systemctl restart ssh")  # unlike a reload, it ends when sshd listens again
    with stopped("stopped at: sshd"):
        this.secure()
    assert "another file sets it first" in capsys.readouterr().err
    assert not (host.root / DROP_IN).exists()
    assert host.run("systemctl list-timers --no-legend 'secure-*'").stdout == ""

    (host.root / "etc/ssh/sshd_config.d/00-a.conf").unlink()
    us = ".".join([*host.address.split(".")[:3], "1"])
    host.run(f"ufw deny from {us}")
    this.options["project_name"] = "mysite"
    with stopped("Firewall: the server takes it back, 60 s"):
        this.secure(revert_after=60)
    assert "Status: active" in host.run("ufw status").stdout
    wait_for(lambda: "inactive" in host.run("ufw status").stdout, 90)
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
    keys = host.run("cat ~deploy/.ssh/authorized_keys").stdout
    assert keys == f"{key} (fab secure of mysite)\n"
    capsys.readouterr()
    this.name = ""
    this.secure()
    assert capsys.readouterr().out.count("already so") == 9


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
    assert capsys.readouterr().out.count("already so") == 8


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
