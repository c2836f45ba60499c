"""Whatever the log-in shell of a server is, prints or exports: it does not touch what fab runs."""

import re

import pytest
from sites import PASSWORD

# What a log-in's own files do to a command: noise on both outputs, and an environment for people.
HOSTILE = """
printf 'hello, no line end'
set -x
echo "another word" >&2
alias cd='echo no' sudo='echo no'
cd() { echo no; }
export TMPDIR=/nowhere TZ=Asia/Tokyo LANG=de_DE LC_ALL=de_DE CDPATH=/etc PYTHONPATH=/nowhere
export PYTHONHOME=/nowhere GIT_DIR=/nowhere PGHOST=nowhere DJANGO_SETTINGS_MODULE=none ENV=/none
export PATH=/nowhere EMPTY='
two lines' POSIXLY_CORRECT=1
umask 077
trap 'echo bye' EXIT
"""
# The same for shells that read no POSIX.
CSH = "echo hello\nsetenv TZ Asia/Tokyo\nalias sudo echo no\numask 077\n"
FISH = "echo hello\nset -x TZ Asia/Tokyo\nfunction sudo; echo no; end\numask 077\n"
ZSH = "echo hello\nexport TZ=Asia/Tokyo\nalias sudo='echo no' sh='echo no'\numask 077\n"
RULES = """
Defaults use_pty, umask=0077, umask_override, log_output, log_input, lecture=always
Defaults secure_path=/usr/bin:/bin, env_keep += "TZ TMPDIR LANG LC_ALL PYTHONPATH PGHOST"
"""
SHELLS = {
    "/bin/bash": (".bashrc", HOSTILE),
    "/bin/dash": (".profile", "echo hello"),
    "/usr/bin/zsh": (".zshenv", ZSH),
    "/usr/bin/fish": (".config/fish/config.fish", FISH),
    "/usr/bin/tcsh": (".cshrc", CSH),
    "/bin/csh": (".cshrc", CSH),
}
# What a script finds.
FOUND = "umask; pwd; date +%Z; env | cut -d = -f 1 | sort | tr '\\n' ' '; echo; echo $HOME; exit 3"


@pytest.fixture(scope="module")
def host(web):
    web.run("apt-get -qq install --no-install-recommends zsh fish tcsh csh locales >/dev/null")
    web.run("useradd --system --no-create-home --home-dir /srv/mysite mysite")
    (web.root / "etc/sudoers.d/strict").write_text(RULES)
    (web.root / "etc/environment").write_text("TZ=Asia/Tokyo\nTMPDIR=/nowhere\nLANG=de_DE\n")
    (web.root / "etc/profile.d/motd.sh").write_text("echo You are watched.\n")
    defs = web.root / "etc/login.defs"
    defs.write_text(re.sub(r"(?m)^UMASK\s.*", "UMASK 077", defs.read_text()))
    web.run("mount -t tmpfs -o noexec,nosuid tmpfs /tmp")
    yield web
    web.run("umount /tmp; rm /etc/sudoers.d/strict /etc/profile.d/motd.sh; userdel mysite")
    (web.root / "etc/environment").write_text("")


@pytest.fixture
def site(site_of_two_servers, host):
    yield site_of_two_servers
    host.run("usermod --shell /bin/bash deploy; rm -rf ~deploy/.[bpzc]*")


def shell(host, path, file, text, user="deploy"):
    host.run(f"usermod --shell {path} {user}")
    host.run(f"mkdir -p $(dirname {file}); cat >{file}", user=user, input=text)


@pytest.mark.parametrize("path", SHELLS)
@pytest.mark.parametrize(("command", "home"), [("sudo", "/root"), ("run", "/srv/mysite")])
def test_a_script_has_an_environment_of_its_own(site, host, path, command, home):
    shell(host, path, *SHELLS[path])
    answer = site.answer(command, FOUND, status=3)
    names = "HOME LC_ALL LOGNAME PATH SUDO_USER USER"
    assert answer == f"0022\n/\nUTC\n{names} \n{home}\n"


def test_what_a_log_in_prints_is_no_part_of_an_answer(site, host):
    shell(host, "/bin/bash", *SHELLS["/bin/bash"])
    with site.start("sudo", "echo out; echo err >&2", stderr=-1) as process:
        output, errors = process.communicate()
    assert output == "out\n"
    assert errors == f"sudo on {host.address}:2222\nerr\n"
    assert "There is no site yet; type fab all" in site.fab("plan", status=1)
    assert "there is no site yet; type fab all" in site.fab("restart", status=1)


def test_with_a_password_for_sudo_as_well(site, host):
    shell(host, "/usr/bin/tcsh", ".cshrc", CSH, user="typist")
    site.configure(SSH_USER="typist", SSH_PASS=PASSWORD)
    assert site.answer("sudo", "id -un; cat") == "root\n"


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("/bin/bash", "exit 0\n", "(exit status 0): and says nothing; see what its ~/.bashrc does"),
        ("/bin/bash", "echo closed; exit 7\n", "(exit status 7): closed"),
        ("/usr/sbin/nologin", "", "(exit status 1): This account is currently not available."),
        ("/bin/false", "", "(exit status 1): and says nothing; see what its ~/.bashrc does"),
    ],
)
def test_a_shell_that_runs_nothing_is_told_in_one_line(site, host, path, text, told):
    shell(host, path, ".bashrc", text)
    for command in (["sudo", "true"], ["run", "true"], ["restart"], ["plan"]):
        (line,) = site.fab(*command, status=3).splitlines()[1:]
        assert line == f"{host.address}:2222: the log-in shell of deploy runs no command {told}"


def test_a_sudo_that_wants_a_terminal_is_told_in_one_line(site, host):
    rule = host.root / "etc/sudoers.d/terminal"
    rule.write_text("Defaults:deploy requiretty\n")
    try:
        (line,) = site.fab("sudo", "true", status=3).splitlines()[1:]
    finally:
        rule.unlink()
    assert "sudo wants a terminal; add to /etc/sudoers: Defaults:deploy !requiretty" in line
