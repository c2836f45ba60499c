"""What sshd lets in, whatever its settings say where, and what may filter the ports of the web."""

import json
import pwd
from types import SimpleNamespace

import pytest

from deploy.on_host import sshd, tried
from deploy.on_host.site import Site

SITE = Site("garden", "/srv/garden")
CLOSED = "permitrootlogin no\npasswordauthentication no\nkbdinteractiveauthentication no\n"
OPEN = CLOSED.replace("no", "yes")


@pytest.fixture
def config(tmp_path, monkeypatch):
    """The sshd_config of a server, a Path, whose users with a shell are root and bob."""
    users = [("bob", 1000, "/bin/bash"), ("root", 0, "/bin/sh"), ("daemon", 1, "/sbin/nologin")]
    found = [pwd.struct_passwd((name, "x", uid, 0, "", "/", shell)) for name, uid, shell in users]
    monkeypatch.setattr(sshd.pwd, "getpwall", lambda: found)
    path = tmp_path / "sshd_config"
    monkeypatch.setattr(sshd, "CONFIG", path)
    path.write_text("Include conf.d/*.conf\nPasswordAuthentication no\n")
    return path


@pytest.fixture
def told(monkeypatch):
    """What `sshd -T -C` says, by user; a test may change it."""
    says = dict.fromkeys(("root", "bob"), CLOSED)
    monkeypatch.setattr(sshd, "settings_of_sshd", lambda user, address: says[user])
    return says


def found(to_root=True, by_password=True):
    return sshd.open_log_ins(SITE, to_root, by_password, "192.0.2.7")["open"]


def test_where_all_is_closed_nothing_is_told(config, told):
    assert found() == []


def test_the_match_block_that_lets_users_in_is_named(config, told):
    with config.open("a") as file:
        file.write("Match User root,bob\n  PermitRootLogin yes\n  PasswordAuthentication=yes\n")
    told |= {"root": OPEN, "bob": OPEN}
    assert found() == [
        "root may log in: PermitRootLogin yes",
        "root may log in with a password",
        "bob may log in with a password",
        f"{config} line 3, Match User root,bob: PermitRootLogin yes, PasswordAuthentication yes",
    ]
    assert "root may log in: PermitRootLogin yes" not in found(to_root=False)
    assert found(to_root=False, by_password=False) == []


def test_a_block_of_another_file_and_for_another_network_is_named(config, told):
    (config.parent / "conf.d").mkdir()
    inside = config.parent / "conf.d/50-cloud.conf"
    inside.write_text('MATCH Address 10.0.0.0/8\nChallengeResponseAuthentication "yes"\n')
    assert found() == [
        f"{inside} line 1, Match Address 10.0.0.0/8: ChallengeResponseAuthentication yes"
    ]


def test_a_block_that_closes_more_is_no_fault(config, told):
    with config.open("a") as file:
        file.write("Match Group sftp\nPasswordAuthentication no\nX11Forwarding yes\n")
    assert found() == []


OLD = {"curve25519-sha256@libssh.org"}  # what an older client has
NEW = OLD | {"mlkem768x25519-sha256"}


@pytest.mark.parametrize(
    ("server", "client", "old_ones_stay"),
    [(NEW, NEW, False), (NEW, OLD, True), (OLD, NEW, True)],
)
def test_the_older_key_exchanges_stay_where_one_end_has_no_newer(
    monkeypatch, server, client, old_ones_stay
):
    has = {
        "kex": server,
        "cipher": {"aes256-ctr", "3des-cbc"},
        "mac": {"hmac-sha1", *sshd.MACS},
        "HostKeyAlgorithms": {"ssh-ed25519", "ecdsa-sha2-nistp256"},
    }
    monkeypatch.setattr(sshd, "of_openssh", has.__getitem__)
    kex, *others = sshd.algorithms(SITE, sorted(client))["lines"]
    assert ("curve25519-sha256@libssh.org" in kex) is old_ones_stay
    assert "Ciphers aes256-ctr" in others
    assert "HostKeyAlgorithms ssh-ed25519" in others
    assert not any(bad in line for line in others for bad in ("3des", "sha1", "nistp256"))


# What may filter

UFW = """Status: active

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW       Anywhere
443/tcp                    DENY        198.51.100.0/24
8000/tcp                   DENY        Anywhere
"""


def chain(name, policy, target, hook="input", table="filter"):
    at = {"family": "inet", "table": table}
    rule = {"rule": {**at, "chain": name, "expr": [{"jump": {"target": target}}]}}
    return [{"chain": {**at, "name": name, "hook": hook, "policy": policy}}, rule]


def test_what_filters_is_named_and_the_chains_of_ufw_and_fail2ban_are_not(monkeypatch):
    chains = [
        *chain("INPUT", "drop", "ufw-before-input"),
        *chain("f2b-chain", "drop", "accept", table="f2b-table"),
        *chain("gate", "drop", "accept", table="corp"),
        *chain("out", "drop", "accept", hook="output", table="corp"),
    ]
    says = {
        "ufw": UFW,
        "nft": json.dumps({"nftables": chains}),
        "iptables": "-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 80 -j REJECT\n",
    }
    monkeypatch.setattr(tried, "output", lambda program, *words: says[program])
    assert tried.filters([80, 443]) == [
        "ufw: 443/tcp DENY 198.51.100.0/24",
        "nftables: chain gate of table inet corp, policy drop: see nft list chain inet corp gate",
        "iptables: -A INPUT -p tcp -m tcp --dport 80 -j REJECT",
    ]


def test_without_any_firewall_nothing_is_named(monkeypatch):
    monkeypatch.setattr(tried, "output", lambda *words: "")
    assert tried.filters([80]) == []


def test_fail2ban_forgives_an_address_what_is_tried_and_no_longer(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(tried, "output", lambda *words: asked.append(words) or "")
    monkeypatch.setattr(tried.sys, "stdin", SimpleNamespace(read=lambda: asked.append("tried")))
    tried.be_tried(SITE, [], "192.0.2.7")
    order = [(words[0], *words[-2:]) for words in asked if words != "tried"]
    timer = order.index(("systemd-run", "delignoreip", "192.0.2.7"))
    assert timer < order.index(("fail2ban-client", "addignoreip", "192.0.2.7"))
    assert asked[-1][0] != "fail2ban-client"
    assert json.loads(capsys.readouterr().out)["filters"] == []


def test_an_address_that_is_ignored_anyway_stays_so(monkeypatch):
    asked = []

    def output(*words):
        asked.append(words)
        return "192.0.2.7" if words[-1] == "ignoreip" else "inactive"

    monkeypatch.setattr(tried, "output", output)
    tried.forgive(SITE, "192.0.2.7")
    assert not any("delignoreip" in words for words in asked)
