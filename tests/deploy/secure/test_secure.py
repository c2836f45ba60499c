"""`fab secure` on real hosts that know a key: a new server becomes safe."""

import contextlib
import re
import socket
import time

import paramiko
import pytest
from cgroup import wait_for
from rig import SUITES
from securing import Printed, fingerprint, refused, server

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", params=SUITES)
def secured(rig, developers_home, request):
    """A new server that has been secured with a key, and what that printed."""
    host = rig.up(f"key-{request.param}", suite=request.param)
    this = server(host, ssh_key_path=str(host.key))
    output = Printed()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        this.secure()
    this.output = output.text
    print(this.output)
    yield this
    host.down()


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
    before_updates = secured.output.partition("Automatic security updates")[0]
    assert before_updates.count("already so") == 1  # there is nothing in deploy/keys
    started = time.monotonic()
    secured.secure()
    print(f"{secured.rig.suite}: second run {time.monotonic() - started:.1f} s")
    output = capsys.readouterr().out
    print(output)
    assert output.count("    ") == output.count("already so") == 9
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


def test_who_guesses_at_the_log_in_of_the_site_is_banned_from_the_web(secured):
    """As after a deploy: the log is there, and fail2ban has been told to look for it."""
    line = '{} - - [{}] "POST {} HTTP/1.1" {} 4321 "-" "X \\x22POST /admin/login/\\x22" 0a1b\n'
    host = secured.rig
    host.run("mkdir -p /var/log/nginx; touch /var/log/nginx/mysite.access.log")
    host.run("fail2ban-client reload")
    wait_for(lambda: "mysite.access.log" in web_jail(host), 20)
    now = host.run("date +%d/%b/%Y:%H:%M:%S\\ %z").stdout.strip()
    tries = {
        "203.0.113.5": ("/admin/login/?next=/admin/", 200),
        "203.0.113.6": ("/de/accounts/login/code/", 403),
        "203.0.113.7": ("/admin/login/", 302),  # which succeed
        "203.0.113.8": ("/blog/?/x", 200),
        "162.158.1.1": ("/admin/login/", 200),  # a proxy's, behind which others are
    }
    lines = [line.format(who, now, *what) for who, what in tries.items() for _ in range(25)]
    host.run("cat >>/var/log/nginx/mysite.access.log", input="".join(lines))
    wait_for(lambda: "Currently banned:\t2" in web_jail(host), 30)
    assert web_jail(host).split("Banned IP list:")[1].split() == ["203.0.113.5", "203.0.113.6"]
    host.run("fail2ban-client unban --all")


def web_jail(host):
    return host.run("fail2ban-client status web-8000", check=False).stdout


def test_what_the_kernel_may_is_set_where_it_is_the_servers_own(secured):
    assert "set: /etc/sysctl.d/90-mysite.conf" in secured.output
    value = secured.rig.run("cat /proc/sys/net/ipv4/conf/all/accept_redirects").stdout
    assert value == "0\n"


def test_the_jobs_of_cron_are_for_root_to_read(secured):
    assert secured.rig.run("stat -c %a /etc/cron.d /etc/crontab").stdout == "700\n600\n"
