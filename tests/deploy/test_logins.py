"""Keys, passwords, sudo and ~/.ssh/config: what opens a server and what does not."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from cgroup import wait_for
from process import tool
from sites import PASSWORD, Site, known_hosts, typed, who
from support import Baker


@pytest.fixture
def site(site_of_two_servers):
    return site_of_two_servers


@pytest.fixture(scope="module", autouse=True)
def dead(rig, template, tmp_path_factory):
    """A fab whose server died in the middle of a command, at the beginning of this module.

    It takes a minute to notice, in which the other tests run.
    """
    host = rig.up("dying", suite="trixie")
    site = Site(Baker(template, tmp_path_factory.mktemp("dying")).bake(), host, SSH_USER="root")
    process = site.start("sudo", "sleep 1001")
    wait_for(lambda: host.run("pgrep sleep", check=False).returncode == 0, 30)
    host.kill()
    yield process
    process.kill()
    process.wait(timeout=10)
    host.down()


def ssh_config(site, text):
    (site.home / ".ssh/config").write_text(text)


# Logging in, and sudo


def test_a_key_in_the_home_directory_is_found(site, web):
    site.configure(SSH_KEY_PATH="")
    shutil.copy(web.key, site.home / ".ssh/id_ed25519")
    assert who(site) == "deploy root"
    site.configure(SSH_KEY_PATH="~/.ssh/id_ed25519")
    assert who(site) == "deploy root"


@pytest.fixture
def agent(tmp_path):
    """A running ssh-agent: its environment."""
    path = f"{tmp_path}/agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists(path), 10)
    yield {"SSH_AUTH_SOCK": path}
    process.terminate()
    process.wait(timeout=10)


def test_a_key_of_the_agent_is_used(site, web, agent):
    site.configure(SSH_KEY_PATH="")
    assert "may not log in" in site.fab("sudo", "true", status=3, environment=agent)
    subprocess.run(["ssh-add", "-q", web.key], env=os.environ | agent, check=True)
    assert who(site, environment=agent) == "deploy root"


def test_a_key_with_a_passphrase_is_used_when_that_is_known(site, web, agent, tmp_path):
    key = tmp_path / "locked"
    shutil.copy(web.key, key)
    tool("ssh-keygen", "-q", "-p", "-N", "a phrase", "-f", key)
    site.configure(SSH_KEY_PATH=str(key))
    output = site.fab("sudo", "true", status=3)
    assert output.splitlines()[1:] == [
        f"{web.address}:2222: the key {key} cannot be read without its passphrase; ssh-add it,"
        " or type fab --prompt-for-passphrase"
    ]
    output = typed(site, ["a phrase"], "--prompt-for-passphrase", "sudo", "id -un")
    assert "root" in output
    subprocess.run(["ssh-add", "-q", web.key], env=os.environ | agent, check=True)
    assert who(site, environment=agent) == "deploy root"


def test_a_password_logs_in_and_is_given_to_sudo(site, web):
    site.configure(SSH_KEY_PATH="", SSH_USER="typist", SSH_PASS=PASSWORD)
    assert who(site) == "typist root"
    output = site.fab("sudo", "tr '\\0' ' ' </proc/$PPID/cmdline; cat /proc/self/environ")
    assert "HOME \\ é中" not in output


def test_a_wrong_password_is_one_line(site, web):
    site.configure(SSH_KEY_PATH="", SSH_USER="typist", SSH_PASS="wrong")
    assert site.fab("sudo", "true", status=3).splitlines()[1:] == [
        f"{web.address}:2222: typist may not log in with the key or password given;"
        " see SSH_USER, SSH_KEY_PATH and SSH_PASS in FABRIC"
    ]


def test_a_password_that_sudo_does_not_take_is_one_line(site, web):
    site.configure(SSH_USER="typist", SSH_PASS="wrong")
    assert site.fab("sudo", "true", status=3).splitlines()[1:] == [
        f"{web.address}:2222: sudo does not take the password of typist; see SSH_PASS in FABRIC"
    ]
    site.configure(SSH_PASS="")
    assert "sudo wants a password; set SSH_PASS" in site.fab("sudo", "true", status=3)
    assert "root" in typed(site, [PASSWORD], "sudo", "id -un")


def test_who_may_not_use_sudo_is_told_so(site, web):
    site.configure(SSH_USER="guest", SSH_PASS=PASSWORD)
    (line,) = site.fab("sudo", "true", status=3).splitlines()[1:]
    assert "sudo refuses guest: guest is not in the sudoers file; fab secure" in line


def test_where_there_is_no_sudo_root_works_and_others_are_told(site, bare):
    assert who(site, "-H", f"root@{bare.address}") == "nobody root"
    (line,) = site.fab("-H", f"guest@{bare.address}", "sudo", "true", status=3).splitlines()[1:]
    assert line == f"{bare.address}: it has no sudo; fab secure brings it, or log in as root"


# ~/.ssh/config


def test_the_configuration_of_ssh_is_honoured(site, web):
    moved = site.home / ".ssh/elsewhere"
    known_hosts(site).rename(moved)
    ssh_config(
        site,
        f"Host shop\n HostName {web.address}\n Port 2222\n User deploy\n"
        f" IdentityFile {site.home}/no-such-key\n IdentityFile {web.key}\n"
        f" UserKnownHostsFile {moved} {site.home}/none\n ConnectTimeout 20\n",
    )
    site.configure(HOSTS=["shop"], SSH_USER="", SSH_KEY_PATH="")
    assert who(site) == "deploy root"
    site.configure(SSH_USER="guest")
    assert "sudo wants a password" in site.fab("sudo", "true", status=3)
    moved.unlink()
    assert "is not known" in site.fab("sudo", "true", status=3)


def test_a_host_behind_another_is_reached_and_both_keys_are_checked(site, web, bare):
    ssh_config(site, f"Host {web.address}\n ProxyJump root@{bare.address}\n")
    assert who(site) == "deploy root"
    seen = web.run("journalctl -u ssh --no-pager").stdout
    assert f"Accepted publickey for deploy from {bare.address}" in seen
    known_hosts(site).write_text(web.known_hosts.read_text())
    output = site.fab("sudo", "true", status=3)
    assert f"{bare.address}: the host key" in output


def test_a_configuration_of_ssh_that_is_wrong_is_told(site):
    for wrong, told in (("ConnectTimeout soon", "invalid time value"), ("nonsense", "nonsense")):
        ssh_config(site, f"Host *\n {wrong}\n")
        (line,) = site.fab("sudo", "true", status=2).splitlines()
        assert re.search(rf"^\S+: {site.home}/.ssh/config.* line 2: .*{told}", line), line


def test_another_configuration_is_read_alone(site, web, tmp_path):
    ssh_config(site, "Host shop\n HostName 192.0.2.1\n")
    (tmp_path / "config").write_text(f"Host shop\n HostName {web.address}\n Port 2222\n")
    site.configure(HOSTS=["shop"])
    assert who(site, "-S", str(tmp_path / "config")) == "deploy root"
    (line,) = site.fab("-S", "/none", "sudo", "true", status=2).splitlines()
    assert line == "--ssh-config: there is no file '/none'"


def test_a_configuration_that_leads_elsewhere_is_followed(site, web, agent, tmp_path):
    """Include, a Match that does not hold, and a key that is in the agent alone."""
    foreign_keys(7, agent, tmp_path)
    subprocess.run(["ssh-add", "-q", web.key], env=os.environ | agent, check=True)
    (site.home / ".ssh/hosts").mkdir()
    (site.home / ".ssh/hosts/mine").write_text(
        f"Host shop\n HostName {web.address}\n Port 2222\n User deploy\n IdentitiesOnly yes\n"
        f" IdentityFile {web.key}.pub\n"
    )
    ssh_config(
        site,
        f"Match exec false\n HostName 192.0.2.1\nMatch all\nInclude {site.home}/.ssh/hosts/*\n",
    )
    site.configure(HOSTS=["shop"], SSH_USER="", SSH_KEY_PATH="")
    assert who(site, environment=agent) == "deploy root"


def foreign_keys(count, agent, folder):
    """Put keys into the agent that no server knows."""
    for number in range(count):
        key = folder / f"foreign{number}"
        tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        subprocess.run(["ssh-add", "-q", key], env=os.environ | agent, check=True)


def test_the_named_key_comes_before_those_of_the_agent(site, web, agent, tmp_path):
    foreign_keys(7, agent, tmp_path)
    subprocess.run(["ssh-add", "-q", web.key], env=os.environ | agent, check=True)
    assert who(site, environment=agent) == "deploy root"


def test_a_password_comes_before_keys_that_nobody_has_named(site, agent, tmp_path):
    foreign_keys(7, agent, tmp_path)
    site.configure(SSH_KEY_PATH="", SSH_USER="typist", SSH_PASS=PASSWORD)
    assert who(site, environment=agent) == "typist root"


def test_too_many_keys_are_told_as_that(site, web, agent, tmp_path):
    foreign_keys(7, agent, tmp_path)
    site.configure(SSH_KEY_PATH="")
    (line,) = site.fab("sudo", "true", status=3, environment=agent).splitlines()[1:]
    assert re.search(
        "the server ended the connection after [67] keys or passwords of deploy, more than it"
        " allows; name the right key in SSH_KEY_PATH",
        line,
    )


def test_without_a_client_of_openssh_fab_reads_the_configuration_itself(site, web, tmp_path):
    (tmp_path / "python3").symlink_to(sys.executable)
    ssh_config(site, f"Host shop\n HostName {web.address}\n Port 2222\n User deploy\n")
    site.configure(HOSTS=["shop"], SSH_USER="", SSH_KEY_PATH="")
    shutil.copy(web.key, site.home / ".ssh/id_ed25519")
    assert who(site, environment={"PATH": str(tmp_path)}) == "deploy root"
    ssh_config(site, "nonsense\n")
    told = site.fab("sudo", "true", status=2, environment={"PATH": str(tmp_path)})
    assert "~/.ssh/config: Unparsable line nonsense" in told


# And then


def test_a_server_that_dies_in_the_middle_is_noticed(dead):
    output = dead.communicate(timeout=120)[0]
    assert dead.returncode == 255, output
    assert output.splitlines()[-1].endswith(": connection lost")
    assert len(output.splitlines()) == 2
