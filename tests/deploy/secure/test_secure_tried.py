"""`fab secure` on real hosts: what it says is tried from outside, and named where it is not so."""

import contextlib
import os
import re

import pytest
from invoke import Exit
from process import tool
from rig import SUITES
from securing import DROP_IN, refused, server, ssh_audit

pytestmark = pytest.mark.long

MATCH = "Match User root,bob\n  PermitRootLogin yes\n  PasswordAuthentication yes\n"
GATE = """
table inet corp {
    chain gate {
        type filter hook input priority -10; policy drop;
        iif lo accept; ct state established,related accept; tcp dport 2222 accept
    }
}
"""

PROVIDER = """
table {table} {{
    chain out {{
        type filter hook output priority 0;
        ip daddr {address} tcp dport 443 drop
    }}
}}
"""


@pytest.fixture(scope="module", params=SUITES)
def opened(rig, developers_home, request):
    """A server at port 2222 that lets in root and bob, and whose firewall drops the web."""
    host = rig.up(f"opened-{request.param}", suite=request.param)
    host.run("useradd --create-home --shell /bin/bash bob; apt-get -qq update")
    host.run("apt-get -qq install --no-install-recommends nftables")
    host.run("chpasswd", input="bob:secret\nroot:secret\n")
    etc = host.root / "etc/ssh"
    (etc / "sshd_config.d/50-cloud-init.conf").write_text("PasswordAuthentication yes\n")
    with (etc / "sshd_config").open("a") as file:
        file.write(f"Port 2222\n{MATCH}")
    host.run("systemctl restart ssh; nft -f -", input=GATE)
    yield server(host, port=2222, ssh_key_path=str(host.key), ssh_pass="secret")
    host.down()


def wrong(this):
    """Return what `fab secure` ends with, in lines; none where all is well."""
    try:
        this.secure()
    except Exit as ended:
        return ended.message.splitlines()
    return []


def test_the_match_block_and_the_firewall_at_fault_are_named(opened):
    host, lines = opened.rig, wrong(opened)
    assert "root may log in: PermitRootLogin yes" in lines
    assert "bob may log in with a password" in lines
    assert "root has logged in, from here, with the key or password of deploys" in lines
    (block,) = [line for line in lines if "Match User root,bob" in line]
    number = re.search(r"/etc/ssh/sshd_config line (\d+)", block)[1]
    assert host.run(f"sed -n {number}p /etc/ssh/sshd_config").stdout == "Match User root,bob\n"
    (port,) = [line for line in lines if "cannot be reached" in line]
    assert port.startswith("port 80 and 443 ")
    assert "chain gate of table inet corp, policy drop" in port
    assert (host.root / DROP_IN).exists()
    assert "Status: active" in host.run("ufw status").stdout


def test_a_firewall_that_is_not_on_the_server_is_told_as_that(opened):
    host = opened.rig
    host.run("nft delete table inet corp")
    table = f"ip {host.rig.network.prefix}provider"
    tool("nft", "-f", "-", input=PROVIDER.format(table=table, address=host.address))
    try:
        (port,) = [line for line in wrong(opened) if "cannot be reached" in line]
    finally:
        tool("nft", "delete", "table", *table.split())
    assert port.startswith("port 443 ")
    assert "see the firewall of your provider" in port


def test_when_that_is_mended_nothing_is_wrong_and_nobody_was_banned(opened):
    path = opened.rig.root / "etc/ssh/sshd_config"
    path.write_text(path.read_text().replace(MATCH, ""))
    opened.rig.run("systemctl restart ssh")
    assert wrong(opened) == []
    assert refused(opened, user="root")
    assert "Total banned:\t0" in opened.rig.run("fail2ban-client status sshd").stdout
    timers = opened.rig.run("systemctl list-timers --no-legend tried-mysite.timer").stdout
    assert "tried-mysite" in timers  # which ends that our address is forgiven


def test_ssh_audit_finds_nothing_against_its_policy(opened):
    assert ssh_audit(opened.rig, port=2222) == []


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa -b 2048", "rsa -b 4096"])
def test_keys_of_all_types_that_people_have_log_in(opened, tmp_path, kind):
    key = tmp_path / "key"
    tool("ssh-keygen", "-q", "-t", *kind.split(), "-N", "", "-f", key)
    add_key(opened, key)
    assert ssh(opened, "-i", key) == "deploy\n"


def test_an_agent_with_several_keys_logs_in(opened, tmp_path):
    shown = tool("ssh-agent", "-s")
    values = dict(re.findall(r"(SSH_\w+)=([^;]+);", shown))
    try:
        for number in range(6):
            key = tmp_path / f"key{number}"
            tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
            tool("env", f"SSH_AUTH_SOCK={values['SSH_AUTH_SOCK']}", "ssh-add", "-q", key)
        add_key(opened, key)  # the last one that ssh offers
        assert ssh(opened, agent=values["SSH_AUTH_SOCK"]) == "deploy\n"
    finally:
        os.kill(int(values["SSH_AGENT_PID"]), 15)
        opened.rig.run("systemctl restart ssh; fail2ban-client unban --all")


def test_nobody_jumps_through_the_server(opened):
    options = ["-o", "ExitOnForwardFailure=yes", "-W", "127.0.0.1:2222"]
    with contextlib.suppress(RuntimeError):
        pytest.fail(ssh(opened, "-i", opened.rig.key, *options))


def add_key(opened, key):
    public = key.with_suffix(".pub").read_text()
    opened.rig.run("cat >>~deploy/.ssh/authorized_keys", input=public)


def ssh(opened, *options, agent=""):
    """Return what `id -un` prints to who comes with ssh; RuntimeError where that is refused."""
    known = opened.rig.folder / "known"
    address, only = opened.rig.address, "no" if agent else "yes"
    keys = opened.rig.known_hosts.read_text()
    known.write_text(keys.replace(f"{address} ", f"[{address}]:2222 "))
    words = ["-F", "/dev/null", "-p", "2222", "-o", "BatchMode=yes"]
    words += ["-o", f"UserKnownHostsFile={known}", "-o", f"IdentitiesOnly={only}"]
    command = [] if "-W" in options else ["id -un"]
    return tool(
        *("env", f"SSH_AUTH_SOCK={agent}", "ssh", *words, *options),
        *(f"deploy@{address}", *command),
    )
