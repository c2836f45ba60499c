"""How fab gets to a server and becomes root there, and what it says where it does not."""

import os
import re
import shutil
import socket
import subprocess
import threading
from types import SimpleNamespace

import pytest
from cgroup import wait_for
from process import tool
from sites import PASSWORD, Site, typed
from support import Baker

# Who may log in with the rig's key, and use sudo without a password, with one, or not at all.
USERS = """
apt-get -qq update && apt-get -qq install --no-install-recommends sudo >/dev/null
for user in deploy typist guest; do
    useradd --create-home --shell /bin/bash $user
    install -d -o $user -m 700 /home/$user/.ssh
    install -o $user -m 600 ~/.ssh/authorized_keys /home/$user/.ssh/
done
echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy
usermod --append --groups sudo typist
echo Port 2222 >/etc/ssh/sshd_config.d/port.conf
systemctl restart ssh
"""


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


@pytest.fixture(scope="module")
def web(rig):
    """A server whose sshd is at port 2222 only."""
    host = rig.up("web")
    host.run(USERS)
    host.run("chpasswd", input=f"typist:{PASSWORD}\nguest:{PASSWORD}\n")
    keys = host.known_hosts.read_text()
    host.known_hosts.write_text(keys.replace(host.address, f"[{host.address}]:2222"))
    yield host
    host.down()


@pytest.fixture(scope="module")
def bare(rig):
    """A server as a provider leaves it: root, and no sudo."""
    host = rig.up("bare", suite="trixie")
    host.run("useradd --create-home guest && cp -r ~/.ssh ~guest && chown -R guest: ~guest/.ssh")
    yield host
    host.down()


@pytest.fixture(scope="module")
def shared_site(web, bare, template, tmp_path_factory):
    site = Site(Baker(template, tmp_path_factory.mktemp("connections")).bake(), web)
    with (site.home / ".ssh/known_hosts").open("a") as file:
        file.write(bare.known_hosts.read_text())
    site.configure(HOSTS=[f"{web.address}:2222"], SSH_USER="deploy")
    return site


@pytest.fixture
def site(shared_site):
    """A project that knows the keys of both servers; what a test changes is put back."""
    ssh = shared_site.home / ".ssh"
    fabric, known = shared_site.fabric, (ssh / "known_hosts").read_text()
    yield shared_site
    shared_site.fabric = {}
    shared_site.configure(**fabric)
    shutil.rmtree(ssh)
    ssh.mkdir(mode=0o700)
    (ssh / "known_hosts").write_text(known)


def known_hosts(site):
    return site.home / ".ssh/known_hosts"


def ssh_config(site, text):
    (site.home / ".ssh/config").write_text(text)


def who(site, *arguments, **options):
    """Return the user that logged in, and the one that a command runs as."""
    output = site.fab(*arguments, "sudo", "echo who: ${SUDO_USER:-nobody} $(id -un)", **options)
    return re.search("who: (.*)", output)[1]


# Hosts


def test_a_host_after_H_keeps_the_port_the_user_and_the_key(site, web, bare):
    assert who(site, "-H", web.address) == "deploy root"
    site.configure(SSH_USER="", HOSTS=[f"deploy@{web.address}:2222"])
    assert who(site, "-H", web.address) == "deploy root"
    site.configure(SSH_USER="root")
    assert who(site) == "deploy root"
    assert who(site, "-H", bare.address) == "nobody root"


def test_a_user_after_H_is_the_one(site, web):
    site.configure(SSH_PASS=PASSWORD)
    assert who(site, "-H", f"typist@{web.address}") == "typist root"


def test_each_command_runs_on_one_host_after_the_other(site, web, bare):
    site.configure(HOSTS=[f"{web.address}:2222", f"root@{bare.address}"])
    output = site.fab("sudo", "hostname", "sudo", "echo second")
    assert output.splitlines() == [
        *[f"sudo on {web.address}:2222", "web", f"sudo on {bare.address}", "bare"],
        *[f"sudo on {web.address}:2222", "second", f"sudo on {bare.address}", "second"],
    ]


