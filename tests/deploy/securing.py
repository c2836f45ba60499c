"""A host of the rig as the project's `fab secure` sees it, and ways into it."""

import contextlib
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest
from fabric import Connection
from invoke import Exit
from support import TEMPLATE

sys.path.insert(0, str(TEMPLATE / "{{cookiecutter.project_name}}"))
sys.dont_write_bytecode = True  # cookiecutter would take it for a part of the template
from deploy import hardening, jumps  # noqa: E402, F401
from deploy.config import Config  # noqa: E402
from deploy.host import Host  # noqa: E402

UGLY = r"""a'b"c\d $HOME `id` %(x)s {{ y }} #é中;&|"""
DROP_IN = "etc/ssh/sshd_config.d/00-mysite.conf"
POLICIES = {
    "bookworm": "Hardened Debian 12 (version 3)",
    "trixie": "Hardened Debian 13 (version 1)",
}
TEXT = {"capture_output": True, "text": True}


@dataclass
class Server:
    """A host of the rig, and how the project's settings lead to it."""

    rig: object
    options: dict
    port: int = 22
    name: str = ""

    def fabric_host(self):
        values = dict.fromkeys(Config.__annotations__, "") | {
            "ssh_user": "deploy",
            "project_name": "mysite",
            "gunicorn_port": 8000,
            "hosts": [self.rig.address],
        }
        config = Config(**values | self.options)
        key = {"key_filename": config.ssh_key_path} if config.ssh_key_path else {}
        connection = Connection(
            self.name or self.rig.address,
            user=None if "@" in self.name else config.ssh_user,
            port=self.port,
            connect_kwargs={"look_for_keys": False, "allow_agent": False, **key},
        )
        return Host(connection, config)

    def secure(self, **kw):
        hardening.secure(self.fabric_host(), **kw)

    def log_in(self, user="deploy", password=None, key=True, command="id -un"):
        """Return what a command prints in a new session, opened in one way only."""
        client = paramiko.SSHClient()
        client.load_host_keys(str(Path.home() / ".ssh/known_hosts"))
        way = {"key_filename": str(self.rig.key)} if key else {"password": password}
        with client:
            client.connect(
                self.rig.address,
                self.port,
                user,
                look_for_keys=False,
                allow_agent=False,
                timeout=5,
                **way,
            )
            stdin, stdout, stderr = client.exec_command(command)
            with contextlib.suppress(OSError):  # the command has ended without reading
                stdin.write(f"{password}\n")
                stdin.channel.shutdown_write()
            return (stdout.read() + stderr.read()).decode()


def server(rig_host, port=22, name="", **options):
    """Return the Server, whose keys the developer's known_hosts has."""
    folder = Path.home() / ".ssh"
    folder.mkdir(parents=True, exist_ok=True)
    lines = rig_host.known_hosts.read_text()
    lines += lines.replace(f"{rig_host.address} ", f"[{rig_host.address}]:{port} ")
    (folder / "known_hosts").write_text(lines)
    return Server(rig_host, options, port, name)


class Printed:
    """A file that keeps what is printed."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return False


@contextlib.contextmanager
def stopped(message):
    with pytest.raises(Exit) as stop:
        yield
    assert re.search(message, stop.value.message), stop.value.message


def refused(server, **way):
    with pytest.raises(paramiko.AuthenticationException):
        server.log_in(**way)
    return True


def fingerprint(host):
    """Return what a run of secure could change: files, rules, processes."""
    return host.run(
        """
        find /etc /home /root -type f ! -path '*/.cache/*' -exec stat -c '%n %a %U %Y' {} + | sort
        cat /etc/shadow; ufw status verbose; dpkg-query -W
        systemctl show -p MainPID,ActiveEnterTimestamp ssh fail2ban
        systemctl list-units --all 'secure-*' --no-legend
        """
    ).stdout


def ssh_audit(host, port=22):
    """Return, in lines, what ssh-audit finds against a host of the rig and its Debian's policy."""
    audit = [sys.executable, "-m", "ssh_audit", "--no-colors", f"--port={port}", host.address]
    policy = subprocess.run([*audit, "--policy", POLICIES[host.suite]], **TEXT)
    found = subprocess.run([*audit, "--skip-rate-test"], **TEXT).stdout
    host.run("systemctl restart ssh")  # forgets trixie's penalties for our address
    lines = re.findall(r".*\[(?:fail|warn).*", found)
    if host.suite == "bookworm":  # its OpenSSH and paramiko have no newer one in common
        lines = [line for line in lines if "post-quantum" not in line]
    return lines if policy.returncode == 0 else [*lines, policy.stdout + policy.stderr]
