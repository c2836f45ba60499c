"""What fab shows: a line a step, the last lines of a failure, and never a traceback."""

import os
import re
import signal

import pytest
from cgroup import wait_for
from sites import Site, typed
from support import Baker

# Holds the lock that apt-get install wants, until its standard input ends.
HOLD_LOCK = """
exec perl -e 'use Fcntl;
    open(F, ">>", "/var/lib/dpkg/lock-frontend");
    my $whole = pack("s s l! l! i", F_WRLCK, 0, 0, 0, 0);
    fcntl(F, F_SETLK, $whole) or die;
    $| = 1; print "held\\n"; <STDIN>'
"""


@pytest.fixture(scope="module")
def site(rig, template, tmp_path_factory):
    """A project, and a server whose lists of packages are fresh."""
    host = rig.up("output")
    host.run("apt-get -qq update")
    site = Site(Baker(template, tmp_path_factory.mktemp("output")).bake(), host, SSH_USER="root")
    yield site
    host.down()


def test_the_list_of_commands_reads_like_a_page(site):
    heading, *lines = site.fab("--list").strip().splitlines()
    assert heading == "Available tasks:"
    entry = r"^  ([a-z]+) {3,}([A-Z].*\n(?: {6,}\S.*\n)*)"
    entries = re.findall(entry, "\n".join([*lines, ""]), re.M)
    assert len(entries) >= 20
    assert all(re.search(r"\.$", sentence.strip()) for _, sentence in entries)
    names = [name for name, _ in entries]
    original = "all apt backup create deploy install manage pip psql python remove restart restore"
    assert set(f"{original} rollback run secure sudo".split()) <= set(names)
    assert "--verbose" in site.fab("--help", "deploy")


def test_a_step_is_a_line_with_its_seconds(site):
    output = site.fab("apt", "sl")
    assert re.fullmatch(rf"apt on {site.host.address}\n✓ Packages sl \(\d+\.\d s\)\n", output), (
        output
    )


def test_a_failure_shows_the_last_lines_and_what_to_do_next(site):
    output = site.fab("apt", "no-such-package", status=1)
    assert "✗ Packages no-such-package\n  | " in output
    assert "Unable to locate package no-such-package" in output
    assert output.splitlines()[-1] == (
        f"{site.host.address}: stopped at: Packages no-such-package (exit status 100)."
        " With -v after it, the command shows all that the server prints"
    )


def test_of_a_long_output_the_last_twenty_lines_are_shown(site):
    script = site.host.root / "usr/local/bin/dpkg-query"  # the first that apt runs
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    apt = site.host.root / "usr/local/bin/apt-get"
    apt.write_text("#!/bin/sh\nseq 100000; printf 'caf\\351\\033 [2J\\n'; exit 4\n")
    apt.chmod(0o755)
    try:
        lines = site.fab("apt", "x", status=1).splitlines()
    finally:
        script.unlink()
        apt.unlink()
    last = [*map(str, range(99982, 100001)), "caf\ufffd [2J"]
    assert lines[2:-1] == [f"  | {line}" for line in last]


def test_verbose_shows_all_that_the_server_prints(site):
    output = site.fab("apt", "no-such-package", "--verbose", status=1)
    assert output.index("Unable to locate") < output.index("✗ Packages")
    output = site.fab("apt", "sl", "sudo", "-v", "echo only once")
    assert "only once" in output


def test_on_a_terminal_a_long_step_shows_that_it_goes_on(site):
    with site.host.popen(HOLD_LOCK, stdin=-1, stdout=-1, text=True) as lock:
        assert lock.stdout.readline() == "held\n"
        shown = typed(
            site, [], "apt", "cowsay", meanwhile=(r"Packages cowsay [2-9] s", lock.stdin.close)
        )
    assert "⠋ Packages cowsay 0 s" in shown
    assert re.search(r"✓ Packages cowsay \(\d+\.\d s\)", shown.split("\x1b[K")[-1])
    assert site.host.run("dpkg-query -W -f '${Status}' cowsay").stdout == "install ok installed"


def test_after_ctrl_c_it_says_where_things_stand(site):
    process = site.start("sudo", "sleep 1002", "sudo", "touch /after")
    wait_for(lambda: site.host.run("pgrep sleep", check=False).returncode == 0, 30)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=10)[0]
    assert process.returncode == 130
    assert "Traceback" not in output
    assert output.splitlines()[-1] == (
        "interrupted. What ran on the server may go on there to its end; fab status tells what is"
        " live, and the same command goes on from there"
    )
    assert not (site.host.root / "after").exists()
    site.host.run("pkill sleep")


def test_a_command_that_is_killed_on_the_server_is_told_as_that(site):
    process = site.start("sudo", "sleep 1003; true")
    wait_for(lambda: site.host.run("pgrep sleep", check=False).returncode == 0, 30)
    site.host.run("kill -9 $(ps -o ppid= $(pgrep sleep)); pkill sleep")
    output = process.communicate(timeout=30)[0]
    assert process.returncode == 137, output
    assert "killed on the server: it may be out of memory" in output


def test_a_reader_that_has_seen_enough_is_no_error(site):
    reader, writer = os.pipe()
    process = site.start("sudo", "-v", "sleep 1; seq 100000", stdout=writer, stderr=-1)
    os.close(writer)
    os.close(reader)
    error = process.communicate(timeout=30)[1]
    assert (process.returncode, error) == (141, f"sudo on {site.host.address}\n")


def test_a_terminal_that_does_not_know_our_letters_is_no_error(site):
    output = site.fab("apt", "sl", environment={"PYTHONIOENCODING": "latin-1"})
    assert "? Packages sl" in output


def test_what_is_no_number_is_one_line(site):
    for value in ("x", "-1", "0", "1.5", "é"):
        (line,) = site.fab("history", f"--last={value}", status=2).splitlines()
        assert line == f"--last: {value} is not a number of 1 or more"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--connect-timeout=-1"], "--connect-timeout: -1 is not 1 or more"),
        (["-t", "0"], "--connect-timeout: 0 is not 1 or more"),
        (["-T", "0"], "--command-timeout: 0 is not 1 or more"),
        (["-i", "no-key"], "--identity: there is no file 'no-key'"),
        (["-i", ""], "--identity: there is no file ''"),
        (["-S", "no-config"], "--ssh-config: there is no file 'no-config'"),
        (["-S", "deploy"], "--ssh-config: there is no file 'deploy'"),
        (["-f", "no.yaml"], "--config: there is no file 'no.yaml'"),
        (["-f", "README.md"], "--config: README.md: Config files of type 'md'"),
        (["-f", "broken.json"], "--config: broken.json: "),
        (["-F", "x", "-l"], "--list-format: 'x' is none of flat, nested, json"),
        (["--prompt-for-login-password"], "--prompt-for-login-password asks on a terminal"),
        (["--prompt-for-passphrase"], "--prompt-for-passphrase asks on a terminal"),
        (["--prompt-for-sudo-password"], "--prompt-for-sudo-password asks on a terminal"),
        (["-H", ""], "-H names no host"),
    ],
)
def test_a_wrong_value_of_an_option_of_fabric_is_one_line(site, options, words):
    (site.project / "broken.json").write_text("{")
    with site.start(*options, "status", start_new_session=True) as process:
        (line,) = process.communicate(timeout=30)[0].splitlines()
    assert process.returncode == 2
    assert line.startswith(words)


def test_an_unknown_command_or_option_is_one_line(site):
    assert site.fab("no-such", status=1) == "No idea what 'no-such' is!\n"
    assert site.fab("deploy", "--no-such", status=1) == "No idea what '--no-such' is!\n"