def test_the_first_failure_stops_and_tells_what_is_done_and_what_not(site, web, bare):
    hosts = [f"{web.address}:2222", f"{bare.address}:23", f"root@{bare.address}"]
    site.configure(HOSTS=hosts)
    *_, reason, told = site.fab("sudo", "hostname", status=3).splitlines()
    assert reason == f"{bare.address}:23: nothing answers at {bare.address} port 23"
    assert told == (
        f"Done: sudo on {web.address}:2222. Stopped: sudo on {bare.address}:23. "
        f"Not begun: sudo on {bare.address}."
    )
    site.configure(HOSTS=[hosts[0], hosts[2]])
    output = site.fab("sudo", "hostname; test $(hostname) = web", "sudo", "true", status=1)
    assert output.splitlines()[-1] == (
        f"Done: sudo on {web.address}:2222. Stopped: sudo on {bare.address}. "
        f"Not begun: sudo on {web.address}:2222, sudo on {bare.address}."
    )


@pytest.mark.parametrize("hosts", ["", " ", ","])
def test_without_a_host_nothing_runs_on_this_machine(site, tmp_path, hosts):
    line = f"touch {tmp_path}/here"
    assert site.fab("-H", hosts, "sudo", line, status=2) == "-H names no host\n"
    assert not (tmp_path / "here").exists()


def test_a_host_after_H_is_checked_like_one_of_FABRIC(site):
    for host in ("a b", "one.example:99999", "x@y@z", "one.example:"):
        assert "is not a" in site.fab("-H", f"two.example,{host}", "sudo", "true", status=2)


def test_a_dry_run_is_refused_and_so_is_what_would_run_unchecked(site):
    assert "fab plan" in site.fab("--dry", "sudo", "true", status=2)
    assert "fab sudo" in site.fab("-H", "one.example", "sudo", "true", "--", "id", status=2)


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
    ssh_config(site, "Host *\n ConnectTimeout soon\n")
    assert "~/.ssh/config has a wrong value" in site.fab("sudo", "true", status=2)
    ssh_config(site, "nonsense\n")
    assert "~/.ssh/config: Unparsable line nonsense" in site.fab("sudo", "true", status=2)


# Host keys


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


# Servers that do not answer


def test_a_name_that_nobody_knows_is_one_line(site):
    assert site.fab("-H", "no-such-host.invalid", "sudo", "true", status=3).splitlines()[1:] == [
        "no-such-host.invalid: cannot connect: the name is not known"
    ]


@pytest.mark.parametrize("greeting", [b"", b"220 mail.example ESMTP\r\n"])
def test_what_is_no_ssh_server_is_one_line(site, greeting):
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=greet, args=(server, greeting))
        thread.start()
        host = f"127.0.0.1:{server.getsockname()[1]}"
        (line,) = site.fab("-H", host, "sudo", "true", status=3).splitlines()[1:]
        thread.join()
    assert line.startswith(f"{host}: cannot connect: ")


def greet(server, greeting):
    connection, _ = server.accept()
    connection.sendall(greeting)
    connection.close()


def test_a_server_that_drops_all_is_not_waited_for_longer_than_allowed(site, rig):
    silent = SimpleNamespace(address=f"{rig.network.subnet}.1")
    drop = f"table ip {rig.network.prefix}-drop {{ chain in {{ type filter hook input priority 0;"
    tool("nft", "-f", "-", input=f"{drop} ip daddr {silent.address} tcp dport 2223 drop\n}}\n}}")
    try:
        output = site.fab("-t", "2", "-H", f"{silent.address}:2223", "sudo", "true", status=3)
    finally:
        tool("nft", "delete", "table", "ip", f"{rig.network.prefix}-drop")
    assert "no answer within the time allowed" in output


# On the way and there


def test_sudo_keeps_the_proxies_of_the_server(site, web):
    environment = web.root / "etc/environment"
    kept = environment.read_text()
    environment.write_text(
        'http_proxy="http://proxy.example:3128"\nexport HTTPS_PROXY=http://p.example/$(id)\n'
        "no_proxy='localhost,10.0.0.0/8'\nnot_a_prox=1\n"
    )
    try:
        output = site.fab("sudo", 'echo "$http_proxy" "$HTTPS_PROXY" "$no_proxy"')
    finally:
        environment.write_text(kept)
    assert "http://proxy.example:3128 http://p.example/$(id) localhost,10.0.0.0/8\n" in output


def test_a_server_that_dies_in_the_middle_is_noticed(dead):
    output = dead.communicate(timeout=120)[0]
    assert dead.returncode == 255, output
    assert output.splitlines()[-1].endswith(": connection lost")
    assert len(output.splitlines()) == 2
