"""How fab gets to a server and becomes root there, and what it says where it does not."""

import socket
import threading
from types import SimpleNamespace

import pytest
from process import tool
from sites import PASSWORD, who


@pytest.fixture
def site(site_of_two_servers):
    return site_of_two_servers


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


# What several hosts have to have in common; nobody asks it here.
COMMON = {
    "DATABASE": "postgresql://me@192.0.2.1/mysite",
    "UPLOADS": "s3://mysite?endpoint=https://s3.example",
}


def test_each_command_runs_on_one_host_after_the_other(site, web, bare):
    site.configure(HOSTS=[f"{web.address}:2222", f"root@{bare.address}"], **COMMON)
    output = site.fab("sudo", "hostname", "sudo", "echo second")
    assert output.splitlines() == [
        *[f"sudo on {web.address}:2222", "web", f"sudo on {bare.address}", "bare"],
        *[f"sudo on {web.address}:2222", "second", f"sudo on {bare.address}", "second"],
    ]


def test_a_host_that_does_not_answer_is_left_out_and_told(site, web, bare):
    hosts = [f"{web.address}:2222", f"{bare.address}:23", f"root@{bare.address}"]
    site.configure(HOSTS=hosts, **COMMON)
    lines = site.fab("sudo", "hostname", status=4).splitlines()
    assert [line for line in lines if " " not in line] == ["web", "bare"]
    assert lines[3].startswith(f"{bare.address}:23: nothing answers at {bare.address} port 23; if")
    assert lines[3].endswith(": left out")
    site.configure(HOSTS=[f"{bare.address}:{port}" for port in (23, 24)])
    site.fab("sudo", "hostname", status=3)
    output = site.fab("backup", status=3)
    assert output.splitlines()[-1] == "None of the hosts answers"


def test_the_first_failure_stops_and_tells_what_is_done_and_what_not(site, web, bare):
    hosts = [f"{web.address}:2222", f"root@{bare.address}"]
    site.configure(HOSTS=hosts, **COMMON)
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


# Servers that do not answer


def test_a_name_that_nobody_knows_is_one_line(site):
    assert site.fab("-H", "no-such-host.invalid", "sudo", "true", status=3).splitlines()[1:] == [
        "no-such-host.invalid: cannot connect: the name is not known"
    ]


@pytest.mark.parametrize(
    "greeting", [b"", b"220 mail.example ESMTP\r\n", b"Not allowed at this time\r\n"]
)
def test_what_is_no_ssh_server_is_one_line(site, greeting):
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=greet, args=(server, greeting))
        thread.start()
        host = f"127.0.0.1:{server.getsockname()[1]}"
        (line,) = site.fab("-H", host, "sudo", "true", status=3).splitlines()[1:]
        thread.join()
    assert line.startswith(f"{host}: cannot connect: the connection ends before ssh begins")


def greet(server, greeting):
    connection, _ = server.accept()
    connection.sendall(greeting)
    connection.close()


def test_a_server_that_shuts_out_after_failed_log_ins_is_told_as_that(site, bare):
    """As sshd of Debian 13 does by itself."""
    try:
        words = ["-H", f"nobody@{bare.address}", "sudo", "true"]
        told = [site.fab(*words, status=3) for _ in range(6)]
    finally:
        bare.run("systemctl restart ssh")
    assert "nobody may not log in with the key or password given" in told[0]
    assert "after failed log-ins a server shuts out" in told[-1]


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
