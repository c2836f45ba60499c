"""The rig keeps its promises, on real hosts."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cgroup import trees, wait_for
from rig import Rig

HERE = Path(__file__).parent


def test_a_fresh_host_runs_systemd_and_has_nothing_that_a_deploy_should_bring(debian):
    assert debian.run("cat /proc/1/comm").stdout == "systemd\n"
    assert debian.run("systemctl is-system-running").stdout == "running\n"
    assert debian.suite in debian.run("cat /etc/os-release").stdout
    assert debian.run("hostname").stdout == "debian\n"
    assert debian.state == "running"
    for tool in ("sudo", "git", "python3", "curl"):
        assert debian.run(f"command -v {tool}", check=False).returncode, tool


def test_ssh_and_run_give_the_same_login(debian):
    show = "id; pwd; echo $HOME $PATH; cut -d= -f1 /etc/environment | xargs -r -n1 printenv"
    assert debian.ssh(show).stdout == debian.run(show).stdout


def test_run_takes_a_user_an_input_and_variables_and_tells_what_failed(debian):
    debian.run("useradd --create-home --shell /bin/bash ann")
    assert (
        debian.run("id -un; pwd; cat", user="ann", input="hello").stdout == "ann\n/home/ann\nhello"
    )
    assert debian.run('echo "$WHAT"', env={"WHAT": "it's $HOME"}).stdout == "it's $HOME\n"
    assert debian.run("exit 7", check=False).returncode == 7
    with pytest.raises(subprocess.CalledProcessError, match="ls /nowhere") as failure:
        debian.run("ls /nowhere")
    assert "No such file" in failure.value.stderr


def test_what_is_too_slow_or_terminated_does_not_go_on_inside(debian):
    with pytest.raises(subprocess.TimeoutExpired):
        debian.run("sleep 1001 & sleep 1001", timeout=1)
    server = debian.popen("sleep 1001 & sleep 1001")
    wait_for(lambda: debian.run("pgrep -c sleep", check=False).stdout == "2\n", 10)
    server.terminate()
    server.wait(timeout=10)
    wait_for(lambda: debian.run("pgrep sleep", check=False).returncode == 1, 10)


def test_a_file_or_a_folder_is_copied_in_and_belongs_to_the_user(debian, tmp_path):
    debian.run("useradd --create-home ann")
    script = tmp_path / "tree/bin/a script.sh"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\necho done\n")
    script.chmod(0o755)
    debian.copy_in(tmp_path / "tree", "/home/ann/new/tree", user="ann")
    debian.copy_in(script, "/opt/script")
    assert debian.run("'new/tree/bin/a script.sh'", user="ann").stdout == "done\n"
    assert debian.run("/opt/script; stat -c %U /home/ann/new/tree /opt/script").stdout == (
        "done\nann\nroot\n"
    )
    with pytest.raises(RuntimeError, match="Permission denied"):
        debian.copy_in(tmp_path / "tree", "/opt/tree", user="ann")


def test_apt_and_pip_reach_their_packages_and_a_firewall_can_be_set_up(debian):
    debian.run("apt-get -qq update")
    debian.run("apt-get -qq install --no-install-recommends python3-venv nftables")
    debian.run("python3 -m venv v && v/bin/pip -q download --no-deps six && ls six-*")
    debian.run("nft add table inet t")
    debian.run("nft 'add chain inet t c { type filter hook input priority 0; policy drop; }'")
    assert "timed out" in debian.ssh("true", check=False).stderr


def test_a_password_opens_root_only_where_one_was_given(make_host, tmp_path):
    locked, opened = make_host("locked"), make_host("opened", password="it's 1 pass:word")
    assert log_in(opened, "it's 1 pass:word", tmp_path) == "root\n"
    assert log_in(opened, "another", tmp_path) == ""
    assert log_in(locked, "", tmp_path) == ""


def log_in(host, password, folder):
    """Return what `id -un` prints in an ssh session opened by password."""
    ask = folder / "ask"
    ask.write_text('#!/bin/sh\nprintf %s "$PASSWORD"\n')
    ask.chmod(0o700)
    variables = {"SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force", "PASSWORD": password}
    options = [
        "-F/dev/null",
        f"-oUserKnownHostsFile={host.known_hosts}",
        "-oPubkeyAuthentication=no",
    ]
    return subprocess.run(
        ["ssh", *options, "-oNumberOfPasswordPrompts=1", f"root@{host.address}", "id -un"],
        check=False,
        env=os.environ | variables,
        capture_output=True,
        text=True,
    ).stdout


def test_a_cut_off_host_is_not_reached_until_it_is_joined_again(debian):
    debian.cut()
    assert "connect" in debian.ssh("true", check=False).stderr
    assert debian.run("echo here").stdout == "here\n"
    debian.join()
    assert debian.ssh("echo here").stdout == "here\n"


def test_a_frozen_host_accepts_connections_but_does_nothing_until_it_is_thawed(debian):
    clock = debian.popen("while :; do date +%s >now; sync now; sleep 0.2; done")
    now = debian.root / "root/now"
    wait_for(now.exists, 10)
    debian.freeze()
    assert debian.state == "frozen"
    before = now.read_text()
    with pytest.raises(subprocess.TimeoutExpired):
        debian.ssh("true", timeout=2)
    assert now.read_text() == before
    debian.thaw()
    assert debian.state == "running"
    assert debian.ssh("echo here").stdout == "here\n"
    wait_for(lambda: now.read_text() > before, 10)
    clock.kill()


def test_a_killed_host_keeps_what_was_written_and_says_goodbye_to_nobody(debian):
    debian.run("echo safe >/root/note; sync")
    debian.run("systemd-run --unit=mark --property=ExecStop='/bin/touch /root/clean' sleep 1000")
    options = ["-F/dev/null", "-oBatchMode=yes", f"-oUserKnownHostsFile={debian.known_hosts}"]
    words = ["ssh", *options, f"-i{debian.key}", f"root@{debian.address}", "echo; sleep 1000"]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as session:
        session.stdout.readline()
        debian.kill()
        assert debian.state == "stopped"
        with pytest.raises(subprocess.TimeoutExpired):
            session.wait(timeout=1)
        session.kill()
    assert (debian.root / "root/note").read_text() == "safe\n"
    debian.start()
    assert debian.ssh("cat /root/note; ls /root").stdout == "safe\nnote\n"


def test_a_stopped_host_ends_its_services_and_keeps_its_disk_and_address(debian):
    debian.run("systemd-run --unit=mark --property=ExecStop='/bin/touch /root/clean' sleep 1000")
    debian.stop()
    assert debian.state == "stopped"
    debian.start()
    assert debian.ssh("ls /root").stdout == "clean\n"


def test_a_host_that_reboots_comes_back_by_itself(debian):
    boots, first = debian.boots, debian.run("cat /proc/sys/kernel/random/boot_id").stdout
    debian.ssh("systemctl reboot", check=False)
    debian.wait_for_reboot(boots)
    second = debian.ssh("cat /proc/sys/kernel/random/boot_id").stdout
    debian.reboot()
    third = debian.ssh("cat /proc/sys/kernel/random/boot_id").stdout
    assert len({first, second, third}) == 3
    assert debian.boots == 3


def test_a_host_that_is_powered_off_from_inside_stays_off(debian):
    debian.ssh("systemctl poweroff", check=False)
    wait_for(lambda: debian.state == "stopped", 30)
    debian.start()


def test_hosts_have_addresses_of_their_own_and_reach_each_other(make_host):
    one, two = make_host("one", suite="bookworm"), make_host("two", suite="trixie")
    assert one.address != two.address
    for here, there in ((one, two), (two, one)):
        here.run(f"ping -c1 -W5 {there.address}")
    assert one.run("cat /etc/machine-id").stdout != two.run("cat /etc/machine-id").stdout


def test_a_host_that_is_down_leaves_nothing_on_the_machine(rig):
    host = rig.up("gone")
    name, cable = f"{rig.network.prefix}-gone", rig.network.cable(host.number)
    root = host.root.stat()
    lock = Path(f"/run/systemd/nspawn/locks/inode-{root.st_dev}:{root.st_ino}")
    assert len(traces(name, host.folder, cable)) >= 5
    host.down()
    assert traces(name, host.folder, cable) == []
    assert not lock.exists()
    host.down()  # once more does no harm


def traces(name, folder, cable="none"):
    """Return what there is on this machine of a host."""
    paths = [Path(folder), Path("/run/netns", name), *Path("/run/systemd/nspawn").glob(f"*/{name}")]
    paths += [Path("/sys/class/net", cable), *(tree / name for tree in trees())]
    found = [str(path) for path in paths if path.exists()]
    return found + [line for line in Path("/proc/mounts").read_text().splitlines() if name in line]


# A rig in a process of its own, which tells where it is and waits. Its host has a name that no
# third rig uses, which may come by its number as soon as it is free.
OTHER = f"""
from rig import Rig
with Rig() as rig:
    host = rig.up("other{os.getpid()}")
    print(rig.network.prefix + "-" + host.name, host.address, rig.folder, flush=True)
    input()
