"""~/.ssh/known_hosts: the server is the one that was met before, or somebody is asked."""

import pytest
from process import tool
from sites import known_hosts, typed, who


@pytest.fixture
def site(site_of_two_servers):
    return site_of_two_servers


def test_a_hashed_entry_is_found(site):
    tool("ssh-keygen", "-H", "-f", known_hosts(site))
    assert "|1|" in known_hosts(site).read_text()
    assert who(site) == "deploy root"


def test_an_unknown_key_is_refused_where_nobody_can_answer(site, web):
    known_hosts(site).write_text("")
    key = web.root / "etc/ssh/ssh_host_ed25519_key.pub"
    fingerprint = tool("ssh-keygen", "-l", "-f", key).split()[1]
    assert site.fab("sudo", "true", status=3).splitlines()[1:] == [
        f"[{web.address}]:2222: the host key ssh-ed25519 {fingerprint} is not known;"
        " connect once with ssh and compare it"
    ]


def test_an_unknown_key_is_asked_about_on_a_terminal_and_remembered(site, web):
    known_hosts(site).unlink()
    assert "not connected" in typed(site, ["no"], "sudo", "id -un", status=3)
    assert not known_hosts(site).exists()
    assert "(yes/no)?" in typed(site, ["yes"], "sudo", "id -un")
    assert who(site) == "deploy root"
    assert tool("ssh-keygen", "-F", f"[{web.address}]:2222", "-f", known_hosts(site))


def test_a_changed_key_is_refused_with_what_to_type(site, web, bare):
    other = (bare.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
    known_hosts(site).write_text(f"[{web.address}]:2222 {other}")
    (line,) = site.fab("sudo", "true", status=3).splitlines()[1:]
    command = f"ssh-keygen -R '[{web.address}]:2222'"
    assert command in line
    tool("sh", "-c", f"{command} -f {known_hosts(site)}")
    assert "is not known" in site.fab("sudo", "true", status=3)


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_a_key_of_whatever_type_is_enough(site, web, kind):
    if kind == "rsa":
        web.run("ssh-keygen -qt rsa -b 2048 -N '' -f /etc/ssh/ssh_host_rsa_key")
        web.run("systemctl reload ssh")
    key = (web.root / f"etc/ssh/ssh_host_{kind}_key.pub").read_text()
    known_hosts(site).write_text(f"[{web.address}]:2222 {key}")
    assert who(site) == "deploy root"


def test_where_the_known_key_is_of_a_type_that_the_server_lacks_it_is_asked_about(site, bare):
    tool("ssh-keygen", "-qt", "rsa", "-b", "2048", "-N", "", "-f", site.home / ".ssh/other")
    key = (site.home / ".ssh/other.pub").read_text()
    known_hosts(site).write_text(f"{bare.address} {key}")
    site.configure(HOSTS=[bare.address], SSH_USER="root")
    assert "is not known" in site.fab("sudo", "true", status=3)
    typed(site, ["yes"], "sudo", "true")
    assert who(site) == "nobody root"


def test_lines_that_are_no_host_keys_do_no_harm(site):
    lines = known_hosts(site).read_text()
    junk = "@cert-authority *.example ssh-rsa AAAA\n# comment\nx\nx ssh-rsa %%%\nx new-type AAAA\n"
    known_hosts(site).write_text(junk + lines)
    assert who(site) == "deploy root"
