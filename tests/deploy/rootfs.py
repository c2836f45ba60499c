"""Root filesystems of new Debian hosts: built once, cached, and given this machine's way out.

No mirror or registry is named here. Where packages come from, through which proxy and trusting
which certificates is read from this machine's own configuration at the moment a host is made.
"""

import configparser
import contextlib
import hashlib
import inspect
import os
import re
import shutil
import subprocess
from pathlib import Path

from process import tool

# What the smallest image of a hosting provider has beyond debootstrap's own choice. No sudo, git,
# python, locales or curl: a deploy has to bring what it needs.
INCLUDE = ("openssh-server", "ca-certificates", "dbus", "libpam-systemd")

# They fire right after a first boot and hold dpkg's lock: a test wants no such dice.
TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")

CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")
PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy")
PIP_OPTIONS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "cert")


def cache_folder():
    """Return where built root filesystems are kept; DEPLOY_RIG_CACHE moves it."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deploy-rig"
    return Path(os.environ.get("DEPLOY_RIG_CACHE") or default).absolute()


def cached(suite):
    """Return the root filesystem of `suite`, building it first (a minute or two) if need be.

    Its name carries a digest of this recipe, so that a changed recipe is a new filesystem. Only
    a finished one ever has that name. Raises RuntimeError with debootstrap's last words.
    """
    recipe = f"{INCLUDE} {TIMERS} {inspect.getsource(debootstrap)} {inspect.getsource(make_image)}"
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    root = folder / f"{suite}-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"
    with locked(folder / f"{suite}.lock"):  # two runs never build the same one
        if not root.exists():
            partial = folder / f"{suite}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            debootstrap(suite, partial, folder / f"{suite}.log")
            make_image(partial)
            partial.rename(root)
    return root


@contextlib.contextmanager
def locked(path):
    """Hold `path` as a lock between processes."""
    import fcntl  # not at the top: where there is none, `missing` has the word

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def debootstrap(suite, root, log):
    """Install Debian `suite` into the new folder `root`."""
    # Without an archive of this machine's own (it is no Debian), debootstrap knows a default.
    mirror = [uri for uri, release in archives(suite) if release == suite][:1]
    words = ["nice", "debootstrap", f"--include={','.join(INCLUDE)}", suite, root, *mirror]
    with log.open("w") as file:
        code = subprocess.call(words, stdout=file, stderr=subprocess.STDOUT)
    if code:
        last = "\n".join(log.read_text().splitlines()[-20:])
        raise RuntimeError(f"debootstrap {suite} ended with {code}, see {log}:\n{last}")


def make_image(root):
    """Turn one installed host into what many start from: no identity, keys or package files."""
    (root / "etc/machine-id").write_text("")
    for pattern in ("etc/ssh/ssh_host_*", "var/cache/apt/archives/*.deb", "var/lib/apt/lists/*_*"):
        for path in root.glob(pattern):
            path.unlink()
    for timer in TIMERS:
        (root / "etc/systemd/system" / timer).symlink_to("/dev/null")


def archives(suite):
    """Return (URI, release) of this machine's Debian archives, turned to `suite`.

    Empty on a machine whose apt knows no Debian archive by its release's code name.
    """
    system = os_release()
    own = system.get("VERSION_CODENAME")
    if system.get("ID") != "debian" or not own:
        return []
    wanted = ("--no-release-info", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages")
    text = tool("apt-get", "indextargets", *wanted)
    found = re.findall(rf"^(https?://\S+) {own}(|-updates|-security)$", text, re.MULTILINE)
    return [(uri, suite + pocket) for uri, pocket in dict.fromkeys(found)]


def os_release():
    """Return this machine's /etc/os-release as a dictionary."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return {key: value.strip("\"'") for key, _, value in (line.partition("=") for line in lines)}


def connect(root, suite):
    """Give the root filesystem of a new host what this machine uses to reach the outside."""
    write_resolver(root)
    write_apt(root, suite)
    write_pip(root)
    write_environment(root)
    trust(root)


def write_resolver(root):
    """Name servers. A stub on loopback is of no use from another network namespace."""
    text = Path("/etc/resolv.conf").read_text()
    upstream = Path("/run/systemd/resolve/resolv.conf")
    if re.search(r"^nameserver 127\.", text, re.MULTILINE) and upstream.exists():
        text = upstream.read_text()
    write(root / "etc/resolv.conf", text)


def write_apt(root, suite):
    """Package archives, the proxy to them, and whether old ones are accepted."""
    found = archives(suite)
    if found:
        lines = [f"deb {uri} {release} main\n" for uri, release in found]
        write(root / "etc/apt/sources.list", "".join(lines))
    wanted = re.compile(r"Acquire::(https?::.*Proxy.*|Check-(Valid-Until|Date)) ")
    dump = tool("apt-config", "dump") if shutil.which("apt-config") else ""
    lines = [line + "\n" for line in dump.splitlines() if wanted.match(line)]
    write(root / "etc/apt/apt.conf.d/90rig", "".join(lines))


def write_pip(root):
    """pip's settings for every user, whether this machine has them in a file or in variables."""
    parser = configparser.RawConfigParser()
    home = Path.home()
    files = [Path("/etc/pip.conf"), home / ".pip/pip.conf", home / ".config/pip/pip.conf"]
    parser.read([*files, os.environ.get("PIP_CONFIG_FILE", os.devnull)])
    lines = ["[global]\n"]
    for option in PIP_OPTIONS:
        value = parser.get("global", option, fallback="")
        value = os.environ.get("PIP_" + option.upper().replace("-", "_"), value)
        # What is a file on this machine is not there on the host.
        words = [word for word in value.split() if not word.startswith("file:")]
        if words:
            lines.append(f"{option} = {CA_BUNDLE if option == 'cert' else ' '.join(words)}\n")
    write(root / "etc/pip.conf", "".join(lines))


def write_environment(root):
    """Variables for every session: PAM puts /etc/environment into ssh, su, sudo and cron."""
    names = [*PROXY_VARIABLES, *(name.upper() for name in PROXY_VARIABLES)]
    lines = [f"{name}={os.environ[name]}\n" for name in names if os.environ.get(name)]
    lines += [f"{name}={CA_BUNDLE}\n" for name in CA_VARIABLES if os.environ.get(name)]
    write(root / "etc/environment", "".join(lines))


def trust(root):
    """Certificates that this machine trusts beyond Debian's own."""
    local = Path("usr/local/share/ca-certificates")
    found = set((Path("/") / local).glob("**/*.crt"))
    named = {os.environ.get(name, CA_BUNDLE) for name in CA_VARIABLES} - {CA_BUNDLE}
    found |= {path for path in map(Path, named) if path.is_file()}
    for number, path in enumerate(sorted(found)):
        (root / local).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, root / local / f"rig-{number}.crt")
    if found:
        tool("env", "--unset=TMPDIR", "chroot", root, "update-ca-certificates")


def write(path, text):
    """Write a file that every user of the host can read, in place of what was there."""
    path.unlink(missing_ok=True)  # it may be a symbolic link
    path.write_text(text)
    path.chmod(0o644)  # whatever this machine's umask
