"""Whose ~/.ssh/config leads through the server to others: `fab secure` asks before it ends that."""

import pytest
from fabric import Connection
from securing import hardening, jumps

CONFIG = """
Host inner
    ProxyJump bob@bastion:22,192.0.2.9
Host bastion
    HostName 192.0.2.7
Include more/*
"""


@pytest.fixture
def config(developers_home):
    """A function that writes ~/.ssh/config, and a file that it may include."""
    folder = developers_home / ".ssh/more"
    folder.mkdir(parents=True, exist_ok=True)

    def write(text, included=""):
        (folder / "a").write_text(included)
        (folder.parent / "config").write_text(text)

    yield write
    write("")


def test_a_jump_by_another_name_of_the_server_is_found(config):
    config(CONFIG)
    assert jumps.through(Connection("192.0.2.7")) == ["bastion"]
    assert jumps.through(Connection("192.0.2.9")) == ["192.0.2.9"]
    assert jumps.through(Connection("192.0.2.8")) == []


def test_a_jump_by_a_proxy_command_of_an_included_file_is_found(config):
    config("Include more/*\n", "Host x\n  ProxyCommand ssh -q -W %h:%p bob@192.0.2.7\n")
    assert jumps.through(Connection("192.0.2.7")) == ["192.0.2.7"]


@pytest.mark.parametrize(("answer", "ends"), [("yes", True), ("no", False), (None, False)])
def test_forwarding_ends_only_if_whoever_jumps_agrees(config, monkeypatch, capsys, answer, ends):
    def ask(question, unanswered):
        assert "End that" in question
        if answer is None:
            raise unanswered
        return answer

    config(CONFIG)
    monkeypatch.setattr(hardening, "ask", ask)
    host = type("Host", (), {"connection": Connection("192.0.2.7")})
    assert ("AllowTcpForwarding no" in hardening.forwarding(host)) is ends
    assert "through bastion to other servers" in capsys.readouterr().out


def test_nobody_is_asked_who_does_not_jump(config, monkeypatch):
    config("")
    monkeypatch.setattr(hardening, "ask", lambda *words: pytest.fail("asked"))
    host = type("Host", (), {"connection": Connection("192.0.2.7")})
    assert "AllowTcpForwarding no" in hardening.forwarding(host)