"""


def other_rig():
    words = [sys.executable, "-c", OTHER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(words, cwd=HERE, text=True, **pipes)


def test_two_rigs_at_once_do_not_meet(make_host):
    with other_rig() as other:
        name, address, folder = other.stdout.readline().split()
        assert traces(name, folder)
        host = make_host("web1")
        assert address.rpartition(".")[0] != host.address.rpartition(".")[0]
        other.communicate("\n", timeout=60)
    assert other.returncode == 0
    assert traces(name, folder) == []
    assert host.ssh("echo here").stdout == "here\n"


def test_what_a_killed_rig_left_is_removed_by_the_next(rig):
    with other_rig() as other:
        name, _, folder = other.stdout.readline().split()
        other.kill()
    assert traces(name, folder)
    Rig().close()
    wait_for(lambda: not traces(name, folder), 30)  # unless a third rig is at it just now


INNER = f"""
import pathlib, time
def test_that_waits(make_host):
    host = make_host("inner{os.getpid()}")
    name = host.rig.network.prefix + "-" + host.name
    pathlib.Path("started").write_text(f"{{name}} {{host.rig.folder}}")
    time.sleep(600)
"""


def inner_pytest(folder, **variables):
    """Start pytest in `folder` with the fixtures of this one."""
    (folder / "test_inner.py").write_text(INNER)
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "conftest",
        "-rs",
        "--rootdir=.",
        "test_inner.py",
    ]
    return subprocess.Popen(
        words,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_ctrl_c_takes_everything_down(rig, tmp_path):
    started = tmp_path / "started"
    with inner_pytest(tmp_path) as run:
        wait_for(lambda: started.exists() and started.read_text(), 60)
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=60)
    assert run.returncode == pytest.ExitCode.INTERRUPTED, out
    assert traces(*started.read_text().split()) == []


def test_where_no_host_can_be_booted_a_run_says_why_and_fails_only_in_ci(rig, tmp_path):
    nothing = str(tmp_path)  # no tool is found there
    for ci, code in (("", pytest.ExitCode.OK), ("true", pytest.ExitCode.TESTS_FAILED)):
        with inner_pytest(tmp_path, PATH=nothing, CI=ci) as run:
            out, _ = run.communicate(timeout=60)
        assert run.returncode == code, out
        assert "no hosts can be booted here: not installed: apt-get install debootstrap" in out
